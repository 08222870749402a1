package rulebook

import (
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/tables"
)

const rulesBelow = "authz.rules."

// checkReasons holds that each code that a denial can bear has a row in the
// table of reasons, and each row a rule that makes its code.
func (c *checker) checkReasons(reasons pdp.Reasons) {
	made := map[string]*ast.Location{}
	for _, name := range slices.Sorted(maps.Keys(c.modules)) {
		for _, r := range c.modules[name].Rules {
			c.codesOf(c.modules[name], r, made)
		}
	}
	rows := slices.Sorted(maps.Keys(reasons))
	for _, code := range slices.Sorted(maps.Keys(made)) {
		if _, there := reasons[code]; !there {
			c.add(made[code], "reasons", "add a row to reasons in authz/tables/reasons.rego, with class, status and text",
				"the code %q has no row in reasons%s", code, tables.Near(code, rows))
		}
	}
	for _, code := range rows {
		if made[code] == nil {
			c.add(c.table("reasons").place(code), "unused_reason", "remove the row, or write the rule that makes the code",
				"no rule denies with the code %q%s", code, tables.Near(code, slices.Sorted(maps.Keys(made))))
		}
	}
}

// codesOf notes the codes that one rule denies with. A code that is not written
// as text could be any.
func (c *checker) codesOf(m *ast.Module, r *ast.Rule, made map[string]*ast.Location) {
	pkg, name := packageName(m), ruleName(r)
	denies := strings.HasPrefix(pkg, rulesBelow) && name == "deny"
	answers := pkg == "authz" && (name == "reasons" || name == "denials")
	if !denies && !answers || r.Head.Key == nil {
		return
	}
	code, isText := r.Head.Key.Value.(ast.String)
	switch {
	case isText && made[string(code)] == nil:
		made[string(code)] = r.Location
	case !isText && denies:
		c.add(r.Location, "reasons", "write one rule for each code", "the code that this rule denies with is not written as text, so that no row of reasons can be about it")
	}
}

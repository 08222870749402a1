package rulebook

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pdp/engine/verdicts"
)

// rightsTables is what the checker compares of the tables with each other.
type rightsTables struct {
	Rights  map[string]map[string]string `json:"rights"`
	Actions map[string]struct {
		Right string `json:"right"`
	} `json:"actions"`
	StepUp   []string    `json:"step_up"`
	Routes   []pdp.Route `json:"routes"`
	Unrouted []string    `json:"unrouted"` // actions that no route names
	Reasons  pdp.Reasons `json:"reasons"`
}

// checkTables evaluates the tables, checks them as loading does, and returns
// the document, or nil when it cannot be read.
func (c *checker) checkTables(compiler *ast.Compiler) any {
	results, err := rego.New(rego.Query(tablesQuery), rego.Compiler(compiler), rego.StrictBuiltinErrors(true)).Eval(c.ctx)
	if err != nil || len(results) != 1 {
		if err == nil {
			err = fmt.Errorf("package authz.tables is missing")
		}
		c.addError("authz/tables", "tables", err)
		return nil
	}
	document := results[0].Expressions[0].Value
	if _, err := tables.Read(document, "", c.points); err != nil {
		c.addTableFaults(err)
	}
	raw, err := json.Marshal(document)
	if err != nil {
		c.addError("authz/tables", "tables", err)
		return nil
	}
	var t rightsTables
	if err := json.Unmarshal(raw, &t); err != nil {
		c.addError("authz/tables", "tables", err)
		return nil
	}
	c.checkRights(&t)
	c.checkRoutes(&t)
	c.checkReasons(t.Reasons)
	c.checkClaims(document)
	c.checkUnused(compiler)
	if _, err := tables.ReadRemedies(document); err != nil {
		c.add(c.table("remedies").at, "remedies", "see docs/policy-guide.md for the form of a remedy", "%s", err)
	}
	return document
}

// addTableFaults gives each fault the place of the table that its text names.
func (c *checker) addTableFaults(err error) {
	var walk func(error)
	walk = func(err error) {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range joined.Unwrap() {
				walk(e)
			}
			return
		}
		if one, ok := err.(interface{ Unwrap() error }); ok && one.Unwrap() != nil && strings.HasPrefix(err.Error(), "authz.tables: ") {
			walk(one.Unwrap())
			return
		}
		place, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "authz.tables: "), ":")
		name, key, _ := strings.Cut(place, ".")
		name, _, _ = strings.Cut(name, " ") // "routes is missing"
		c.add(c.table(name).place(key), "tables", "", "%s", err)
	}
	walk(err)
}

// checkRights holds that the words of the tables fit together.
func (c *checker) checkRights(t *rightsTables) {
	needed := map[string]bool{}
	routed := map[string]bool{}
	for _, row := range t.Routes {
		routed[row.Action] = true
	}
	actions := c.table("actions")
	for _, name := range slices.Sorted(maps.Keys(t.Actions)) {
		right := t.Actions[name].Right
		needed[right] = true
		if t.Rights[right] == nil {
			c.add(actions.place(name), "tables", "add a row to rights, or correct the name", "action %q needs the right %q, which is no row of rights", name, right)
		}
		if !routed[name] && !slices.Contains(t.Unrouted, name) {
			c.add(actions.place(name), "unused_action", "add a route, name it in unrouted, or remove the action", "no route asks for action %q", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Rights)) {
		if !needed[name] {
			c.add(c.table("rights").place(name), "unused_right", "add an action that needs it, or remove the row", "no action needs the right %q", name)
		}
	}
	for _, name := range t.Unrouted {
		if _, ok := t.Actions[name]; !ok || routed[name] {
			c.add(c.table("unrouted").place(name), "tables", "correct the name, or remove it", "unrouted names %q, which is no action or has a route", name)
		}
	}
	for _, name := range t.StepUp {
		if t.Rights[name] == nil {
			c.add(c.table("step_up").place(name), "tables", "correct the name", "step_up names %q, which is no row of rights", name)
		}
	}
}

var pathParameter = regexp.MustCompile(`\{[^}]*\}`)

// checkRoutes finds request lines that two rows claim, whatever they call
// their parameters, and rows without an action.
func (c *checker) checkRoutes(t *rightsTables) {
	routes := c.table("routes")
	first := map[string]int{}
	for i, row := range t.Routes {
		line := row.Method + " " + pathParameter.ReplaceAllString(row.Path, "{}")
		if before, ok := first[line]; ok {
			c.add(routes.row(i), "conflict", "remove one of the two rows", "%s %s is the request line of row %d too", row.Method, row.Path, before+1)
			continue
		}
		first[line] = i
		if _, ok := t.Actions[row.Action]; !ok {
			c.add(routes.row(i), "tables", "add a row to actions, or correct the name", "%s %s names the action %q, which is no row of actions", row.Method, row.Path, row.Action)
		}
	}
}

// checkUnused finds tables that neither a rule nor the engine reads.
func (c *checker) checkUnused(compiler *ast.Compiler) {
	used := map[string]bool{}
	for name, m := range compiler.Modules {
		if _, isTest := c.tests[name]; isTest {
			continue
		}
		for _, r := range m.Rules {
			ast.WalkRefs(r, func(ref ast.Ref) bool {
				if p, own := ref.ConstantPrefix().String(), r.Ref().String(); !strings.HasPrefix(p, own) {
					used[p] = true
				}
				return false
			})
		}
	}
	for _, m := range c.modules {
		pkg := m.Package.Path.String()
		if !strings.HasSuffix(pkg, ".tables") {
			continue
		}
		for _, r := range m.Rules {
			if name := ruleName(r); !strings.HasPrefix(name, "_") && !reads(used, pkg, name) && !c.engineReads(pkg, name) {
				c.add(r.Location, "unused_table", "remove it, or write the rule that reads it", "nothing reads the table %s", name)
			}
		}
	}
}

func reads(used map[string]bool, pkg, name string) bool {
	if used[pkg] {
		return true
	}
	for ref := range used {
		if ref == pkg+"."+name || strings.HasPrefix(ref, pkg+"."+name+".") || strings.HasPrefix(ref, pkg+"."+name+"[") {
			return true
		}
	}
	return false
}

// engineReads: some tables are not for rules: the engine turns measures into
// words with them.
func (c *checker) engineReads(pkg, name string) bool {
	switch pkg {
	case verdicts.TablesQuery:
		return name == "thresholds" || name == "external"
	case tablesQuery:
	default:
		return false
	}
	return tables.Reads(name, c.points) || name == tables.RemediesTable || name == "unrouted"
}

func ruleName(r *ast.Rule) string {
	if len(r.Head.Reference) > 0 {
		return strings.Trim(r.Head.Reference[0].String(), `"`)
	}
	return string(r.Head.Name)
}

// A tableText is where a table and its rows stand.
type tableText struct {
	at    *ast.Location
	value ast.Value
}

// table finds a table of package authz.tables by name.
func (c *checker) table(name string) tableText {
	for _, m := range c.modules {
		if packageName(m) != "authz.tables" {
			continue
		}
		for _, r := range m.Rules {
			if ruleName(r) == name && r.Head.Value != nil {
				return tableText{r.Location, r.Head.Value.Value}
			}
		}
	}
	return tableText{at: &ast.Location{File: "authz/tables"}}
}

// place is where the row of that name stands, or the table.
func (t tableText) place(key string) *ast.Location {
	found := t.at
	visit := func(k *ast.Term) {
		if s, ok := k.Value.(ast.String); ok && string(s) == key {
			found = k.Location
		}
	}
	switch v := t.value.(type) {
	case ast.Object:
		v.Foreach(func(k, _ *ast.Term) { visit(k) })
	case ast.Set:
		v.Foreach(visit)
	}
	return found
}

// row is where row i of a list stands.
func (t tableText) row(i int) *ast.Location {
	if list, ok := t.value.(*ast.Array); ok && i < list.Len() && list.Elem(i).Location != nil {
		return list.Elem(i).Location
	}
	return t.at
}

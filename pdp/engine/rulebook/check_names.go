package rulebook

import (
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/tables"
)

// sets are what rules of a folder contribute to, by the packages that are
// combined by path: a rule of another name is in none of them.
var sets = []struct {
	below string
	names []string
}{
	{rulesBelow, []string{"grant", "deny", "oblige"}},
	{"sentinel.rules.", []string{"verdict"}},
}

// checkNames finds rules that nothing reads: `denny contains`, `deny := true`.
func (c *checker) checkNames() {
	for _, name := range slices.Sorted(maps.Keys(c.modules)) {
		m := c.modules[name]
		for _, of := range sets {
			if !strings.HasPrefix(packageName(m), of.below) {
				continue
			}
			for _, r := range m.Rules {
				c.checkName(r, of.names)
			}
		}
	}
}

func (c *checker) checkName(r *ast.Rule, known []string) {
	name := ruleName(r)
	switch {
	case strings.HasPrefix(name, "_"):
		if near := tables.Meant(strings.TrimLeft(name, "_"), known); slices.Contains(known, strings.TrimLeft(name, "_")) {
			c.add(r.Location, "rule_name", "remove the underscore, or choose another name", "%s is private, and says nothing: was %q meant?", name, near)
		}
	case !slices.Contains(known, name):
		c.add(r.Location, "rule_name", "correct the name, or begin it with an underscore where only this folder reads it",
			"%q is none of %s, so that nothing hears what it says%s", name, strings.Join(known, ", "), meant(name, known))
	case r.Head.Key == nil:
		c.add(r.Location, "rule_name", "write `"+name+" contains CODE if …`", "%s is a set: this rule gives it another value", name)
	}
}

func meant(name string, known []string) string {
	if near := tables.Meant(name, known); near != "" {
		return "; was \"" + near + "\" meant?"
	}
	return ""
}

// checkTests finds files of tests in which no rule is a test, unless others
// read what stands there.
func (c *checker) checkTests() {
	read := map[string]bool{}
	for _, m := range c.tests {
		for _, i := range m.Imports {
			read[i.Path.String()] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.tests)) {
		m := c.tests[name]
		if !strings.HasSuffix(name, "_test.rego") || read[m.Package.Path.String()] || slices.ContainsFunc(m.Rules, isTest) {
			continue
		}
		hint := "name a rule test_…: the runner finds tests by that"
		for _, r := range m.Rules {
			if near := ruleName(r); tables.Meant(strings.SplitN(near, "_", 2)[0], []string{"test"}) != "" {
				c.add(r.Location, "no_tests", hint, "no rule here is a test; is %s one?", near)
				hint = ""
				break
			}
		}
		if hint != "" {
			c.add(m.Package.Location, "no_tests", hint, "this file of tests holds none")
		}
	}
}

func isTest(r *ast.Rule) bool {
	return strings.HasPrefix(ruleName(r), "test_") || strings.HasPrefix(ruleName(r), "todo_test_")
}

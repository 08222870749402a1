package rulebook

import (
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A rule that contradicts another in one situation alone is asked for in every situation,
// whatever it is by that it depends on it.
func TestContradictionsAreLookedForInEverySituation(t *testing.T) {
	const header = "package authz.rules.extra\n\n"
	for name, text := range map[string]string{
		"itself":                             "p := 1 if input.a\np := 2",
		"another rule":                       "_a if input.a\np := 1 if _a\np := 2",
		"an else":                            "p := 1 if 1 > 2\nelse := 2 if input.a\np := 3",
		"what an else reads":                 "_a if input.a\np := 1 if 1 > 2\nelse := 2 if _a\np := 3",
		"what a second else reads":           "_a if input.a\np := 1 if 1 > 2\nelse := 2 if 2 > 3\nelse := 4 if _a\np := 3",
		"an else of another":                 "_b := 1 if 1 > 2\nelse := 2 if input.a\np := 2 if _b == 2\np := 3",
		"what an else of another reads":      "_a if input.a\n_b := 1 if 1 > 2\nelse := 2 if _a\np := 2 if _b == 2\np := 3",
		"a function":                         "_f(x) if input[x]\np := 1 if _f(\"a\")\np := 2",
		"an else of a function":              "_f(x) := 1 if x == 2\nelse := 2 if input.a\np := _f(1)\np := 3",
		"a function of a function":           "_g(x) if input[x]\n_f(x) if _g(x)\np := 1 if _f(\"a\")\np := 2",
		"a path with a variable":             "p[x].y := 1 if some x in {\"a\"}\np[x].y := 2 if {some x in {\"a\"}; input.a}",
		"a path below it":                    "p[x] := 1 if some x in {\"a\"}\np.a := 2 if input.a",
		"a longer path below it":             "p[x] := 1 if some x in {\"a\"}\np.a.b := 2 if input.a",
		"a variable below it":                "p[x] := {\"c\": 1} if some x in {\"a\"}\np.a[x] := 2 if {some x in {\"b\"}; input.a}",
		"a default":                          "default p := 1\np := 2 if input.a\np := 3",
		"a reference with a variable":        "_a.b if input.a\np := 1 if _a[_]\np := 2",
		"another package":                    "p := 1 if data.authz.rules[\"oth\"].a\np := 2",
		"every package":                      "p := 1 if {some x; x != \"extra\"; data.authz.tables[x].a}\np := 2",
		"with":                               "_a if input.a\np := 1 if _a with data.authz.x as 1\np := 2",
		"a function put in the place of one": "_f(_) if false\n_g(x) if input[x]\n_h if _f(\"a\")\np := 1 if _h with _f as _g\np := 2",
	} {
		modules := map[string]*ast.Module{}
		for file, text := range map[string]string{"extra": header + text + "\n", "oth": "package authz.rules.oth\n\na if input.a\n", "tables": "package authz.tables.t\n\na if input.a\n"} {
			modules[file] = ast.MustParseModule(text)
		}
		rules := ast.NewCompiler()
		if rules.Compile(modules); rules.Failed() {
			t.Errorf("%s: %v", name, rules.Errors)
			continue
		}
		constant, drawn := wholeBook(rules)
		c := checker{ctx: t.Context()}
		documents := []map[string]any{{}, {"a": true}}
		if !c.contradicts(rules, constant, documents[:1]) && !c.contradicts(rules, drawn, documents) {
			t.Errorf("%s: no contradiction is found in %s, of which %v are the same for every question", name, text, constant)
		}
	}
}

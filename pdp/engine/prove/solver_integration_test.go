//go:build integration

package prove

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/internal/longrun"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// solved are the roots that are compared: the decision, each reason, and which inputs
// each assumption excludes.
func solved(t *testing.T, a *Analysis, b *Analysed) map[string]symbolic.Node {
	t.Helper()
	roots, err := a.Roots(b)
	if err != nil {
		t.Fatal(err)
	}
	where := map[string]symbolic.Node{}
	for _, r := range roots {
		if r.Name == Failure {
			t.Errorf("the evaluation fails for some input: what OPA's partial evaluation leaves does not tell of that")
		}
		if r.Name == "decision" || strings.HasPrefix(r.Name, "reason ") {
			where[r.Name] = r.Where
		}
	}
	for _, one := range b.assumed {
		impossible, err := a.Impossible(b, one.Name)
		if err != nil {
			t.Fatal(err)
		}
		where["assume "+one.Name] = impossible
	}
	return where
}

// asWritten are the same roots by what OPA's partial evaluation leaves of each rule
// folder, of each assumption, and of what puts them together.
func asWritten(t *testing.T, m *members, book *Book) map[string]string {
	t.Helper()
	c, err := rulebook.Compile(book.loaded.Files)
	if err != nil {
		t.Fatal(err)
	}
	w := &written{members: m, impossible: map[string]string{}, rules: map[string]map[string][]string{"deny": {}, "grant": {}}}
	roots := map[string]string{}
	for _, folder := range folders(c, "rules") {
		for kind, by := range w.rules {
			for code, where := range w.values(partially(t, c, "data.authz.rules."+folder+"."+kind+"[code]")) {
				by[code] = append(by[code], where)
			}
		}
	}
	for _, name := range folders(c, "assume") {
		w.impossible[name] = w.value(partially(t, c, "data.authz.assume."+name+".impossible"), nil)
		roots["assume "+name] = w.impossible[name]
	}
	apart := []string{"data.authz.rules", "data.authz.assume"}
	roots["decision"] = w.value(partially(t, c, "data."+book.shape[placeDecision], apart...), nil)
	reasons := partially(t, c, "data."+book.shape[placeReasons]+"[code]", apart...)
	names := slices.Collect(maps.Keys(w.rules["deny"]))
	for _, one := range w.named(reasons) {
		names = append(names, word(one))
	}
	for _, name := range names {
		roots["reason "+name] = w.value(reasons, ast.StringTerm(name))
	}
	for _, fault := range m.faults {
		t.Error(fault)
	}
	return roots
}

// folders are the packages below data.authz.KIND.
func folders(c *ast.Compiler, kind string) (list []string) {
	for _, m := range c.Modules {
		if name, below := strings.CutPrefix(m.Package.Path.String(), "data.authz."+kind+"."); below && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// A question is about one root: by diagrams, and by what is written.
type question struct {
	m        *members
	drawn    *drawn
	residual map[string]string
}

func newQuestion(t *testing.T, a *Analysis, written *Book) *question {
	m := newMembers(a.Space)
	return &question{m, &drawn{members: m, d: a.Diagrams, names: map[symbolic.Node]string{}}, asWritten(t, m, written)}
}

// script declares what the questions about some diagrams need.
func (q *question) script(t *testing.T, books ...map[string]symbolic.Node) string {
	for _, diagrams := range books {
		for name, n := range diagrams {
			q.drawn.node(n)
			if _, known := q.residual[name]; !known {
				t.Errorf("%s: by the diagrams it can be, and partial evaluation does not name it", name)
			}
		}
	}
	declared := q.m.declared()
	if len(q.m.faults) > 0 || len(q.m.numbers)+len(q.m.space.Variables()) > 1<<bits {
		t.Fatalf("%d constants and %d members are too many, or cannot be written: %v", len(q.m.numbers), len(q.m.space.Variables()), q.m.faults)
	}
	return "(set-logic QF_BV)\n" + declared + q.m.text.String()
}

func (q *question) differ(z3 *solver, name string, diagram symbolic.Node) (differs bool, input string) {
	differs, shown := z3.differ(q.drawn.node(diagram), q.residual[name], q.m.show())
	return differs, q.m.read(shown)
}

// z3 finds no input, possible or not, for which a diagram says anything else than what
// OPA's own partial evaluation leaves of the rules: of the decision, every reason and
// every assumption. Where the diagrams are of a book with another word, it finds one of
// each root that the word changes, and of no other.
func TestSolverFindsNoDifferenceToPartialEvaluation(t *testing.T) {
	z3, book := newSolver(t), opened(t, builtIn(t))
	a := Analyse(book, opened(t, edited(t, "authz/rules/device/device.rego",
		`input.context.device.match == "changed"`, `input.context.device.match == "unseen"`)))
	diagrams, others := solved(t, a, a.Books[0]), solved(t, a, a.Books[1])
	q := newQuestion(t, a, book)
	z3.tell(q.script(t, diagrams, others))
	names, want := slices.Sorted(maps.Keys(q.residual)), []string{"decision", "reason device_changed"}
	if !longrun.On() {
		// About the decision itself z3 thinks longer than about all reasons together.
		names = slices.DeleteFunc(names, func(name string) bool { return name == "decision" })
		want = want[1:]
	}
	var different []string
	for _, name := range names {
		if differs, input := q.differ(z3, name, diagrams[name]); differs {
			t.Errorf("%s differs for the input %s", name, input)
		}
		if others[name] == diagrams[name] {
			continue // it was asked
		}
		if differs, _ := q.differ(z3, name, others[name]); differs {
			different = append(different, name)
		}
	}
	if !slices.Equal(different, want) {
		t.Errorf("of the book with another word %v differ, want %v", different, want)
	}
	t.Logf("%d roots, of %d formulas", len(names), len(q.m.names))
}

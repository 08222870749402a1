package prove

import (
	"context"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/internal/longrun"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
	"github.com/wardgate/wardgate/policies"
)

func builtIn(t testing.TB) rulebook.Files {
	t.Helper()
	files, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func opened(t testing.TB, files rulebook.Files) *Book {
	t.Helper()
	b, err := Open(t.Context(), files, points.Sections())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// edited is the built-in book with one text replaced.
func edited(t testing.TB, file, old, changed string) rulebook.Files {
	t.Helper()
	files := builtIn(t)
	if !strings.Contains(string(files[file]), old) {
		t.Fatalf("%s does not contain %q", file, old)
	}
	files[file] = []byte(strings.Replace(string(files[file]), old, changed, 1))
	return files
}

// A drawer makes up inputs: near one that allows, and anywhere; two of three are
// possible.
type drawer struct {
	*rand.Rand
	a     *Analysis
	book  *Analysed
	start []int         // an assignment that allows
	can   symbolic.Node // the inputs that are possible
}

func newDrawer(t testing.TB, a *Analysis, b *Analysed, seed uint64) *drawer {
	t.Helper()
	found, err := b.answer(b.shape[placeDecision])
	if err != nil {
		t.Fatal(err)
	}
	d := &drawer{Rand: rand.New(rand.NewPCG(seed, 3)), a: a, book: b}
	start, ok := a.Diagrams.Smallest(found.Has(ast.BooleanTerm(true)), func(_, value int) int { return value % 3 })
	if !ok {
		t.Fatal("the book allows nothing")
	}
	d.start, d.can = start, a.Possible(b)
	return d
}

func (d *drawer) input() ast.Value {
	at := make([]int, len(d.a.Space.Variables()))
	near := d.IntN(4) > 0
	for i, v := range d.a.Space.Variables() {
		at[i] = d.IntN(len(v.Values))
		if near && d.start[i] >= 0 && d.IntN(8) > 0 {
			at[i] = d.start[i]
		}
	}
	if d.IntN(3) > 0 {
		d.a.Diagrams.Move(d.can, at, d.IntN)
	}
	return d.a.Space.Document(at, d.book.blank()).Value
}

// asked are the names of the roots that an evaluation gives.
func asked(t testing.TB, ctx context.Context, form answer.Form, input ast.Value) map[string]bool {
	t.Helper()
	term, err := form.Evaluate(ctx, input)
	if err != nil {
		return map[string]bool{"failure": true}
	}
	names := map[string]bool{}
	g := &gatherer{where: map[string]symbolic.Node{}, d: nil}
	note := func(place string, one *ast.Term) { g.placeYes(place, one) }
	context := term.Get(ast.StringTerm("context"))
	grounds := context.Get(ast.StringTerm("grounds"))
	note(placeDecision, term.Get(ast.StringTerm("decision")))
	note(placeRight, grounds.Get(ast.StringTerm("right")))
	note(placeReach, grounds.Get(ast.StringTerm("reach")))
	each(context.Get(ast.StringTerm("reasons")), func(e *ast.Term) { note(placeReasons, e) })
	each(context.Get(ast.StringTerm("obligations")), func(e *ast.Term) { note(placeObligations, e) })
	each(grounds.Get(ast.StringTerm("rules")), func(e *ast.Term) { note(placeGrants, e) })
	for name := range g.where {
		names[name] = true
	}
	return names
}

func (g *gatherer) placeYes(place string, t *ast.Term) {
	g.place(place, symbolic.Value{Term: t, Where: symbolic.Yes})
}

func each(set *ast.Term, f func(*ast.Term)) {
	if s, ok := set.Value.(ast.Set); ok {
		s.Foreach(f)
	}
}

// diagrammed are the names of the roots that hold.
func diagrammed(a *Analysis, list []Root, at []int) map[string]bool {
	names := map[string]bool{}
	for _, r := range list {
		if a.Diagrams.Holds(r.Where, at) {
			names[r.Name] = true
		}
	}
	return names
}

func isAnswer(name string) bool {
	return name != "rows" && !strings.HasPrefix(name, "column ") && !strings.HasPrefix(name, "verdict ")
}

func sameNames(t testing.TB, input ast.Value, got, want map[string]bool, which func(string) bool) bool {
	t.Helper()
	for _, side := range []map[string]bool{got, want} {
		for name := range side {
			if which(name) && got[name] != want[name] {
				t.Errorf("input %v:\n%s: by the diagram %t, by evaluation %t", input, name, got[name], want[name])
				return false
			}
		}
	}
	return true
}

// The diagrams say what the engine says, and what OPA says of the written rules:
// of the answer, and of rows, columns and verdicts beside it.
func TestDiagramsAnswerAsTheEngineDoes(t *testing.T) {
	written := inputs / asksOPA
	book := opened(t, builtIn(t))
	a := Analyse(book)
	list, err := a.Roots(a.Books[0])
	if err != nil {
		t.Fatal(err)
	}
	opa := everything(t, book)
	var allowed, asked atomic.Int64
	var group sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for n := range workers {
		d := newDrawer(t, a, a.Books[0], uint64(n)+1)
		group.Go(func() {
			for i := n; i < inputs && !t.Failed(); i += workers {
				ask := opa
				if i/workers%written != 0 {
					ask = nil
				} else {
					asked.Add(1)
				}
				if answersAsTheEngine(t, a, list, d.input(), ask) {
					allowed.Add(1)
				}
			}
		})
	}
	group.Wait()
	t.Logf("%d inputs, of which %d were allowed and OPA was asked about %d", inputs, allowed.Load(), asked.Load())
	if allowed.Load() < int64(inputs/100) {
		t.Errorf("only %d of %d inputs were allowed: the comparison says little", allowed.Load(), inputs)
	}
}

// answersAsTheEngine compares one input whole, and reports whether it is allowed. With
// opa it is asked too.
func answersAsTheEngine(t *testing.T, a *Analysis, list []Root, input ast.Value, opa func(ast.Value) map[string]bool) (allowed bool) {
	at, err := a.Space.Assign(input)
	if err != nil {
		t.Error(err)
		return false
	}
	got := diagrammed(a, list, at)
	if sameNames(t, input, got, asked(t, t.Context(), a.Books[0].loaded.Decides, input), isAnswer) && opa != nil {
		sameNames(t, input, got, opa(input), func(string) bool { return true })
	}
	return got["decision"]
}

// everything asks OPA for all roots by one query about the book as it is written. Where
// the answer fails, it asks for it alone, and for what stands beside it.
func everything(t *testing.T, book *Book) func(ast.Value) map[string]bool {
	compiler, err := rulebook.Compile(book.loaded.Files)
	if err != nil {
		t.Fatal(err)
	}
	prepared := func(text string) rego.PreparedEvalQuery {
		query, err := rego.New(rego.Query(text), rego.Compiler(compiler), rego.StrictBuiltinErrors(true), rego.GenerateJSON(answer.RawTerm)).PrepareForEval(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return query
	}
	const others = `"rows": {r | r := data.records.rows.include}, "columns": data.records.columns.mask, "verdicts": data.sentinel.verdicts`
	whole, without := prepared(`x := {"answer": data.authz.answer, `+others+`}`), prepared(`x := {`+others+`}`)
	return func(input ast.Value) map[string]bool {
		names := map[string]bool{}
		results, err := whole.Eval(t.Context(), rego.EvalParsedInput(input))
		if err != nil || len(results) != 1 {
			names["failure"] = true
			if results, err = without.Eval(t.Context(), rego.EvalParsedInput(input)); err != nil || len(results) != 1 {
				t.Errorf("%v: OPA does not answer: %v", input, err)
				return names
			}
		}
		g := &gatherer{where: map[string]symbolic.Node{}}
		found, _ := results[0].Bindings["x"].(*ast.Term)
		if said := found.Get(ast.StringTerm("answer")); said != nil {
			g.wholeAnswer(said)
		}
		for _, beside := range []struct{ key, name string }{{"rows", "rows"}, {"columns", "column"}, {"verdicts", "verdict"}} {
			each(found.Get(ast.StringTerm(beside.key)), func(e *ast.Term) { g.beside(beside.name, symbolic.Value{Term: e, Where: symbolic.Yes}) })
		}
		for name := range g.where {
			names[name] = true
		}
		return names
	}
}

// A comparison that cannot fail is none: where the diagrams are of another book, it
// finds a difference.
func TestComparisonWithOPASeesAnotherWord(t *testing.T) {
	book := opened(t, builtIn(t))
	changed := opened(t, edited(t, edits[0].file, edits[0].old, edits[0].changed))
	a := Analyse(changed)
	list, err := a.Roots(a.Books[0])
	if err != nil {
		t.Fatal(err)
	}
	var actions symbolic.Node
	for _, r := range list {
		if r.Name == "decision" {
			member := a.Space.Find("action.name")
			value, _ := a.Space.ValueOf(member, ast.StringTerm("user.list"))
			actions = a.Diagrams.And(r.Where, a.Diagrams.Is(member, value))
		}
	}
	at, found := a.Diagrams.Smallest(actions, func(_, value int) int { return value % 2 })
	if !found {
		t.Fatal("the changed book lists users to no subject")
	}
	input := a.Space.Document(at, book.blank()).Value
	if at, err = a.Space.Assign(input); err != nil {
		t.Fatal(err)
	}
	if diagrammed(a, list, at)["decision"] == everything(t, book)(input)["decision"] {
		t.Errorf("the original book answers alike of %v", input)
	}
}

// edits are words of tables and rules, each of which changes what a book says.
var edits = []struct{ file, old, changed string }{
	{"authz/tables/rights.rego", `"user.list": {"right": "Manage users"`, `"user.list": {"right": "Sign up"`},
	{"authz/tables/rights.rego", `"Billing and Finance": {"patient": "self"}`, `"Billing and Finance": {"patient": "account"}`},
	{"authz/tables/rights.rego", `"Complete clinical services": {"nurse": "department"}`, `"Complete clinical services": {"nurse": "any"}`},
	{"authz/tables/thresholds.rego", `"elevation_seconds": 300`, `"elevation_seconds": 30000`},
	{"authz/tables/thresholds.rego", "\t\"Edit clinical services\",\n", ""},
	{"authz/tables/withheld.rego", `"nurse": {"national_id"}`, `"nurse": {"contact"}`},
	{"authz/tables/hours.rego", `"Restore patient": {"security": "on_site"},`, ""},
	{"authz/rules/device/device.rego", `input.context.device.match == "changed"`, `input.context.device.match == "unseen"`},
	{"authz/rules/step_up/step_up.rego", `not ask.elevated`, `not input.context.credential.elevation == "fresh"`},
	{"records/rows/rows.rego", `input.patient.doctor == input.subject.properties.staff`, `input.patient.id == input.subject.properties.staff`},
	{"sentinel/rules/flood/flood.rego", `== "many"`, `== "usual"`},
}

// Where a book is changed by one word, the diagrams of both differ exactly where
// their answers do; and for each root that differs there is an input that shows it.
func TestDiagramsOfTwoBooksDifferWhereTheirAnswersDo(t *testing.T) { booksDiffer(t, 2) }

// booksDiffer tries n of the edits, in a long run all.
func booksDiffer(t *testing.T, n int) {
	original := opened(t, builtIn(t))
	for _, e := range longrun.Some(edits, n) {
		t.Run(e.file, func(t *testing.T) { differ(t, original, opened(t, edited(t, e.file, e.old, e.changed))) })
	}
}

func differ(t *testing.T, original, changed *Book) {
	a := Analyse(original, changed)
	before, err := a.Roots(a.Books[0])
	if err != nil {
		t.Fatal(err)
	}
	after, err := a.Roots(a.Books[1])
	if err != nil {
		t.Fatal(err)
	}
	where := map[string]symbolic.Node{}
	for _, r := range before {
		where[r.Name] = r.Where
	}
	for _, r := range after {
		where[r.Name] = a.exclusive(where[r.Name], r.Where)
	}
	for _, r := range before {
		if !has(after, r.Name) {
			where[r.Name] = r.Where
		}
	}
	different := 0
	for name, w := range where {
		at, ok := a.Diagrams.Smallest(w, func(_, value int) int { return value % 2 })
		if !ok {
			continue
		}
		different++
		if !isAnswer(name) {
			continue
		}
		input := a.Space.Document(at, original.blank()).Value
		if asked(t, t.Context(), original.loaded.Written, input)[name] == asked(t, t.Context(), changed.loaded.Written, input)[name] {
			t.Errorf("%s: the diagrams differ for %v, and the answers do not", name, input)
		}
	}
	if different == 0 {
		t.Error("the diagrams see no difference")
	}
	d := newDrawer(t, a, a.Books[0], 9)
	for range 500 {
		input := d.input()
		at, err := a.Space.Assign(input)
		if err != nil {
			t.Fatal(err)
		}
		x, y := asked(t, t.Context(), original.loaded.Decides, input), asked(t, t.Context(), changed.loaded.Decides, input)
		for name, w := range where {
			if isAnswer(name) && a.Diagrams.Holds(w, at) != (x[name] != y[name]) {
				t.Fatalf("%s: input %v: by the diagrams the books differ: %t", name, input, a.Diagrams.Holds(w, at))
			}
		}
	}
}

func (a *Analysis) exclusive(x, y symbolic.Node) symbolic.Node {
	d := a.Diagrams
	return d.Or(d.And(x, d.Not(y)), d.And(y, d.Not(x)))
}

func has(list []Root, name string) bool {
	for _, r := range list {
		if r.Name == name {
			return true
		}
	}
	return false
}

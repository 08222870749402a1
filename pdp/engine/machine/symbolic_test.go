package machine_test

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// generatedSpace is what the inputs of generated books may hold.
func generatedSpace() *symbolic.Space {
	s := symbolic.NewSpace()
	for _, path := range []string{"action.name", "subject.id", "subject.role", "resource.id", "resource.type", "context.care.state"} {
		s.Text(path)
	}
	s.Closed("context.care.own", terms(true, false, nil, "a")...)
	s.Closed("context.list", terms([]any{}, []any{"a"}, []any{"b", "c"}, []any{"", map[string]any{"a": "b"}}, "k")...)
	s.Closed("context.map", terms(map[string]any{}, map[string]any{"a": "b"}, map[string]any{"a": "a", "c": "k"}, 2)...)
	s.Closed("n", terms(0, 1, 2, "a", nil)...)
	return s
}

func terms(values ...any) []*ast.Term {
	var list []*ast.Term
	for _, v := range values {
		list = append(list, ast.NewTerm(ast.MustInterfaceToValue(v)))
	}
	return list
}

var answered = []string{"authz.allow", "authz.denials", "authz.duties", "authz.granting", "authz.right"}

// Random rule books are analysed as they are evaluated: each document has the
// value that the closures give it, and fails where they do.
func TestRandomBooksAreAnalysedAsTheyAreEvaluated(t *testing.T) {
	const books = 10
	compared := 0
	for seed := range uint64(books) {
		compared += compareAnalysis(t, seed)
	}
	if compared < 1000 {
		t.Errorf("only %d answers were compared: that says little", compared)
	}
}

var wholeContext = regexp.MustCompile(`input\.context([^.a-z])`)

func FuzzAnalysis(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { compareAnalysis(t, seed) })
}

func compareAnalysis(t *testing.T, seed uint64) (compared int) {
	t.Helper()
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 2))}
	text := g.book()
	for name, rules := range text {
		// What reads the whole context is refused, and tested elsewhere.
		text[name] = wholeContext.ReplaceAllString(strings.ReplaceAll(rules, "input[", "input.subject["), "input.context.care$1")
	}
	program, _ := bothForms(t, text)
	space := generatedSpace()
	books, diagrams := symbolic.Analyser{Budget: 5000}.Analyse(space, answered, program)
	found := map[string]*symbolic.Answer{}
	for _, name := range answered {
		a, known, err := books[0].Answer(name)
		if refused := (*symbolic.Refusal)(nil); errors.As(err, &refused) {
			if refused.At.Row == 0 {
				t.Errorf("seed %d: a refusal names no line: %v", seed, err)
			}
			t.Log(seed, name, err)
			continue
		}
		if err != nil || !known {
			t.Fatalf("seed %d: %s: %v", seed, name, err)
		}
		found[name] = a
	}
	for range 60 {
		assignment := make([]int, len(space.Variables()))
		for i, v := range space.Variables() {
			assignment[i] = g.IntN(len(v.Values))
		}
		input := space.Document(assignment, func(string) *ast.Term { return nil })
		at, err := space.Assign(input.Value)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := said(diagrams, found, at)
		answer, _, err := program.Eval(program.Find(input.Value), time.Time{})
		if err != nil && ok && len(found) < len(answered) {
			continue // it may fail in what was refused
		}
		if err != nil || !ok {
			if (err != nil) == ok {
				t.Fatalf("seed %d\n%s\ninput %v:\nanalysis fails: %t, evaluation: %v %v", seed, text, input, !ok, answer, err)
			}
			continue
		}
		for name, want := range evaluated(answer) {
			if found[name] == nil {
				continue
			}
			compared++
			if v := space.Named(got[name]); (v == nil) != (want == nil) || v != nil && v.Value.Compare(want.Value) != 0 {
				t.Fatalf("seed %d\n%s\ninput %v:\n%s is analysed as %v, and evaluated as %v", seed, text, input, name, v, want)
			}
		}
	}
	return compared
}

// said is what the diagrams say of one input; ok is false where it fails.
func said(d *symbolic.Diagrams, found map[string]*symbolic.Answer, at []int) (values map[string]*ast.Term, ok bool) {
	values = map[string]*ast.Term{}
	for name, a := range found {
		if d.Holds(a.Fails, at) {
			return nil, false
		}
		set := ast.NewSet()
		for _, v := range a.Values {
			switch {
			case !d.Holds(v.Where, at):
			case a.Set:
				set.Add(v.Term)
			default:
				values[name] = v.Term
			}
		}
		if a.Set {
			values[name] = ast.NewTerm(set)
		}
	}
	return values, true
}

// evaluated are the documents of which an answer is made.
func evaluated(answer *ast.Term) map[string]*ast.Term {
	at := func(keys ...string) *ast.Term {
		t := answer
		for _, k := range keys {
			t = t.Get(ast.StringTerm(k))
		}
		return t
	}
	return map[string]*ast.Term{
		"authz.allow": at("decision"), "authz.denials": at("context", "reasons"), "authz.duties": at("context", "obligations"),
		"authz.granting": at("context", "grounds", "rules"), "authz.right": at("context", "grounds", "right"),
	}
}

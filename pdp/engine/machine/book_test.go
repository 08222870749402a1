package machine_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp/engine/machine"
)

// Random rule books in the shape of the real one answer random inputs as OPA's
// interpreter does: wholly, not only whether they allow.
func FuzzBook(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { compareBook(t, seed) })
}

func TestRandomBooksAnswerAlike(t *testing.T) {
	const books = 12
	answered := 0
	for seed := range uint64(books) {
		answered += compareBook(t, seed)
	}
	if answered < 20*books {
		t.Errorf("only %d inputs were answered without an error: the comparison says little", answered)
	}
}

// compareBook returns how many inputs had an answer. Where the closures fail
// the interpreter may still answer, because it passes over what cannot change
// its answer: a failure denies. The other way round a denial would be lost.
func compareBook(t *testing.T, seed uint64) (answered int) {
	t.Helper()
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1))}
	text := g.book()
	program, ask := bothForms(t, text)
	for range 40 {
		input := ast.MustInterfaceToValue(g.input())
		got, defined, err := program.Eval(program.Find(input), time.Time{})
		want, wantErr := ask(input)
		switch {
		case err != nil:
			continue
		case wantErr != nil:
			t.Fatalf("seed %d\n%s\ninput %v:\n got %v\nwant error %v", seed, text, input, got, wantErr)
		case defined != (want != nil) || defined && got.Value.Compare(want) != 0:
			t.Fatalf("seed %d\n%s\ninput %v:\n got %v\nwant %v", seed, text, input, got, want)
		}
		answered++
	}
	return answered
}

func bothForms(t *testing.T, text map[string]string) (*machine.Program, func(ast.Value) (ast.Value, error)) {
	t.Helper()
	policy, err := machine.Plan(t.Context(), parsed(text), "authz/answer", nil)
	if err != nil {
		t.Fatal(err)
	}
	program, err := machine.Compile(policy)
	if err != nil {
		t.Fatal(err)
	}
	written := ast.NewCompiler()
	if written.Compile(parsed(text)); written.Failed() {
		t.Fatal(written.Errors)
	}
	query, err := rego.New(rego.Query("data.authz.answer"), rego.Compiler(written), rego.StrictBuiltinErrors(true),
		rego.GenerateJSON(func(t *ast.Term, _ *rego.EvalContext) (any, error) { return t.Value, nil })).PrepareForEval(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return program, func(input ast.Value) (ast.Value, error) {
		results, err := query.Eval(t.Context(), rego.EvalParsedInput(input))
		if err != nil || len(results) == 0 {
			return nil, err
		}
		return results[0].Expressions[0].Value.(ast.Value), nil
	}
}

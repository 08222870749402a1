package machine_test

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/test/cases"

	"github.com/wardgate/wardgate/pdp/engine/machine"
)

// OPA's own conformance cases: whatever can be compiled answers as OPA's
// interpreter does with strict builtin errors, and what cannot is refused.
func TestConformance(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/open-policy-agent/opa").Output()
	if err != nil {
		t.Fatalf("find OPA's module: %v", err)
	}
	set, err := cases.Load(filepath.Join(strings.TrimSpace(string(out)), "v1", "test", "cases", "testdata", "v1"))
	if err != nil {
		t.Fatal(err)
	}
	compiled := 0
	for _, c := range set.Sorted().Cases {
		if len(c.Env) > 0 || c.Data != nil {
			continue // a rule book has neither an environment nor base documents
		}
		t.Run(c.Note, func(t *testing.T) {
			if conforms(t, &c) {
				compiled++
			}
		})
	}
	t.Logf("%d of %d cases were compiled", compiled, len(set.Cases))
	if compiled < 1000 {
		t.Errorf("only %d cases were compiled: the comparison says little", compiled)
	}
}

func conforms(t *testing.T, c *cases.TestCase) bool {
	entrypoint, ok := document(c.Query)
	if !ok {
		return false
	}
	modules := map[string]*ast.Module{}
	for i, text := range c.Modules {
		name := strconv.Itoa(i) + ".rego"
		m, err := ast.ParseModuleWithOpts(name, text, ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			return false
		}
		modules[name] = m
	}
	policy, err := machine.Plan(t.Context(), modules, entrypoint, nil)
	if err != nil {
		return false
	}
	program, err := machine.Compile(policy)
	if errors.Is(err, machine.ErrUnsupported) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	input := inputOf(t, c)
	got, defined, err := program.Eval(program.Find(input), time.Now().Add(10*time.Second))
	want, wantErr := interpret(c.Query, modules, input)
	switch {
	case (err != nil) != (wantErr != nil):
		t.Errorf("got error %v, want %v", err, wantErr)
	case err == nil && defined != (want != nil):
		t.Errorf("got %v, want %v", got, want)
	case err == nil && defined && got.Value.Compare(want) != 0:
		t.Errorf("got %v, want %v", got, want)
	}
	return true
}

// document reads the one ground reference of a query such as "data.test.p = x".
func document(query string) (string, bool) {
	body, err := ast.ParseBodyWithOpts(query, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil || len(body) != 1 || !body[0].IsEquality() || len(body[0].With) > 0 || body[0].Negated {
		return "", false
	}
	ref, ok := body[0].Operand(0).Value.(ast.Ref)
	if !ok || !ref.IsGround() || len(ref) < 2 {
		return "", false
	}
	if _, ok := body[0].Operand(1).Value.(ast.Var); !ok {
		return "", false
	}
	path, err := ref.Ptr()
	return path, err == nil && ref[0].Equal(ast.DefaultRootDocument)
}

func inputOf(t *testing.T, c *cases.TestCase) ast.Value {
	t.Helper()
	switch {
	case c.InputTerm != nil:
		return ast.MustParseTerm(*c.InputTerm).Value
	case c.Input != nil:
		v, err := ast.InterfaceToValue(*c.Input)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	return nil
}

func interpret(query string, modules map[string]*ast.Module, input ast.Value) (ast.Value, error) {
	options := []func(*rego.Rego){
		rego.Query(query), rego.Store(inmem.New()), rego.StrictBuiltinErrors(true),
		rego.GenerateJSON(func(t *ast.Term, _ *rego.EvalContext) (any, error) { return t.Value, nil }),
	}
	compiler := ast.NewCompiler()
	if compiler.Compile(modules); compiler.Failed() {
		return nil, compiler.Errors
	}
	options = append(options, rego.Compiler(compiler))
	if input != nil {
		options = append(options, rego.ParsedInput(input))
	}
	results, err := rego.New(options...).Eval(context.Background())
	if err != nil || len(results) == 0 {
		return nil, err
	}
	for _, v := range results[0].Bindings {
		return v.(ast.Value), nil
	}
	return nil, errors.New("no binding")
}

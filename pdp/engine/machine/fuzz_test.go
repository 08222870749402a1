package machine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/wardgate/wardgate/pdp/engine/machine"
)

// Any policy that compiles answers any input as OPA's interpreter does, and
// none makes the compiler or the machine fall over.
func FuzzPolicy(f *testing.F) {
	for _, seed := range [][2]string{
		{`p := input.x`, `{"x":1}`},
		{`p contains x if { some x in input.x; x != "a" }`, `{"x":["a","b",{"a":1}]}`},
		{`default p := false

p if { input.a == input.b; not input.c.d }`, `{"a":"x","b":"x","c":{}}`},
		{`p := f(input.x)

f(x) := y if { y := {"k": [x, 1]} }`, `{"x":"y"}`},
		{`p := {"a": q, "b": r}

q contains "one" if input.a in {"x", "y"}

r := count(input.b)`, `{"a":"x","b":[1]}`},
		{`p := x if { every k, v in input { v == k }; x := 1 }`, `{"a":"a"}`},
		{`p := 1 if input.a

p := 2 if input.b`, `{"a":true,"b":true}`},
		{`p[x] := y if { y := input.t[x]; y != null }`, `{"t":{"a":1,"b":null}}`},
		{`p if { numbers.range(1, 1000)[_] == input.n }`, `{"n":7}`},
		{`p := "yes" if { input.a } else := "no"`, `{"a":false}`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, rules, document string) {
		m, err := ast.ParseModuleWithOpts("p.rego", "package test\n\n"+rules, ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			return
		}
		input, err := ast.ValueFromReader(strings.NewReader(document))
		if err != nil {
			return
		}
		modules := map[string]*ast.Module{"p.rego": m}
		compiler := ast.NewCompiler()
		if compiler.Compile(modules); compiler.Failed() {
			return
		}
		policy, err := machine.Plan(t.Context(), map[string]*ast.Module{"p.rego": m}, "test/p", nil)
		if err != nil {
			return
		}
		program, err := machine.Compile(policy)
		if errors.Is(err, machine.ErrUnsupported) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		got, defined, err := program.Eval(program.Find(input), time.Now().Add(time.Second))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		results, wantErr := rego.New(rego.Query("data.test.p"), rego.Compiler(compiler), rego.ParsedInput(input),
			rego.StrictBuiltinErrors(true),
			rego.GenerateJSON(func(t *ast.Term, _ *rego.EvalContext) (any, error) { return t.Value, nil })).Eval(ctx)
		if err == nil && wantErr != nil && !topdown.IsCancel(wantErr) {
			t.Fatalf("%s\n%s: got %v where the interpreter fails: %v", rules, document, got, wantErr)
		}
		if err != nil || wantErr != nil {
			return // the interpreter's index may skip what fails here: that denies
		}
		if defined != (len(results) == 1) {
			t.Fatalf("%s\n%s: got %v, want %v", rules, document, got, results)
		}
		if defined {
			if want := results[0].Expressions[0].Value.(ast.Value); got.Value.Compare(want) != 0 {
				t.Fatalf("%s\n%s: got %v, want %v", rules, document, got, want)
			}
		}
	})
}

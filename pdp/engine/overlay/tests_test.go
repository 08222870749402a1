package overlay_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/overlay"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// TestTestsOfTheMechanismStandOnTablesOfTheirOwn changes every cell of every table,
// and has all tests run but those of the tables themselves. One that fails would
// keep a hospital from an edit that it means.
func TestTestsOfTheMechanismStandOnTablesOfTheirOwn(t *testing.T) {
	all, err := overlay.Digests(base(t))
	if err != nil {
		t.Fatal(err)
	}
	var authz, sentinel strings.Builder
	authz.WriteString("package authz.tables\n")
	sentinel.WriteString("package sentinel.tables\n")
	for name, digest := range all {
		pkg, table := name[:strings.LastIndex(name, ".")], name[strings.LastIndex(name, ".")+1:]
		to := &authz
		if pkg == "sentinel.tables" {
			to = &sentinel
		}
		fmt.Fprintf(to, "\n# METADATA\n# custom: {replaces: %q}\n%s := %s\n", digest, table, otherwise(valueOf(t, name)))
	}
	tree, found := assemble(t, map[string]string{"authz/tables/mine.rego": authz.String(), "sentinel/tables/mine.rego": sentinel.String()})
	if len(found) > 0 {
		t.Fatal(found)
	}
	for name := range tree {
		if strings.HasPrefix(name, "authz/tables/") && strings.HasSuffix(name, "_test.rego") {
			delete(tree, name)
		}
	}
	report, err := analysis.TestFiles(context.Background(), tree, analysis.TestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if report.Passed < 700 {
		t.Errorf("only %d tests ran", report.Passed)
	}
	for _, one := range report.Tests {
		if one.Outcome != "pass" {
			t.Errorf("%s:%d: %s depends on a table of the hospital's: %v %s", one.File, one.Line, one.Name, one.Cases, one.Error)
		}
	}
}

// valueOf is what a built-in table says.
func valueOf(t *testing.T, name string) ast.Value {
	t.Helper()
	compiler, err := rulebook.Compile(base(t))
	if err != nil {
		t.Fatal(err)
	}
	var value ast.Value
	if _, err := rego.New(rego.Query("x := data."+name), rego.Compiler(compiler),
		rego.GenerateJSON(func(v *ast.Term, _ *rego.EvalContext) (any, error) { value = v.Value; return nil, nil })).Eval(context.Background()); err != nil {
		t.Fatal(err)
	}
	return value
}

// otherwise is a value of the same shape in which each leaf is another one.
func otherwise(v ast.Value) ast.Value {
	switch v := v.(type) {
	case *ast.Array:
		var list []*ast.Term
		v.Foreach(func(t *ast.Term) { list = append(list, ast.NewTerm(otherwise(t.Value))) })
		return ast.NewArray(list...)
	case ast.Set:
		other := ast.NewSet()
		v.Foreach(func(t *ast.Term) { other.Add(ast.NewTerm(otherwise(t.Value))) })
		return other
	case ast.Object:
		other := ast.NewObject()
		v.Foreach(func(k, t *ast.Term) { other.Insert(k, ast.NewTerm(otherwise(t.Value))) })
		return other
	case ast.String:
		return ast.String(string(v) + " otherwise")
	case ast.Number:
		n, _ := v.Int64()
		return ast.Number(json.Number(fmt.Sprint(n + 7)))
	case ast.Boolean:
		return !v
	}
	return v
}

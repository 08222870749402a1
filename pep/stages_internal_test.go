package pep

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// The way is one direction: each stage stands in the file of its name, and
// nothing but the list calls a stage.
func TestTheWayIsOneDirection(t *testing.T) {
	var names []string
	for _, s := range stages {
		f := runtime.FuncForPC(reflect.ValueOf(s).Pointer())
		name := f.Name()[strings.LastIndex(f.Name(), ".")+1:]
		names = append(names, name)
	}
	want := []string{"authenticate", "admit", "read", "route", "spend", "wait", "ask", "discharge"}
	if !slices.Equal(names, want) {
		t.Fatalf("got the stages %q, want %q", names, want)
	}
	for _, file := range append(slices.Clone(want), "record", "forward", "check", "refusal", "exchange", "stages") {
		parsed, err := parser.ParseFile(token.NewFileSet(), file+".go", nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		stands := false
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				stands = stands || n.Name.Name == file
			case *ast.CallExpr:
				called, ok := n.Fun.(*ast.SelectorExpr)
				if receiver, isName := selected(called, ok); isName && receiver == "p" && slices.Contains(want, called.Sel.Name) {
					t.Errorf("%s.go calls the stage %s", file, called.Sel.Name)
				}
			}
			return true
		})
		if slices.Contains(want, file) && !stands {
			t.Errorf("the stage %s does not stand in %s.go", file, file)
		}
	}
}

func selected(s *ast.SelectorExpr, ok bool) (string, bool) {
	if !ok {
		return "", false
	}
	name, ok := s.X.(*ast.Ident)
	if !ok {
		return "", false
	}
	return name.Name, true
}

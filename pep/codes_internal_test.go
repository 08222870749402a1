package pep

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
)

// Each code that the enforcement point makes itself has a row: a class, a status
// of a refusal, and a sentence in every language.
func TestEveryCodeOfOurOwnHasARow(t *testing.T) {
	own := code.Reasons()
	var codes []string
	for _, file := range []string{"code/code.go"} {
		codes = append(codes, constants(t, file)...)
	}
	if len(codes) < 24 {
		t.Fatalf("found %d codes: the test looks in the wrong place", len(codes))
	}
	for _, code := range codes {
		if _, ok := own[code]; !ok {
			t.Errorf("%s has no row", code)
		}
	}
	for code, row := range own {
		if !slices.Contains(codes, code) {
			t.Errorf("%s has a row and is no constant", code)
		}
		if row.Status < 400 || row.Status > 599 || !slices.Contains(pdp.Classes(), row.Class) {
			t.Errorf("%s: got class %q and status %d", code, row.Class, row.Status)
		}
		for _, language := range pdp.Languages() {
			if row.Text[language] == "" {
				t.Errorf("%s has no sentence in %s", code, language)
			}
		}
	}
}

// A code without a row refuses all the same.
func TestACodeWithoutARowRefuses(t *testing.T) {
	p := &Proxy{own: code.Reasons()}
	for code, want := range map[string]int{"": 403, "no_such_code": 403, code.HostUnknown: 421, code.ApplicationFailed: 502} {
		if r := p.refuse(code); r == nil || r.status != want || len(r.shown) != 1 {
			t.Errorf("%q: got %+v, want %d", code, r, want)
		}
	}
}

// constants are the texts of a file's constants.
func constants(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, d := range parsed.Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			for _, v := range spec.(*ast.ValueSpec).Values {
				literal, ok := v.(*ast.BasicLit)
				if !ok || literal.Kind != token.STRING {
					continue
				}
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				texts = append(texts, text)
			}
		}
	}
	return texts
}

package prove

import (
	"maps"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// What OPA says of one input has the names that the diagrams give it, and where
// there is an answer it is there to be shown.
func TestAskNamesWhatTheDiagramsHold(t *testing.T) {
	book := opened(t, builtIn(t))
	a := Analyse(book)
	said := a.Said(a.Books[0])
	if len(said.Undecided) > 0 || len(said.Terms) < len(said.Roots)/2 {
		t.Fatalf("undecided: %v; %d terms of %d roots", said.Undecided, len(said.Terms), len(said.Roots))
	}
	d := newDrawer(t, a, a.Books[0], 4)
	for range 300 {
		input := d.input()
		at, err := a.Space.Assign(input)
		if err != nil {
			t.Fatal(err)
		}
		got, err := book.Ask(t.Context(), input)
		if err != nil {
			t.Fatal(err)
		}
		if want := diagrammed(a, said.Roots, at); !maps.Equal(got.Names, want) {
			t.Fatalf("input %v:\nOPA says %v\nthe diagrams %v", input, got.Names, want)
		}
		if got.Answer == nil || got.Columns == nil {
			t.Fatalf("input %v: nothing is shown", input)
		}
	}
}

// A possible input has every member; what a caller claims may be missing.
func TestPossibleInputsAreWhole(t *testing.T) {
	a := Analyse(opened(t, builtIn(t)))
	possible := a.Possible(a.Books[0])
	at, err := a.Space.Assign(ast.NewObject())
	if err != nil {
		t.Fatal(err)
	}
	if a.Diagrams.Holds(possible, at) {
		t.Error("the empty input is possible")
	}
	if a.Diagrams.And(possible, a.Diagrams.Is(a.Space.Find("context.claims.purpose"), 0)) == 0 {
		t.Error("an input without a claim is not possible")
	}
}

package engine_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

const cookbook = "testdata/cookbook"

// All recipes of the guide are laid on top of the built-in rule book at once,
// are found without fault, and pass their tests beside the book's own.
func TestRecipesOfTheCookbookWork(t *testing.T) {
	recipes, err := os.ReadDir(cookbook)
	if err != nil {
		t.Fatal(err)
	}
	if len(recipes) != 10 {
		t.Errorf("got %d recipes, want ten", len(recipes))
	}
	files := enginetest.Book(t, policies.FS)
	for _, recipe := range recipes {
		folder := "authz/rules/" + recipe.Name() + "/"
		for file := range files {
			if strings.HasPrefix(file, folder) {
				t.Errorf("%s stands in the built-in rule book", file)
			}
		}
		enginetest.Add(t, files, folder, os.DirFS(cookbook+"/"+recipe.Name()))
		addReason(t, files, folder+"reasons.row")
	}
	for file := range files {
		if strings.HasPrefix(file, "authz/scenarios/") {
			delete(files, file) // which say what the delivered rules come to, and not what recipes do
		}
	}
	for _, f := range rulebook.Check(context.Background(), files, points.Sections()) {
		t.Errorf("%s (%s)", f, f.Hint)
	}
	report, err := analysis.TestBook(context.Background(), files, analysis.TestOptions{Coverage: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Tests {
		if r.Outcome != "pass" {
			t.Errorf("%s:%d: %s %s %v", r.File, r.Line, r.Outcome, r.Name, r.Cases)
		}
	}
	for _, m := range report.Missed {
		t.Errorf("%s:%d: no test reaches it", m.File, m.From)
	}
}

// addReason puts the row of a recipe, where it has one, into the table of reasons.
func addReason(t *testing.T, files fstest.MapFS, name string) {
	t.Helper()
	row := files[name]
	if row == nil {
		return
	}
	delete(files, name)
	const table, head = "authz/tables/reasons.rego", "reasons := {"
	text := string(files[table].Data)
	if !strings.Contains(text, head) {
		t.Fatalf("%s has no %q", table, head)
	}
	files[table] = &fstest.MapFile{Data: []byte(strings.Replace(text, head, head+"\n\t"+string(row.Data), 1))}
}

// The guide names every recipe, and shows nothing that is not one.
func TestGuideShowsEveryRecipe(t *testing.T) {
	guide, err := os.ReadFile("../../docs/policy-guide.md")
	if err != nil {
		t.Fatal(err)
	}
	recipes, err := os.ReadDir(cookbook)
	if err != nil {
		t.Fatal(err)
	}
	for _, recipe := range recipes {
		if !strings.Contains(string(guide), "cookbook/"+recipe.Name()+"/"+recipe.Name()+".rego") {
			t.Errorf("the guide does not show %s", recipe.Name())
		}
	}
}

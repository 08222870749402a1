package rulebook_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

// A rule of the book in the package of an invariant would say what the invariant asks
// for. A file at the top may have any package, and a folder's name may have dots: both
// are refused by their line, when the book is loaded and at the gate.
func TestNoRuleSpeaksForAnInvariant(t *testing.T) {
	book, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	for place, pkg := range map[string]string{
		"extra.rego": "invariants.must.doctors_read",
		"invariants.must.doctors_read/extra.rego": "invariants.must.doctors_read",
		"invariants.must/doctors_read/extra.rego": "invariants.must.doctors_read",
		"all.rego": "invariants",
	} {
		t.Run(place, func(t *testing.T) {
			files := maps.Clone(book)
			files[place] = []byte("package " + pkg + "\n\nthen if input.context.time.period == \"night\"\n")
			says := "package " + pkg + " is for invariants"
			if _, err := rulebook.Load(files, points.Sections()); err == nil || !strings.Contains(err.Error(), place+":1: ") || !strings.Contains(err.Error(), says) {
				t.Errorf("loaded: %v", err)
			}
			got, found := rulebook.Gate{Points: points.Sections()}.Examine(t.Context(), files)
			if got != nil || !slices.ContainsFunc(found, func(f rulebook.Finding) bool {
				return f.File == place && f.Line == 1 && !f.Note && strings.Contains(f.Problem, says)
			}) {
				t.Errorf("the gate says %v", found)
			}
		})
	}
}

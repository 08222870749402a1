package rulebook_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

// Of two rows of one name OPA keeps the last, so that a reader is misled by the
// other: a book in which one stands twice is refused.
func TestRowsThatStandTwiceAreRefused(t *testing.T) {
	tests := []struct {
		name, text string
		twice      []string // line, line before, name
	}{
		{"a row", "t := {\n\t\"a\": 1,\n\t\"b\": 2, # \"b\": 3\n\t\"a\": 1,\n}", []string{"6 4 a"}},
		{"a cell", "t := {\"x\": {\"a\": 1, \"b\": 2, \"a\": 3}}", []string{"3 3 a"}},
		{"with an escape", "t := {\"a\\u0062\": 1, \"ab\": 2}", []string{"3 3 ab"}},
		{"a colon on the next line", "t := {\"a\"\n\t: 1, \"a\": 2}", []string{"4 3 a"}},
		{"behind a raw text", "t := {\"a\": `{\n\"`, \"a\": 2}", []string{"4 3 a"}},
		{"behind a list", "t := {\"a\": [{\"b\": 1}, {\"b\": 2}], \"a\": 2}", []string{"3 3 a"}},
		{"a word of a set", "t := {\n\t\"a\",\n\t\"b\",\n\t\"a\",\n}", []string{"6 4 a"}},
		{"words of a list", "t := [\"a\", \"a\"]", nil},
		{"arguments", "t := _row(\"GET\", \"lab\", \"lab\", \"lab\")\n\n_row(a, b, c, d) := {\"a\": a, \"b\": b, \"c\": c, \"d\": d}", nil},
		{"a row of an argument", "t := object.union({\"x\": 1, \"a\": 2, \"a\": 1}, {\"a\": 1})", []string{"3 3 a"}},
		{"parts of expressions", "t := {\"a\" < \"b\", \"a\" < \"c\"}", nil},
		{"rows of two objects", "t := {\"x\": {\"a\": 1}, \"y\": {\"a\": 1}}", nil},
		{"values", "t := {\"a\": \"b\", \"b\": \"b\", \"c\": {\"b\", \"a\"}}", nil},
		{"texts with braces", "t := {\"a\": \"{\\\"a\\\": 1, \", \"b\": \"}\"}", nil},
		{"a comprehension", "t := {\"a\": x | some x in {\"a\", \"b\"}; \"a\" == x}", nil},
		{"two tables", "t := {\"a\": 1}\n\nu := {\"a\": 1}", nil},
		{"a body", "t if {\n\t\"a\" == \"a\"\n\t\"a\" in {\"a\"}\n}", nil},
	}
	files, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	file := func(i int) string { return fmt.Sprintf("authz/tables/twice%d/twice.rego", i) }
	for i, tt := range tests {
		files[file(i)] = fmt.Appendf(nil, "package authz.tables.twice%d\n\n%s\n", i, tt.text)
	}
	_, found := rulebook.Gate{Points: points.Sections()}.Examine(t.Context(), files)
	for i, tt := range tests {
		var twice []string
		for _, f := range found {
			var key string
			var before int
			if f.File != file(i) {
				continue
			}
			if _, err := fmt.Sscanf(f.Problem, "%q stands in line %d too", &key, &before); err == nil {
				twice = append(twice, fmt.Sprintf("%d %d %s", f.Line, before, key))
			}
		}
		if !slices.Equal(twice, tt.twice) {
			t.Errorf("%s: got %q, want %q", tt.name, twice, tt.twice)
		}
	}
}

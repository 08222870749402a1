package rulebook_test

import (
	"context"
	"slices"
	"testing"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

// TestRowsTieAtOneHostAlone: rows of applications with hosts of their own are asked
// there, and where it is not known which have, each may. What is Wardgate's own at every
// host is no other application's.
func TestRowsTieAtOneHostAlone(t *testing.T) {
	const twice = "\t_row(\"GET\", \"/\", \"lab\", \"patient.list\", \"patient\", \"none\"),\n\t_row(\"GET\", \"/\", \"pacs\", \"patient.list\", \"patient\", \"none\"),"
	for name, tt := range map[string]struct {
		rows                 string
		applications, hosted []string
		code                 string // "" for none of these
	}{
		"it is not known":   {twice, nil, nil, ""},
		"none has hosts":    {twice, []string{"lab", "pacs"}, nil, "conflict"},
		"one has":           {twice, []string{"lab", "pacs"}, []string{"lab"}, "conflict"}, // the other is where Wardgate's own page is
		"both have":         {twice, []string{"lab", "pacs"}, []string{"lab", "pacs"}, ""},
		"of one, twice":     {twice + "\n" + twice, nil, nil, "conflict"},
		"in the own corner": {"\t_row(\"GET\", \"/.wardgate/x\", \"lab\", \"patient.list\", \"patient\", \"none\"),", nil, nil, "reserved_path"},
	} {
		t.Run(name, func(t *testing.T) {
			files := enginetest.Book(t, policies.FS)
			enginetest.Edit(t, files, "authz/tables/routes.rego", "routes := [", "routes := [\n"+tt.rows)
			gate := rulebook.Gate{Points: points.Sections(), Applications: tt.applications, Hosted: tt.hosted}
			_, found := gate.Folder(context.Background(), files)
			var codes []string
			for _, f := range found {
				if slices.Contains([]string{"conflict", "reserved_path"}, f.Code) {
					codes = append(codes, f.Code)
				}
			}
			if tt.code == "" && len(codes) > 0 || tt.code != "" && !slices.Contains(codes, tt.code) {
				t.Errorf("got %v, want %q", found, tt.code)
			}
		})
	}
}

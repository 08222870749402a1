package rulebook_test

import (
	"slices"
	"testing"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

// TestARowOfSeveralMethodsIsARouteOfEach: of a list, or of a set, in which Rego keeps no
// order.
func TestARowOfSeveralMethodsIsARouteOfEach(t *testing.T) {
	for name, methods := range map[string]string{"a list": `["GET", "OPTIONS"]`, "a set": `{"GET", "OPTIONS"}`} {
		t.Run(name, func(t *testing.T) {
			files := enginetest.Rules(t, policies.FS)
			enginetest.Edit(t, files, "authz/tables/routes.rego", "routes := [",
				"routes := [\n\t_row("+methods+`, "/imaging/studies", "imaging", "patient.list", "patient", "none"),`)
			rules, err := rulebook.ReadRules(files)
			if err != nil {
				t.Fatal(err)
			}
			book, err := rulebook.Load(rules, points.Sections())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range book.Tables.House.Routes {
				if row.Path == "/imaging/studies" && row.Application == "imaging" && row.Action == "patient.list" {
					got = append(got, row.Method)
				}
			}
			if !slices.Equal(got, []string{"GET", "OPTIONS"}) {
				t.Errorf("got %q", got)
			}
		})
	}
}

package obligation_test

import (
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/obligation"
)

func TestWithhold(t *testing.T) {
	fields := func(names string) pdp.Obligation { return oblige("withhold", `{"fields":`+names+`}`) }
	runReadings(t, []reading{
		{name: "fields add up", way: obligation.Service, given: []pdp.Obligation{fields(`["contact"]`), fields(`["diagnoses"]`)},
			want: obligation.Effects{Limits: obligation.Limits{Withhold: []string{"contact", "diagnoses"}}}},
		{name: "nothing", way: obligation.Service, given: []pdp.Obligation{fields(`[]`)}, fails: true},
		{name: "a nameless field", way: obligation.Service, given: []pdp.Obligation{fields(`["contact",""]`)}, fails: true},
		{name: "more", way: obligation.Service, given: []pdp.Obligation{oblige("withhold", `{"fields":["contact"],"patterns":["diag*"]}`)}, fails: true},
		{name: "means nothing on a denial", way: obligation.Refused, given: []pdp.Obligation{oblige("withhold", `{`)}},
	})
	bindsOn(t, fields(`["contact"]`), obligation.Service, obligation.ProxiedService, obligation.Stream)
}

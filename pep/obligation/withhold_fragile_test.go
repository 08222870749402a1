package obligation_test

import (
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/obligation"
)

func TestWithholdFragile(t *testing.T) {
	fragile := obligation.Effects{Limits: obligation.Limits{WithholdFragile: true}}
	runReadings(t, []reading{
		{name: "without properties", way: obligation.Service, given: []pdp.Obligation{{ID: "withhold_fragile"}}, want: fragile},
		{name: "empty properties", way: obligation.Service, given: []pdp.Obligation{oblige("withhold_fragile", `{}`)}, want: fragile},
		{name: "some models", way: obligation.Service, given: []pdp.Obligation{oblige("withhold_fragile", `{"models":["x"]}`)}, fails: true},
		{name: "means nothing on a denial", way: obligation.Refused, given: []pdp.Obligation{{ID: "withhold_fragile"}}},
	})
	bindsOn(t, oblige("withhold_fragile", ``), obligation.Service, obligation.ProxiedService, obligation.Stream)
}

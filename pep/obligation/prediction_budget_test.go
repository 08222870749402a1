package obligation_test

import (
	"testing"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/obligation"
)

func TestPredictionBudget(t *testing.T) {
	const id = "prediction_budget"
	budget := func(rows, seconds int) obligation.Effects {
		return obligation.Effects{Limits: obligation.Limits{Budget: &assertion.Budget{Rows: rows, Seconds: seconds}}}
	}
	given := func(properties ...string) (all []pdp.Obligation) {
		for _, p := range properties {
			all = append(all, oblige(id, p))
		}
		return all
	}
	runReadings(t, []reading{
		{name: "one", way: obligation.Service, given: given(`{"rows":300,"seconds":600}`), want: budget(300, 600)},
		{name: "the narrowest of two", way: obligation.Service, given: given(`{"rows":300,"seconds":600}`, `{"rows":50,"seconds":60}`), want: budget(50, 600)},
		{name: "no rows", way: obligation.Service, given: given(`{"seconds":600}`), fails: true},
		{name: "no time", way: obligation.Service, given: given(`{"rows":300}`), fails: true},
		{name: "too long", way: obligation.Service, given: given(`{"rows":300,"seconds":3601}`), fails: true},
		{name: "less than nothing", way: obligation.Service, given: given(`{"rows":-1,"seconds":600}`), fails: true},
		{name: "another member", way: obligation.Service, given: given(`{"rows":300,"seconds":600,"models":["x"]}`), fails: true},
		{name: "nothing", way: obligation.Service, given: given(``), fails: true},
		{name: "means nothing on a denial", way: obligation.Refused, given: given(`{"rows":300,"seconds":600}`)},
	})
	bindsOn(t, oblige(id, `{"rows":300,"seconds":600}`), obligation.Service, obligation.ProxiedService, obligation.Stream)
}

package obligation_test

import (
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/obligation"
)

func TestRevokeSession(t *testing.T) {
	given := func(properties string) []pdp.Obligation {
		return []pdp.Obligation{oblige("revoke_session", properties)}
	}
	runReadings(t, []reading{
		{name: "reason", way: obligation.Refused, given: given(`{"reason":"device_changed"}`), want: obligation.Effects{Revoke: []string{"device_changed"}}},
		{name: "no reason", way: obligation.Refused, given: given(`{}`), fails: true},
		{name: "no properties", way: obligation.Refused, given: given(``), fails: true},
		{name: "more", way: obligation.Refused, given: given(`{"reason":"x","unless":"y"}`), fails: true},
		{name: "reason twice", way: obligation.Refused, given: given(`{"reason":"x","reason":"y"}`), fails: true},
		{name: "of what is allowed", way: obligation.Service, given: given(`{"reason":"x"}`), fails: true},
	})
	bindsOn(t, oblige("revoke_session", `{"reason":"x"}`), obligation.Refused)
}

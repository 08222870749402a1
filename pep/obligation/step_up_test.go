package obligation_test

import (
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/obligation"
)

func TestStepUp(t *testing.T) {
	given := func(properties string) []pdp.Obligation { return []pdp.Obligation{oblige("step_up", properties)} }
	runReadings(t, []reading{
		{name: "challenge", way: obligation.Refused, given: given(`{"acr_values":"aal2","max_age":300}`),
			want: obligation.Effects{Challenge: &obligation.Challenge{ACR: "aal2", MaxAge: 300}}},
		{name: "badge and PIN would do", way: obligation.Refused, given: given(`{"acr_values":"aal2","max_age":300,"tap":true}`),
			want: obligation.Effects{Challenge: &obligation.Challenge{ACR: "aal2", MaxAge: 300, Tap: true}}},
		{name: "of two, one says so", way: obligation.Refused,
			given: append(given(`{"acr_values":"aal2","max_age":300}`), given(`{"acr_values":"aal2","max_age":300,"tap":true}`)...),
			want:  obligation.Effects{Challenge: &obligation.Challenge{ACR: "aal2", MaxAge: 300}}},
		{name: "the other says so", way: obligation.Refused,
			given: append(given(`{"acr_values":"aal2","max_age":300,"tap":true}`), given(`{"acr_values":"aal2","max_age":300}`)...),
			want:  obligation.Effects{Challenge: &obligation.Challenge{ACR: "aal2", MaxAge: 300}}},
		{name: "a tap in words", way: obligation.Refused, given: given(`{"acr_values":"aal2","max_age":300,"tap":"yes"}`), fails: true},
		{name: "no age", way: obligation.Refused, given: given(`{"acr_values":"aal2"}`), fails: true},
		{name: "no level", way: obligation.Refused, given: given(`{"max_age":300}`), fails: true},
		{name: "negative age", way: obligation.Refused, given: given(`{"acr_values":"aal2","max_age":-1}`), fails: true},
		{name: "more", way: obligation.Refused, given: given(`{"acr_values":"aal2","max_age":300,"or":"x"}`), fails: true},
		{name: "of what is allowed", way: obligation.Service, given: given(`{"acr_values":"aal2","max_age":300}`), fails: true},
	})
	bindsOn(t, oblige("step_up", `{"acr_values":"aal2","max_age":300}`), obligation.Refused)
}

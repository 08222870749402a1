package obligation_test

import (
	"testing"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/obligation"
)

const ofDoctor = `{"type":"field","operator":"eq","field":"patient.doctor","value":"s-1"}`

func TestRowCondition(t *testing.T) {
	doctor := assertion.Condition{Type: "field", Operator: "eq", Field: "patient.doctor", Value: "s-1"}
	all := assertion.Condition{Type: "all"}
	given := func(properties ...string) []pdp.Obligation {
		var list []pdp.Obligation
		for _, p := range properties {
			list = append(list, oblige("row_condition", p))
		}
		return list
	}
	limited := func(c assertion.Condition) obligation.Effects {
		return obligation.Effects{Limits: obligation.Limits{Rows: &c}}
	}
	for _, way := range []obligation.Way{obligation.Service, obligation.ProxiedService} {
		runReadings(t, []reading{
			{name: "rows", way: way, given: given(`{"condition":` + ofDoctor + `}`), want: limited(doctor)},
			{name: "two are joined by and", way: way, given: given(`{"condition":`+ofDoctor+`}`, `{"condition":{"type":"all"}}`),
				want: limited(assertion.Condition{Type: "compound", Operator: "and", Conditions: []assertion.Condition{doctor, all}})},
			{name: "no properties", way: way, given: given(""), fails: true},
			{name: "null properties", way: way, given: given(`null`), fails: true},
			{name: "null condition", way: way, given: given(`{"condition":null}`), fails: true},
			{name: "empty condition", way: way, given: given(`{"condition":{}}`), fails: true},
			{name: "condition twice", way: way, given: given(`{"condition":` + ofDoctor + `,"condition":{"type":"all"}}`), fails: true},
			{name: "condition in another case", way: way, given: given(`{"condition":` + ofDoctor + `,"Condition":{"type":"all"}}`), fails: true},
			{name: "condition with more", way: way, given: given(`{"condition":{"type":"all","except":"x"}}`), fails: true},
			{name: "empty and", way: way, given: given(`{"condition":{"type":"compound","operator":"and","conditions":[]}}`), fails: true},
			{name: "empty value", way: way, given: given(`{"condition":{"type":"field","operator":"eq","field":"patient.doctor","value":""}}`), fails: true},
		})
	}
	runReadings(t, []reading{{name: "means nothing on a denial", way: obligation.Refused, given: given(`{`)}})
	bindsOn(t, oblige("row_condition", `{"condition":{"type":"all"}}`), obligation.Service, obligation.ProxiedService, obligation.Stream)
}

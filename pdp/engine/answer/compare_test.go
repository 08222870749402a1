package answer_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/wardgate/wardgate/pdp/engine/answer"
)

func allowed(duties ...answer.Duty) answer.Whole { return answer.Whole{Allow: true, Duties: duties} }

func duty(id, properties string) answer.Duty {
	return answer.Duty{ID: id, Properties: json.RawMessage(properties)}
}

const (
	ownRows  = `{"condition":{"type":"field","operator":"eq","field":"patient.doctor","value":"s-1"}}`
	alsoWard = `{"condition":{"type":"compound","operator":"or","conditions":[{"type":"field","operator":"eq","field":"patient.department","value":"d-1"},{"type":"field","operator":"eq","field":"patient.doctor","value":"s-1"}]}}`
	allRows  = `{"condition":{"type":"all"}}`
	noRows   = `{"condition":{"type":"none"}}`
)

func TestAnswersThatDifferAreClassed(t *testing.T) {
	for name, c := range map[string]struct {
		before, after answer.Whole
		class         answer.Class
		parts         []string
	}{
		"equal":                {allowed(duty("withhold", `{"fields":["a"]}`)), allowed(duty("withhold", `{"fields":["a"]}`)), answer.Equal, nil},
		"denied":               {allowed(), answer.Whole{Reasons: []string{"night"}}, answer.Stricter, []string{"+night"}},
		"allowed":              {answer.Whole{Reasons: []string{"night"}}, allowed(duty("withhold", `{"fields":["a"]}`)), answer.Looser, []string{"-night"}},
		"another reason":       {answer.Whole{Reasons: []string{"a"}}, answer.Whole{Reasons: []string{"b"}}, answer.Other, []string{"+b", "-a"}},
		"another status":       {answer.Whole{Reasons: []string{"a"}, Status: 403}, answer.Whole{Reasons: []string{"a"}, Status: 404}, answer.Other, []string{"~status:403->404"}},
		"another code shown":   {answer.Whole{Reasons: []string{"a"}, Status: 403, Shown: []string{"a"}}, answer.Whole{Reasons: []string{"a"}, Status: 403, Shown: []string{"b"}}, answer.Other, []string{"~shown:a->b"}},
		"a field more":         {allowed(duty("withhold", `{"fields":["a"]}`)), allowed(duty("withhold", `{"fields":["a","b"]}`)), answer.Stricter, []string{"+withhold.fields:b"}},
		"another field":        {allowed(duty("withhold", `{"fields":["a"]}`)), allowed(duty("withhold", `{"fields":["b"]}`)), answer.Other, []string{"+withhold.fields:b", "-withhold.fields:a"}},
		"no mask any more":     {allowed(duty("mask_response", `{"pointers":["/a"]}`)), allowed(), answer.Looser, []string{"-mask_response"}},
		"a kind may pass":      {allowed(duty("mask_response", `{"pass":[],"pointers":["/a"]}`)), allowed(duty("mask_response", `{"pass":["image/png"],"pointers":["/a"]}`)), answer.Looser, []string{"+mask_response.pass:image/png"}},
		"two masks in one":     {allowed(duty("mask_response", `{"pointers":["/a"]}`), duty("mask_response", `{"pointers":["/b"]}`)), allowed(duty("mask_response", `{"pointers":["/a","/b"]}`)), answer.Other, []string{"~mask_response.pointers"}},
		"a younger factor":     {answer.Whole{Reasons: []string{"a"}, Duties: []answer.Duty{duty("step_up", `{"max_age":300}`)}}, answer.Whole{Reasons: []string{"a"}, Duties: []answer.Duty{duty("step_up", `{"max_age":60}`)}}, answer.Stricter, []string{"~step_up.max_age:300->60"}},
		"more, and for longer": {allowed(duty("prediction_budget", `{"rows":1,"seconds":60}`)), allowed(duty("prediction_budget", `{"rows":2,"seconds":90}`)), answer.Other, []string{"~prediction_budget.rows:1->2", "~prediction_budget.seconds:60->90"}},
		"an unknown property":  {allowed(duty("alert", `{"reason":"a"}`)), allowed(duty("alert", `{"reason":"b"}`)), answer.Other, []string{`~alert.reason:"a"->"b"`}},
		"every row":            {allowed(duty("row_condition", ownRows)), allowed(duty("row_condition", allRows)), answer.Looser, []string{"~row_condition.condition:patient.doctor->all"}},
		"no row":               {allowed(duty("row_condition", ownRows)), allowed(duty("row_condition", noRows)), answer.Stricter, []string{"~row_condition.condition:patient.doctor->none"}},
		"another way to a row": {allowed(duty("row_condition", ownRows)), allowed(duty("row_condition", alsoWard)), answer.Looser, []string{"~row_condition.condition:patient.doctor->(patient.department or patient.doctor)"}},
		"a duty more":          {allowed(), allowed(duty("withhold", `{"fields":["a"]}`)), answer.Stricter, []string{"+withhold", "+withhold.fields:a"}},
		"of which little is known": {
			answer.Whole{Allow: true, Bare: true, Duties: []answer.Duty{{ID: "withhold"}}}, allowed(duty("withhold", `{"fields":["a"]}`)), answer.Equal, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := answer.Compare(&c.before, &c.after)
			if got.Class != c.class || !slices.Equal(got.Parts, c.parts) {
				t.Errorf("got %+v, want %q %q", got, c.class, c.parts)
			}
		})
	}
}

package obligation_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/obligation"
)

type revoker struct {
	err     error
	revoked []string
}

func (r *revoker) Revoke(_ context.Context, session, reason string) error {
	if r.err != nil {
		return r.err
	}
	r.revoked = append(r.revoked, session+" "+reason)
	return nil
}

func oblige(id, properties string) pdp.Obligation {
	return pdp.Obligation{ID: id, Properties: []byte(properties)}
}

const ofDoctor = `{"type":"field","operator":"eq","field":"patient.doctor","value":"s-1"}`

func doctorCondition() assertion.Condition {
	return assertion.Condition{Type: "field", Operator: "eq", Field: "patient.doctor", Value: "s-1"}
}

func TestDischarge(t *testing.T) {
	doctor := doctorCondition()
	for _, test := range []struct {
		name    string
		allow   bool
		session string
		given   []pdp.Obligation
		want    obligation.Effects
		revoked int
		fails   bool
	}{
		{name: "nothing", allow: true},
		{name: "rows", allow: true, given: []pdp.Obligation{oblige("row_condition", `{"condition":`+ofDoctor+`}`)},
			want: obligation.Effects{Rows: &doctor}},
		{name: "two conditions are joined by and", allow: true,
			given: []pdp.Obligation{oblige("row_condition", `{"condition":`+ofDoctor+`}`), oblige("row_condition", `{"condition":{"type":"all"}}`)},
			want:  obligation.Effects{Rows: &assertion.Condition{Type: "compound", Operator: "and", Conditions: []assertion.Condition{doctor, {Type: "all"}}}}},
		{name: "withheld fields add up", allow: true,
			given: []pdp.Obligation{oblige("withhold", `{"fields":["contact"]}`), oblige("withhold", `{"fields":["diagnoses"]}`)},
			want:  obligation.Effects{Withhold: []string{"contact", "diagnoses"}}},
		{name: "a fragile prediction is withheld", allow: true, given: []pdp.Obligation{{ID: "withhold_fragile"}},
			want: obligation.Effects{WithholdFragile: true}},
		{name: "of a denial nothing is withheld", given: []pdp.Obligation{{ID: "withhold_fragile"}}},
		{name: "withhold some that are fragile", allow: true, given: []pdp.Obligation{oblige("withhold_fragile", `{"models":["x"]}`)}, fails: true},
		{name: "challenge", given: []pdp.Obligation{oblige("step_up", `{"acr_values":"aal2","max_age":300}`)},
			want: obligation.Effects{Challenge: &obligation.Challenge{ACR: "aal2", MaxAge: 300}}},
		{name: "revoke", session: "s", given: []pdp.Obligation{oblige("revoke_session", `{"reason":"device_changed"}`)},
			want: obligation.Effects{Revoked: true}, revoked: 1},
		{name: "limits of a denial mean nothing", given: []pdp.Obligation{oblige("row_condition", `{`), oblige("withhold", `{`)}},
		{name: "an unknown one does not save a session", session: "s", fails: true, revoked: 1,
			given: []pdp.Obligation{oblige("ban", `{}`), oblige("revoke_session", `{"reason":"device_changed"}`)},
			want:  obligation.Effects{Revoked: true}},
		{name: "unknown", allow: true, given: []pdp.Obligation{oblige("watermark", `{}`)}, fails: true},
		{name: "unknown on a denial", given: []pdp.Obligation{oblige("watermark", `{}`)}, fails: true},
		{name: "no id", allow: true, given: []pdp.Obligation{oblige("", `{}`)}, fails: true},
		{name: "id in another case", allow: true, given: []pdp.Obligation{oblige("ROW_CONDITION", `{"condition":{"type":"all"}}`)}, fails: true},
		{name: "revoke on a permission", allow: true, session: "s", given: []pdp.Obligation{oblige("revoke_session", `{"reason":"x"}`)}, fails: true},
		{name: "revoke nobody", given: []pdp.Obligation{oblige("revoke_session", `{"reason":"x"}`)}, fails: true},
		{name: "revoke without a reason", session: "s", given: []pdp.Obligation{oblige("revoke_session", `{}`)}, fails: true},
		{name: "challenge without an age", given: []pdp.Obligation{oblige("step_up", `{"acr_values":"aal2"}`)}, fails: true},
		{name: "challenge without a level", given: []pdp.Obligation{oblige("step_up", `{"max_age":300}`)}, fails: true},
		{name: "withhold nothing", allow: true, given: []pdp.Obligation{oblige("withhold", `{"fields":[]}`)}, fails: true},
		{name: "withhold a nameless field", allow: true, given: []pdp.Obligation{oblige("withhold", `{"fields":["contact",""]}`)}, fails: true},
		{name: "withhold with more", allow: true, given: []pdp.Obligation{oblige("withhold", `{"fields":["contact"],"patterns":["diag*"]}`)}, fails: true},
		{name: "no properties", allow: true, given: []pdp.Obligation{{ID: "row_condition"}}, fails: true},
		{name: "null properties", allow: true, given: []pdp.Obligation{oblige("row_condition", `null`)}, fails: true},
		{name: "null condition", allow: true, given: []pdp.Obligation{oblige("row_condition", `{"condition":null}`)}, fails: true},
		{name: "empty condition", allow: true, given: []pdp.Obligation{oblige("row_condition", `{"condition":{}}`)}, fails: true},
		{name: "condition with more", allow: true, given: []pdp.Obligation{oblige("row_condition", `{"condition":{"type":"all","except":"x"}}`)}, fails: true},
		{name: "empty and", allow: true, given: []pdp.Obligation{oblige("row_condition", `{"condition":{"type":"compound","operator":"and","conditions":[]}}`)}, fails: true},
		{name: "empty value", allow: true, given: []pdp.Obligation{oblige("row_condition", `{"condition":{"type":"field","operator":"eq","field":"patient.doctor","value":""}}`)}, fails: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &revoker{}
			h := obligation.Discharger{Revoker: r}
			got, err := h.Discharge(context.Background(), &pdp.Decision{Allow: test.allow, Obligations: test.given}, test.session)
			if (err != nil) != test.fails {
				t.Fatalf("error %v", err)
			}
			if !reflect.DeepEqual(got, test.want) || len(r.revoked) != test.revoked {
				t.Errorf("got %+v, revoked %q; want %+v", got, r.revoked, test.want)
			}
			again, err := h.Discharge(context.Background(), &pdp.Decision{Allow: test.allow, Obligations: test.given}, test.session)
			if (err != nil) != test.fails || !reflect.DeepEqual(again, test.want) || len(r.revoked) != 2*test.revoked {
				t.Errorf("the second time: got %+v, %v, revoked %q", again, err, r.revoked)
			}
		})
	}
}

// What one list of obligations amounts to is never taken for another's, however
// their bytes fall together, nor what a permission amounts to for a denial.
func TestListsAreNotMistaken(t *testing.T) {
	h := obligation.Discharger{Revoker: &revoker{}}
	fields := func(names string) pdp.Obligation { return oblige("withhold", `{"fields":[`+names+`]}`) }
	for range 2 {
		for _, test := range []struct {
			given pdp.Decision
			want  []string
			fails bool
		}{
			{given: pdp.Decision{Allow: true, Obligations: []pdp.Obligation{fields(`"a"`), fields(`"b"`)}}, want: []string{"a", "b"}},
			{given: pdp.Decision{Allow: true, Obligations: []pdp.Obligation{fields(`"a"`)}}, want: []string{"a"}},
			{given: pdp.Decision{Obligations: []pdp.Obligation{fields(`"a"`)}}},
			{given: pdp.Decision{Allow: true, Obligations: []pdp.Obligation{oblige("withhol", `d{"fields":["a"]}`)}}, fails: true},
			{given: pdp.Decision{Allow: true}},
		} {
			got, err := h.Discharge(context.Background(), &test.given, "s")
			if (err != nil) != test.fails || !reflect.DeepEqual(got, obligation.Effects{Withhold: test.want}) {
				t.Errorf("%v: got %+v, %v", test.given, got, err)
			}
		}
	}
}

func TestRevokerThatFails(t *testing.T) {
	broken := errors.New("database gone")
	given := &pdp.Decision{Obligations: []pdp.Obligation{oblige("revoke_session", `{"reason":"x"}`)}}
	h := obligation.Discharger{Revoker: &revoker{err: broken}}
	if got, err := h.Discharge(context.Background(), given, "s"); !errors.Is(err, broken) || got.Revoked {
		t.Errorf("got %+v, %v", got, err)
	}
	var zero obligation.Discharger
	if _, err := zero.Discharge(context.Background(), given, "s"); err == nil {
		t.Error("the zero discharger revoked something")
	}
}

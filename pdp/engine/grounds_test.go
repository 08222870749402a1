package engine

import (
	"log/slog"
	"reflect"
	"testing"
	"testing/fstest"

	"github.com/wardgate/wardgate/internal/points/pointstest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// Asked the first time and from memory, an allow names its rules and its right.
func TestWhatIsAllowedNamesItsGrounds(t *testing.T) {
	rules := prepared(t, book(t))
	for name, test := range map[string]struct {
		change func(*pdp.Request, *pointstest.Facts)
		want   pdp.Grounds
	}{
		"a doctor's own patient": {func(*pdp.Request, *pointstest.Facts) {},
			pdp.Grounds{Rules: []pdp.Rule{{Folder: "role", Code: "role"}}, Right: "Patient Health overview", Reach: "own"}},
		"a nurse's list": {func(r *pdp.Request, f *pointstest.Facts) {
			r.Action.Name, r.Resource.ID, f.Identity.Role = "patient.list", "", "nurse"
		}, pdp.Grounds{Rules: []pdp.Rule{{Folder: "role", Code: "role"}}, Right: "Responsible Patients", Reach: "department"}},
		"what everybody may": {func(r *pdp.Request, f *pointstest.Facts) {
			r.Subject, r.Action.Name, r.Resource = pdp.Subject{Type: "anonymous"}, "account.sign_up", pdp.Resource{Type: "account"}
			r.Context.Credential, f.Identity = pdp.Credential{State: pdp.CredentialNone}, pip.Identity{}
		}, pdp.Grounds{Rules: []pdp.Rule{{Folder: "role", Code: "public"}}, Right: "Sign up"}},
		"a denial": {func(_ *pdp.Request, f *pointstest.Facts) { f.Care.Staff = nil }, pdp.Grounds{}},
	} {
		r, facts := readsPatient(), ward()
		test.change(&r, &facts)
		e := NewFrom(rules, reading1(facts), nil, slog.New(slog.DiscardHandler), patient)
		for _, again := range []string{"afresh", "remembered"} {
			d, err := e.Decide(t.Context(), r)
			if err != nil || d.Allow != (len(test.want.Rules) > 0) || !reflect.DeepEqual(d.Grounds, test.want) {
				t.Errorf("%s, %s: got %+v, %v, want %+v", name, again, d, err, test.want)
			}
		}
	}
}

// A hospital's own rule that grants is named beside the table's, or alone.
func TestEachRuleThatGrantsIsNamed(t *testing.T) {
	files := book(t)
	files["authz/rules/emergency/emergency.rego"] = &fstest.MapFile{Data: []byte(`package authz.rules.emergency

grant contains "on_call" if input.context.time.period == "day"
`)}
	r, facts := readsPatient(), ward()
	e := newEngine(t, files, reading1(facts))
	d, err := e.Decide(t.Context(), r)
	want := []string{"emergency/on_call", "role/role"}
	if err != nil || !reflect.DeepEqual(d.Grounds.Names(), want) {
		t.Errorf("got %v, %v, want %v", d.Grounds.Names(), err, want)
	}
}

// An answer that allows under no rule proves nothing, and decides nothing.
func TestAllowingUnderNoRuleIsNoDecision(t *testing.T) {
	files := book(t)
	edit(t, files, "authz/authz.rego", "granting contains {\"folder\": folder, \"code\": code} if {\n\tallow", "granting contains {\"folder\": folder, \"code\": code} if {\n\tinput.action.name == \"no.such.action\"")
	d, err := newEngine(t, files, reading1(ward())).Decide(t.Context(), readsPatient())
	if err == nil || !reflect.DeepEqual(d, pdp.Decision{}) {
		t.Errorf("got %+v, %v, want no decision", d, err)
	}
}

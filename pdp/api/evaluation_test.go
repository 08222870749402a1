package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/api"
	"github.com/wardgate/wardgate/pip"
)

func TestAllowedIsAnsweredWhole(t *testing.T) {
	w := newWorld(t)
	got := w.post(api.PathEvaluation, question("p-1"))
	if got.Code != http.StatusOK || got.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("got %d %s", got.Code, got.Header().Get("Content-Type"))
	}
	id := decode[reply](t, got.Body.Bytes()).Context.ID
	want := `{"decision":true,"context":{"id":"` + id + `","reasons":[],"obligations":[],` + grounded + `}}`
	if got.Body.String() != want {
		t.Errorf("got %s, want %s", got.Body, want)
	}
}

func TestDenialIsNoErrorAndHasNoEffect(t *testing.T) {
	w := newWorld(t)
	got := w.post(api.PathEvaluation, question("no-1"))
	id := decode[reply](t, got.Body.Bytes()).Context.ID
	want := `{"decision":false,"context":{"id":"` + id + `","reasons":["not_your_patient","step_up_required"],` +
		`"obligations":[{"id":"revoke_session","type":"revoke","properties":{"reason":"role_forbidden"}},{"id":"note","type":"log"}]}}`
	if got.Code != http.StatusOK || got.Body.String() != want {
		t.Errorf("got %d %s, want 200 %s", got.Code, got.Body, want)
	}
	if w.decider.revoked != 0 {
		t.Error("a question revoked a session")
	}
}

func TestWhatTheDeciderIsAsked(t *testing.T) {
	const claims = `"properties":{"role":"security","department":"all"}`
	tests := []struct {
		name, body string
		want       pdp.Request
	}{
		{
			"user, with claims that count for nothing",
			`{"subject":{"type":"user","id":"u-1",` + claims + `},"action":{"name":"patient.read","properties":{"method":"DELETE"}},
			  "resource":{"type":"patient","id":"p-1","properties":{"treats":true}},"extra":{"a":1},
			  "context":{"time":"1985-10-26T01:22-07:00","address":"::ffff:10.1.2.3","user_agent":"curl/8","credential":{"state":"valid"}}}`,
			pdp.Request{
				Subject:  pdp.Subject{Type: "user", ID: "u-1"},
				Action:   pdp.Action{Name: "patient.read"},
				Resource: pdp.Resource{Type: "patient", ID: "p-1"},
				Context: pdp.Context{
					Time: noon(), Address: netip.MustParseAddr("10.1.2.3"), UserAgent: "curl/8",
					Credential: pdp.Credential{State: pdp.CredentialDelegated},
				},
			},
		},
		{
			"machine, collection, no context",
			`{"subject":{"type":"machine","id":"m-1"},"action":{"name":"patient.list"},"resource":{"type":"patient","id":""}}`,
			pdp.Request{
				Subject:  pdp.Subject{Type: "machine", ID: "m-1"},
				Action:   pdp.Action{Name: "patient.list"},
				Resource: pdp.Resource{Type: "patient"},
				Context:  pdp.Context{Time: noon(), Credential: pdp.Credential{State: pdp.CredentialDelegated}},
			},
		},
		{
			"stranger",
			`{"subject":{"type":"anonymous","id":""},"action":{"name":"auth.login"},"resource":{"type":"session","id":""},"context":{}}`,
			pdp.Request{
				Subject:  pdp.Subject{Type: "anonymous"},
				Action:   pdp.Action{Name: "auth.login"},
				Resource: pdp.Resource{Type: "session"},
				Context:  pdp.Context{Time: noon(), Credential: pdp.Credential{State: pdp.CredentialNone}},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			if got := w.post(api.PathEvaluation, tt.body); got.Code != http.StatusOK {
				t.Fatalf("got %d %s", got.Code, got.Body)
			}
			got, want := w.decider.asked[0], tt.want
			if got.Subject != want.Subject || got.Action != want.Action || got.Resource != want.Resource {
				t.Errorf("got %+v, want %+v", got, want)
			}
			c := want.Context
			if !got.Context.Time.Equal(c.Time) || got.Context.Address != c.Address || got.Context.UserAgent != c.UserAgent ||
				got.Context.Credential.State != c.Credential.State || got.Context.Route != "" || got.Context.Credential.Session != "" {
				t.Errorf("got context %+v, want %+v", got.Context, c)
			}
		})
	}
}

func TestKindOfSubjectThatNobodyKnowsIsDenied(t *testing.T) {
	for _, kind := range []string{"robot", "User", "Anonymous", "group"} {
		w := newWorld(t)
		got := w.post(api.PathEvaluation, strings.Replace(question("p-1"), `"user"`, `"`+kind+`"`, 1))
		r := decode[reply](t, got.Body.Bytes())
		if got.Code != http.StatusOK || *r.Decision || !slices.Equal(r.Context.Reasons, []string{"subject_type_unknown"}) {
			t.Errorf("%s: got %d %s", kind, got.Code, got.Body)
		}
		if len(w.decider.asked) != 0 || len(w.journal.events) != 1 {
			t.Errorf("%s: got %d questions and %d events, want 0 and 1", kind, len(w.decider.asked), len(w.journal.events))
		}
	}
}

func TestMalformedQuestionNamesFieldsOnly(t *testing.T) {
	const secret = "hunter2-value"
	tests := []struct {
		name, body string
		want       []string
	}{
		{"nothing", `{}`, []string{"body.subject", "body.action", "body.resource"}},
		{"no object", `["` + secret + `"]`, []string{"body"}},
		{"null", `null`, []string{"body"}},
		{"case counts", strings.Replace(question("p-1"), `"subject"`, `"Subject"`, 1), []string{"body.subject"}},
		{"subject is a text", `{"subject":"` + secret + `","action":{"name":"a"},"resource":{"type":"t","id":"i"}}`, []string{"body.subject"}},
		{"subject is null", `{"subject":null,"action":{"name":"a"},"resource":{"type":"t","id":"i"}}`, []string{"body.subject"}},
		{"members missing", `{"subject":{},"action":{},"resource":{}}`, []string{"body.subject.type", "body.subject.id", "body.action.name", "body.resource.type", "body.resource.id"}},
		{"members of wrong types", `{"subject":{"type":1,"id":["` + secret + `"]},"action":{"name":{}},"resource":{"type":null,"id":true}}`, []string{"body.subject.type", "body.subject.id", "body.action.name", "body.resource.type", "body.resource.id"}},
		{"members empty", `{"subject":{"type":"user","id":""},"action":{"name":""},"resource":{"type":"","id":""}}`, []string{"body.subject.id", "body.action.name", "body.resource.type"}},
		{"stranger with an id", `{"subject":{"type":"anonymous","id":"` + secret + `"},"action":{"name":"a"},"resource":{"type":"t","id":"i"}}`, []string{"body.subject.id"}},
		{"properties of wrong types", `{"subject":{"type":"user","id":"u","properties":[]},"action":{"name":"a","properties":"` + secret + `"},"resource":{"type":"t","id":"i","properties":null}}`, []string{"body.subject.properties", "body.action.properties", "body.resource.properties"}},
		{"context is a list", strings.Replace(question("p-1"), `{"address"`, `[],"x":{"address"`, 1), []string{"body.context"}},
		{"address is a name", strings.Replace(question("p-1"), "10.1.2.3", secret, 1), []string{"body.context.address"}},
		{"address with a zone", strings.Replace(question("p-1"), "10.1.2.3", "fe80::1%eth0", 1), []string{"body.context.address"}},
		{"user agent is a number", strings.Replace(question("p-1"), `"Mozilla/5.0"`, `5`, 1), []string{"body.context.user_agent"}},
		{"control character", question(`p\u0000` + secret), []string{"body.resource.id"}},
		{"too long", question(strings.Repeat("x", 1025)), []string{"body.resource.id"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			got := w.post(api.PathEvaluation, tt.body)
			f := refused(t, got, http.StatusBadRequest, "body_malformed")
			if !slices.Equal(f.locations(), tt.want) {
				t.Errorf("got %v, want %v", f.locations(), tt.want)
			}
			if strings.Contains(got.Body.String()+w.log.String(), secret) {
				t.Errorf("a value is told: %s %s", got.Body, w.log)
			}
			if len(w.decider.asked)+len(w.journal.events) != 0 {
				t.Error("a malformed question was asked")
			}
		})
	}
}

func TestNoAnswerIsADenial(t *testing.T) {
	fine := pdp.Decision{Allow: true, Revision: "r1", Grounds: byRole()}
	tests := []struct {
		name   string
		answer func(context.Context, pdp.Request) (pdp.Decision, error)
	}{
		{"error beside an allow", func(context.Context, pdp.Request) (pdp.Decision, error) { return fine, errors.New("broken") }},
		{"panic", func(context.Context, pdp.Request) (pdp.Decision, error) { panic("broken") }},
		{"too late", func(ctx context.Context, _ pdp.Request) (pdp.Decision, error) { <-ctx.Done(); return fine, nil }},
		{"zero", func(context.Context, pdp.Request) (pdp.Decision, error) { return pdp.Decision{}, nil }},
		{"of no revision", func(context.Context, pdp.Request) (pdp.Decision, error) {
			return pdp.Decision{Allow: true, Grounds: byRole()}, nil
		}},
		{"under no rule", func(context.Context, pdp.Request) (pdp.Decision, error) {
			return pdp.Decision{Allow: true, Revision: "r1"}, nil
		}},
		{"a denial with grounds", func(context.Context, pdp.Request) (pdp.Decision, error) {
			return pdp.Decision{Revision: "r1", Reasons: []string{"late"}, Grounds: byRole()}, nil
		}},
		{"allow with a reason", func(context.Context, pdp.Request) (pdp.Decision, error) {
			return pdp.Decision{Allow: true, Revision: "r1", Grounds: byRole(), Reasons: []string{"late"}}, nil
		}},
		{"obligation without an id", func(context.Context, pdp.Request) (pdp.Decision, error) {
			return pdp.Decision{Allow: true, Revision: "r1", Grounds: byRole(), Obligations: []pdp.Obligation{{Type: "x"}}}, nil
		}},
		{"obligation that is not JSON", func(context.Context, pdp.Request) (pdp.Decision, error) {
			return pdp.Decision{Allow: true, Revision: "r1", Grounds: byRole(), Obligations: []pdp.Obligation{{ID: "x", Properties: []byte("{")}}}, nil
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, func(c *api.Config) { c.Timeout = 20 * time.Millisecond })
			w.decider.answer = tt.answer
			got := w.post(api.PathEvaluation, question("p-1"))
			r := decode[reply](t, got.Body.Bytes())
			want := `{"decision":false,"context":{"id":"` + r.Context.ID + `","reasons":["decision_unavailable"],"obligations":[]}}`
			if got.Code != http.StatusOK || got.Body.String() != want {
				t.Errorf("got %d %s, want 200 %s", got.Code, got.Body, want)
			}
			if len(w.journal.events) != 1 || w.journal.events[0].Allow {
				t.Errorf("got events %+v, want one denial", w.journal.events)
			}
			if !strings.Contains(w.log.String(), r.Context.ID) {
				t.Errorf("the log %q does not name the decision", w.log)
			}
		})
	}
}

func TestEveryAnswerIsEvidence(t *testing.T) {
	w := newWorld(t)
	got := w.post(api.PathEvaluation, question("no-1"))
	r := decode[reply](t, got.Body.Bytes())
	if len(w.journal.events) != 1 {
		t.Fatalf("got %d events, want 1", len(w.journal.events))
	}
	e := w.journal.events[0]
	if id, err := uuid.Parse(e.Decision); err != nil || id.Version() != 7 || e.Decision != r.Context.ID {
		t.Errorf("got decision id %q, want a UUIDv7 that is %q", e.Decision, r.Context.ID)
	}
	switch {
	case e.Kind != pip.KindDecision, e.Detail != "asked", e.Action != "patient.read", e.Subject != "u-1", e.Role != "doctor",
		e.Allow, e.Outcome != "failure", e.Revision != "r1", string(e.Input) != `{"seen":true}`, e.Ages["care"] != 7,
		e.Address != "10.1.2.3", !e.Time.Equal(noon()),
		!slices.Equal(e.Reasons, []string{"not_your_patient", "step_up_required"}),
		!slices.Equal(e.Obligations, []string{"revoke_session", "note"}):
		t.Errorf("got %+v", e)
	}
	w.post(api.PathEvaluation, question("p-1"))
	if e := w.journal.events[1]; !e.Allow || e.Outcome != "success" || !slices.Equal(e.Rules, []string{"role/role"}) ||
		e.Right != "Patient Health overview" || e.Reach != "own" {
		t.Errorf("got %+v, want an allow and its grounds", e)
	}
}

func TestNoAnswerWithoutEvidence(t *testing.T) {
	batch := `{"evaluations":[` + question("p-1") + `,` + question("p-2") + `]}`
	for path, body := range map[string]string{
		api.PathEvaluation:  question("p-1"),
		api.PathEvaluations: batch,
		api.PathAnswer:      `{"input":` + question("p-1") + `}`,
	} {
		w := newWorld(t)
		w.journal.err = errDisk
		got := w.post(path, body)
		refused(t, got, http.StatusServiceUnavailable, "journal_unavailable")
		if strings.Contains(got.Body.String(), "disk") || !strings.Contains(w.log.String(), "disk") {
			t.Errorf("%s: got answer %s, log %s", path, got.Body, w.log)
		}
	}
}

func TestDataIsTheSameAnswerInAnotherEnvelope(t *testing.T) {
	w := newWorld(t)
	got := w.post(api.PathAnswer, `{"input":`+question("no-1")+`,"unknown":1}`)
	id := w.journal.events[0].Decision
	want := `{"result":{"decision":false,"context":{"id":"` + id + `","reasons":["not_your_patient","step_up_required"],` +
		`"obligations":[{"id":"revoke_session","type":"revoke","properties":{"reason":"role_forbidden"}},{"id":"note","type":"log"}]}},` +
		`"decision_id":"` + id + `"}`
	if got.Code != http.StatusOK || got.Body.String() != want {
		t.Errorf("got %d %s, want 200 %s", got.Code, got.Body, want)
	}
	for body, location := range map[string]string{
		`{}`:                  "body.input",
		`{"input":[]}`:        "body.input",
		question("p-1"):       "body.input",
		`{"input":{}}`:        "body.input.subject",
		`{"input":null}`:      "body.input",
		`{"Input":{"a":"b"}}`: "body.input",
	} {
		f := refused(t, w.post(api.PathAnswer, body), http.StatusBadRequest, "body_malformed")
		if f.locations()[0] != location {
			t.Errorf("%s: got %v, want %s", body, f.locations(), location)
		}
	}
}

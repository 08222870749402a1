package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/api"
)

// What a caller says beyond the question is handed on as its claims, and the
// question stays as it is.
func TestClaimsStandApart(t *testing.T) {
	const said = `{
		"subject": {"type": "user", "id": "u-1", "properties": {"role": "security", "account": "active", "id": "u-2", "age": 7, "groups": ["a"], "vip": true}},
		"action": {"name": "patient.read", "properties": {"method": "GET"}},
		"resource": {"type": "patient", "id": "p-1", "properties": {"owner": "u-1", "id": "p-2"}},
		"context": {"address": "10.1.2.3", "time": "1999-01-01T00:00:00Z", "credential": {"state": "valid"}, "session": "s-1", "purpose": "treatment", "caller": "icu", "nothing": null, "odd": "a\nb"}
	}`
	want := map[string]string{
		"subject.properties.role": "security", "subject.properties.account": "active", "subject.properties.id": "u-2", "subject.properties.vip": "true",
		"subject.properties.age": "", "subject.properties.groups": "", "context.credential": "", "context.odd": "", // said, in no words
		"action.properties.method": "GET", "resource.properties.owner": "u-1", "resource.properties.id": "p-2",
		"context.address": "10.1.2.3", "context.time": "1999-01-01T00:00:00Z", "context.session": "s-1", "context.purpose": "treatment", "context.caller": "icu",
	}
	for path, body := range map[string]string{
		api.PathEvaluation:  said,
		api.PathAnswer:      `{"input":` + said + `}`,
		api.PathEvaluations: strings.TrimSuffix(strings.TrimSpace(said), "}") + `, "evaluations": [{}]}`,
	} {
		w := newWorld(t)
		if got := w.post(path, body); got.Code != http.StatusOK {
			t.Fatalf("%s: got %d %s", path, got.Code, got.Body)
		}
		r := w.decider.asked[0]
		if !maps.Equal(r.Context.Claims, want) {
			t.Errorf("%s: got claims %v, want %v", path, r.Context.Claims, want)
		}
		r.Context.Claims = nil
		plain := pdp.Request{
			Subject: pdp.Subject{Type: "user", ID: "u-1"}, Action: pdp.Action{Name: "patient.read"}, Resource: pdp.Resource{Type: "patient", ID: "p-1"},
			Context: pdp.Context{Time: noon(), Address: r.Context.Address, Credential: pdp.Credential{State: pdp.CredentialDelegated}, Caller: pdp.Caller{Kind: "token", Name: "lab"}},
		}
		if fmt.Sprintf("%+v", r) != fmt.Sprintf("%+v", plain) || r.Context.Address.String() != "10.1.2.3" {
			t.Errorf("%s: got %+v, want %+v", path, r, plain)
		}
		if e := w.journal.events[0]; e.Caller != "token:lab" {
			t.Errorf("%s: the record names %q as the caller", path, e.Caller)
		}
	}
}

// The claims of one item of a batch are not those of another.
func TestClaimsOfOneItemAreItsOwn(t *testing.T) {
	w := newWorld(t)
	w.post(api.PathEvaluations, `{"subject":{"type":"user","id":"u-1"},"action":{"name":"patient.read"},"resource":{"type":"patient","id":"p-1"},
		"evaluations":[{"context":{"purpose":"treatment"}},{},{"context":{"purpose":"payment"},"subject":{"type":"user","id":"u-1","properties":{"a":"b"}}}]}`)
	for i, want := range []map[string]string{{"context.purpose": "treatment"}, nil, {"context.purpose": "payment", "subject.properties.a": "b"}} {
		if got := w.decider.asked[i].Context.Claims; !maps.Equal(got, want) {
			t.Errorf("item %d: got %v, want %v", i, got, want)
		}
	}
}

// A caller that says endlessly much is told so: what would be left out could be
// what denies.
func TestClaimsAreBounded(t *testing.T) {
	var many []string
	for i := range 65 {
		many = append(many, fmt.Sprintf(`"k%03d":"v"`, i))
	}
	w := newWorld(t)
	got := w.post(api.PathEvaluation, `{"subject":{"type":"user","id":"u-1"},"action":{"name":"patient.read"},"resource":{"type":"patient","id":"p-1"},
		"context":{`+strings.Join(many, ",")+`}}`)
	if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "at most 64") || len(w.decider.asked) != 0 {
		t.Errorf("got %d %s", got.Code, got.Body)
	}
	got = w.post(api.PathEvaluation, `{"subject":{"type":"user","id":"u-1"},"action":{"name":"patient.read"},"resource":{"type":"patient","id":"p-1"},
		"context":{`+strings.Join(many[2:], ",")+`,"long":"`+strings.Repeat("x", 65)+`"}}`)
	claims := w.decider.asked[0].Context.Claims
	if long, said := claims["context.long"]; got.Code != http.StatusOK || len(claims) != 64 || claims["context.k064"] != "v" || !said || long != "" {
		t.Errorf("got %d and %d claims", got.Code, len(claims))
	}
}

// Each token is its caller's own.
func TestTokensTellCallersApart(t *testing.T) {
	const icu = "another-token-of-the-icu"
	w := newWorld(t, func(c *api.Config) { c.Tokens["icu"] = icu })
	for presented, want := range map[string]string{
		"Bearer " + token: "token:lab", "bearer " + icu: "token:icu",
		"Basic " + icu: "", "Bearer " + icu + " ": "", "Bearer " + token + icu: "", "Bearer": "",
	} {
		w.journal.events = nil
		r := httptest.NewRequest(http.MethodPost, api.PathEvaluation, strings.NewReader(question("p-1")))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", presented)
		got := w.send(r)
		switch {
		case want == "" && (got.Code != http.StatusUnauthorized || len(w.journal.events) > 0):
			t.Errorf("%q: got %d, want 401", presented, got.Code)
		case want != "" && (got.Code != http.StatusOK || w.journal.events[0].Caller != want):
			t.Errorf("%q: got %d, want an answer to %s", presented, got.Code, want)
		}
	}
}

package analysis_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

func explain(t *testing.T, b *analysis.Book, input json.RawMessage) *analysis.Explanation {
	t.Helper()
	x, err := b.Explain(context.Background(), input, map[string]int64{"care": 1500})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

type change = map[string]any

// Every reason that people meet, and what asking proves would help.
func TestRemedies(t *testing.T) {
	b := openBook(t, policies.FS)
	inputs := golden(t)
	creating := change{"/action/name": "session.create", "/resource/type": "session", "/resource/id": "", "/context/device/match": "unseen", "/context/credential/presented": ""}
	editing := change{"/action/name": "service.edit"}
	tests := []struct {
		name   string
		who    string
		change change
		want   []string // reasons
		remedy [][]string
	}{
		{"colleague's patient", "doctor", change{"/context/care/treats": false}, []string{"not_your_patient"}, [][]string{{"being assigned to this patient"}}},
		{"another department", "nurse", change{"/context/care/same_department": false}, []string{"not_your_department"}, [][]string{{"the patient being in this department"}}},
		{"somebody else's record", "patient", change{"/context/care/own": false}, []string{"not_your_record"}, nil},
		{"edit without a step-up", "doctor", editing, []string{"step_up_required"}, [][]string{{"a step-up"}}},
		{"edit of a colleague's patient", "doctor", and(editing, change{"/context/care/treats": false}),
			[]string{"not_your_patient", "step_up_required"}, [][]string{{"a step-up", "being assigned to this patient"}}},
		{"edit of a colleague's patient from another device", "doctor", and(editing, change{"/context/care/treats": false, "/context/device/match": "changed"}),
			[]string{"device_changed", "not_your_patient", "step_up_required"}, [][]string{{"a step-up", "logging in again", "being assigned to this patient"}}},
		{"role", "nurse", editing, []string{"role_forbidden"}, nil},
		{"unknown action", "doctor", change{"/action/name": "x"}, []string{"role_forbidden", "route_unknown"}, nil},
		{"another device", "doctor", change{"/context/device/match": "changed"}, []string{"device_changed"}, [][]string{{"logging in again"}}},
		{"comparison out", "doctor", change{"/context/device/state": "unknown", "/context/device/match": "", "/context/device/workstation": ""}, []string{"device_unknown"}, [][]string{{"waiting until the comparison of devices answers again"}}},
		{"expired", "stranger", change{"/action/name": "patient.read", "/context/credential/state": "expired"}, []string{"account_inactive", "device_unknown", "role_forbidden", "token_expired"}, [][]string{{"logging in"}}},
		{"forged", "stranger", change{"/action/name": "patient.read", "/context/credential/state": "invalid"}, []string{"account_inactive", "device_unknown", "role_forbidden", "token_invalid"}, [][]string{{"logging in"}}},
		{"no token", "stranger", change{"/action/name": "patient.read", "/context/credential/state": "none"}, []string{"account_inactive", "device_unknown", "role_forbidden", "session_missing"}, [][]string{{"logging in"}}},
		{"stranger", "stranger", change{"/action/name": "patient.read"}, []string{"account_inactive", "device_unknown", "role_forbidden", "session_missing"}, [][]string{{"logging in"}}},
		{"revoked", "doctor", change{"/context/revocation/session": "revoked"}, []string{"session_revoked"}, [][]string{{"logging in again"}}},
		{"banned", "doctor", change{"/context/revocation/subject": "banned"}, []string{"subject_banned"}, [][]string{{"an officer lifting the ban"}, {"waiting until the ban ends"}}},
		{"list stale", "doctor", change{"/context/revocation/state": "stale", "/context/revocation/stale_for": "long"}, []string{"revocation_unknown"}, [][]string{{"waiting until the revocation list answers again"}}},
		{"pending", "doctor", change{"/subject/properties/account": "pending"}, []string{"account_inactive"}, [][]string{{"the account being approved by an officer"}}},
		{"disabled", "doctor", change{"/subject/properties/account": "disabled"}, []string{"account_inactive"}, [][]string{{"the account being enabled by an officer"}}},
		{"identity stale", "doctor", change{"/context/identity/state": "unknown"}, []string{"identity_unknown"}, [][]string{{"waiting until ID management answers again"}}},
		{"place unknown", "doctor", change{"/context/location/state": "unknown", "/context/location/place": ""}, []string{"location_unknown"}, [][]string{{"waiting until the location answers again"}}},
		{"care unknown", "doctor", change{"/context/care/state": "unknown", "/context/care/treats": false, "/context/care/same_department": false}, []string{"care_unknown"}, [][]string{{"waiting until the register of treatment answers again"}}},
		{"signals stale at a change", "doctor", and(editing, change{"/context/signals/state": "stale", "/context/credential/acr": "urn:wardgate:acr:stepped-up", "/context/credential/elevation": "fresh"}), []string{"signals_unknown"}, [][]string{{"waiting until the signals answer again"}}},
		{"no clock", "doctor", change{"/context/time/state": "unknown", "/context/time/period": ""}, []string{"time_unknown"}, [][]string{{"waiting until the clock is right again"}}},
		{"barred", "doctor", and(creating, change{"/context/revocation/log_in": "barred"}), []string{"log_in_barred"}, [][]string{{"waiting until log-ins are no longer barred"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := explain(t, b, with(t, inputs[tt.who], tt.change))
			if x.Allow || !slices.Equal(x.Reasons, tt.want) {
				t.Fatalf("got allow %t, reasons %v, want %v", x.Allow, x.Reasons, tt.want)
			}
			if len(x.Remedies) != len(tt.remedy) || len(tt.remedy) > 0 && !reflect.DeepEqual(x.Remedies, tt.remedy) {
				t.Errorf("got %v, want %v", x.Remedies, tt.remedy)
			}
		})
	}
}

// codes are the denials that stand in the rules, whoever wrote them.
func codes(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for name, f := range enginetest.Book(t, policies.FS) {
		if !strings.HasPrefix(name, "authz/rules/") || strings.HasSuffix(name, "_test.rego") {
			continue
		}
		for _, r := range ast.MustParseModule(string(f.Data)).Rules {
			if code, ok := keyOf(r); ok && string(r.Head.Name) == "deny" {
				found[code] = true
			}
		}
	}
	return found
}

func keyOf(r *ast.Rule) (string, bool) {
	if r.Head.Key == nil {
		return "", false
	}
	s, ok := r.Head.Key.Value.(ast.String)
	return string(s), ok
}

func TestExplanationNamesRulesAndFacts(t *testing.T) {
	b := openBook(t, policies.FS)
	x := explain(t, b, with(t, golden(t)["doctor"], change{"/context/care/treats": false}))
	var deny []analysis.Statement
	for _, s := range x.Rules {
		if s.Verb == "deny" {
			deny = append(deny, s)
		}
	}
	if len(deny) != 1 || deny[0].Code != "not_your_patient" || deny[0].File != "authz/rules/care/care.rego" || deny[0].Package == "" || deny[0].Title == "" {
		t.Fatalf("got %+v, want the one denial of care.rego", deny)
	}
	text, err := fs.ReadFile(policies.FS, deny[0].File)
	if err != nil {
		t.Fatal(err)
	}
	if line := strings.Split(string(text), "\n")[deny[0].Line-1]; !strings.Contains(line, `deny contains "not_your_patient"`) {
		t.Errorf("line %d is %q", deny[0].Line, line)
	}
	for _, f := range x.Facts {
		if f.Path == "context.care.treats" {
			if f.Value != false || f.Source != "care" || f.State != "fresh" || f.Age == nil || *f.Age != 1500 {
				t.Errorf("got %+v, want false, from care, fresh, 1500 µs old", f)
			}
			return
		}
	}
	t.Errorf("got facts %v, want context.care.treats among them", x.Facts)
}

// What is explained is what was decided, for drawn situations.
func TestExplanationAgreesWithTheAnswer(t *testing.T) {
	b := openBook(t, policies.FS)
	next, err := rulebook.Draw(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	for range 150 {
		raw := with(t, next(), nil)
		d, err := b.Ask(context.Background(), raw)
		if err != nil {
			t.Fatal(err)
		}
		x := explain(t, b, raw)
		said := map[string]bool{}
		granted := false
		for _, s := range x.Rules {
			if s.Verb == "deny" {
				said[s.Code] = true
			}
			granted = granted || s.Verb == "grant"
		}
		if got := slices.Sorted(maps.Keys(said)); !slices.Equal(got, d.Reasons) && (granted || len(got) > 0) {
			t.Fatalf("rules said %v, the answer %v", got, d.Reasons)
		}
	}
}

func TestWhatIsNoInputIsRefused(t *testing.T) {
	b := openBook(t, policies.FS)
	for _, raw := range []string{"", "[]", "null", "{} {}", "{", `"x"`} {
		if d, err := b.Ask(context.Background(), json.RawMessage(raw)); err == nil || d.Allow {
			t.Errorf("%q: got %+v, %v, want an error", raw, d, err)
		}
	}
}

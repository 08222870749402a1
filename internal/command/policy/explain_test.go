package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/command/commandtest"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/policies"
)

// A decision of the journal becomes a test in the hospital's own tree.
func TestExplainWritesATest(t *testing.T) {
	data, tree := recordShift(t, policies.FS), commandtest.BookFolder(t)
	file := filepath.Join(tree, "authz", "recorded", "colleague_test.rego")
	explain := []string{"policy", "explain", "10-1-patient.read", "--data", data, "--policies", tree, "--as-test"}
	shown := commandtest.Run(explain...)
	shown.Want(t, 0, "test_patient_read_is_denied_not_your_patient", "Decision 10-1-patient.read")

	commandtest.Run(append(explain, "--out", file)...).Want(t, 0)
	written, err := os.ReadFile(file)
	if err != nil || string(written) != shown.Out {
		t.Errorf("got %s, %v, want what is shown without --out", written, err)
	}
	commandtest.Run("policy", "test", tree, "--run", "data.authz.recorded").Want(t, 0, "1 passed")
	beside := filepath.Join(tree, "authz", "rules", "care", "colleague_test.rego")
	commandtest.Run(append(explain, "--out", beside)...).Want(t, 0)
	commandtest.Run("policy", "test", tree, "--run", "10_1_patient_read").Want(t, 0, "2 passed")
	commandtest.Run(append(explain, "--out", file)...).Want(t, 1, "is there already")
	if again, err := os.ReadFile(file); err != nil || string(again) != string(written) {
		t.Errorf("an existing file was changed: %v", err)
	}

	commandtest.Run(append(explain, "--out", filepath.Join(tree, "rule.rego"))...).Want(t, 1, "_test.rego")
	commandtest.Run(append(explain[:len(explain)-1], "--out", file+"_test.rego")...).Want(t, 1, "--as-test")
}

// The end of a ban is told of a decision that it denied, as the journal has it: the one
// that held then, and not one that was lifted or came later.
func TestExplainTellsTheEndOfABan(t *testing.T) {
	data := t.TempDir()
	f := doctorAtWork()
	e := patientEngine(t, policies.FS, &f)
	j, err := audit.Open(audit.Config{Dir: filepath.Join(data, "journal")})
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	order := func(at time.Time, change pip.Change) {
		t.Helper()
		change.Of = "u-1"
		if err := j.Append(t.Context(), pip.Event{Kind: pip.KindSession, Time: at, Outcome: "success", Change: &change}); err != nil {
			t.Fatal(err)
		}
	}
	order(noon.Add(-time.Hour), pip.Change{What: pip.ChangeBan, Until: noon.Add(5 * time.Hour)})
	order(noon.Add(-time.Minute), pip.Change{What: pip.ChangeLift})
	order(noon.Add(-time.Second), pip.Change{What: pip.ChangeBan, Until: noon.Add(20 * time.Minute)})
	f.Revocation.Subject = true
	keep(t, e, j, "barred", "patient.read", noon)
	f.Revocation.Subject = false
	keep(t, e, j, "free", "patient.read", noon.Add(time.Minute))
	order(noon.Add(time.Hour), pip.Change{What: pip.ChangeBan, Until: noon.Add(9 * time.Hour)})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	commandtest.Run("policy", "explain", "barred", "--data", data).Want(t, 0, "the account was banned until 2026-03-02T12:20:00Z")
	commandtest.Run("policy", "explain", "barred", "--data", data, "--output", "json").Want(t, 0, `"banned_until": "2026-03-02T12:20:00Z"`)
	if ran := commandtest.Run("policy", "explain", "free", "--data", data); strings.Contains(ran.Out, "banned until") {
		t.Errorf("a ban is told of that was not in force:\n%s", ran.Out)
	}
}

// What would allow is said in words, in both languages, and what does not help too.
func TestExplainSaysWhatWouldAllow(t *testing.T) {
	input := func(change ...string) string {
		text := `{"subject": {"type": "user", "id": "u-1", "properties": {"account": "active", "role": "doctor", "staff": "s-1", "patient": "", "department": "d-1"}},
			"action": {"name": "service.add"}, "resource": {"type": "patient", "id": "p-1"}, "context": {
			"credential": {"state": "valid", "presented": "header", "acr": "", "amr": "pwd otp", "factors": "two", "elevation": "none"},
			"identity": {"state": "fresh"}, "device": {"state": "fresh", "match": "same"}, "location": {"state": "unknown", "place": ""},
			"revocation": {"state": "fresh", "session": "clear", "subject": "clear", "log_in": "clear", "address": "clear", "step_up": "none"},
			"care": {"state": "fresh", "treats": true, "same_department": true, "own": false}, "signals": {"state": "fresh"},
			"time": {"state": "fresh", "period": "day"}}}`
		return commandtest.Write(t, "input.json", strings.NewReplacer(change...).Replace(text))
	}
	commandtest.Run("policy", "explain", input()).Want(t, 0,
		"location_unknown: This cannot be decided now.", "waiting until the location answers again, if it is on-site")
	commandtest.Run("policy", "explain", input(), "--language", "ar").Want(t, 0, "داخل المستشفى")
	commandtest.Run("policy", "explain", input("doctor", "patient")).Want(t, 0,
		"nothing that may change helps", "who has this right: doctors (of patients whom they treat)")
	commandtest.Run("policy", "explain", input("service.add", "service.edit", `"treats": true`, `"treats": false`, `"same", `, `"changed", `, "clear", "banned",
		`"match": "same"`, `"match": "changed"`, `"session": "clear"`, `"session": "revoked"`)).Want(t, 0, "more than three things would have to change")
	commandtest.Run("policy", "explain", input(), "--output", "json").Want(t, 0, `"outcome": "changes"`, `"proved": true`, `"waiting until the location answers again"`)
}

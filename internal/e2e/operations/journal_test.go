package operations_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

// runOnce starts and stops a Wardgate on a data folder.
func runOnce(t *testing.T, c config.Config) error {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	a, err := process.New(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	cancel()
	return a.Run(ctx)
}

// A journal's folder that was rolled back whole verifies by itself. Its anchor
// in the sessions' database tells, and nothing starts on it until somebody
// answers for the loss.
func TestRolledBackJournalIsRefused(t *testing.T) {
	c := rig.Config(filepath.Join(t.TempDir(), "var"))
	if err := runOnce(t, c); err != nil {
		t.Fatal(err)
	}
	dir, early := filepath.Join(c.Data, "journal"), filepath.Join(t.TempDir(), "early")
	if err := os.CopyFS(early, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := runOnce(t, c); err != nil {
		t.Fatal(err)
	}
	if code, said := rig.Command("audit", "verify", "--anchors", "--data", c.Data); code != 0 {
		t.Fatalf("verify of a whole journal: %d %s", code, said)
	}
	if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(early)), os.Chmod(filepath.Join(dir, "audit.key"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if code, _ := rig.Command("audit", "verify", "--data", c.Data); code != 0 {
		t.Error("the copy should verify by itself, or this test tests nothing")
	}
	if code, said := rig.Command("audit", "verify", "--anchors", "--data", c.Data); code != 1 || !strings.Contains(said, "NOT whole") {
		t.Errorf("verify --anchors of a rolled back journal: %d %s", code, said)
	}
	if err := runOnce(t, c); !errors.Is(err, audit.ErrRolledBack) || !strings.Contains(err.Error(), "accept-loss") {
		t.Fatalf("got %v, want ErrRolledBack and what to do", err)
	}
	if code, said := rig.Command("audit", "accept-loss", "--data", c.Data, "--reason", "restored an old backup"); code != 0 {
		t.Fatalf("accept-loss: %d %s", code, said)
	}
	if err := runOnce(t, c); err != nil {
		t.Fatalf("after the loss was accepted: %v", err)
	}
	code, said := rig.Command("audit", "query", "--data", c.Data, "--kind", "system", "--output", "json")
	if code != 0 || strings.Count(said, "restored an old backup") != 1 {
		t.Errorf("got %d %s, want one record of the loss", code, said)
	}
	if code, said := rig.Command("audit", "accept-loss", "--data", c.Data, "--reason", "again"); code != 1 || !strings.Contains(said, "nothing is lost") {
		t.Errorf("accept-loss of nothing: %d %s", code, said)
	}
}

// Who saw this patient's record, who tried to, and on what grounds.
func TestWhoSawThisRecord(t *testing.T) {
	w := rig.New(t, nil)
	doctor, other := w.As("doctor"), w.As("doctor2")
	patients := doctor.Items("/api/patients")
	patient := patients[0].ID
	doctor.Get("/api/patients/" + patient).Is(200)
	other.Get("/api/patients/"+patient).Denied(403, "not_your_patient")
	doctorID, otherID := doctor.Me().ID, other.Me().ID
	code, said := rig.Command("audit", "query", "--data", w.Data, "--patient", patient)
	if code != 0 {
		t.Fatal(said)
	}
	lines := strings.Split(strings.TrimSpace(said), "\n")
	has := func(words ...string) bool {
		return slices.ContainsFunc(lines, func(line string) bool {
			for _, word := range words {
				if !strings.Contains(line, word) {
					return false
				}
			}
			return true
		})
	}
	for what, words := range map[string][]string{
		"the list that the patient was in":  {"outcome", "patient.list", "subject=" + doctorID, patient, "rule=role/role", `right="Responsible Patients" reach=own`},
		"the decision that allowed it":      {"decision", "allow", "patient.list", "subject=" + doctorID, "rule=role/role", `right="Responsible Patients" reach=own`},
		"the reading":                       {"outcome", "patient.read", "subject=" + doctorID, "session=", "rule=role/role", `right="Patient Health overview" reach=own`},
		"the grounds of the reading":        {"decision", "allow", "patient.read", "because=treats", "rule=role/role", `right="Patient Health overview" reach=own`, "revision="},
		"the attempt that was refused, why": {"decision", "deny", "reasons=not_your_patient", "subject=" + otherID, "session=", patient},
	} {
		if !has(words...) {
			t.Errorf("%s is not there (%v) in\n%s", what, words, said)
		}
	}
	if has(doctorID, "/api/me") {
		t.Error("records about nobody are among those about the patient")
	}
	if has("deny", "rule=") {
		t.Error("a denial names a rule that granted")
	}
	explainsItself(t, w, patient)
}

// explainsItself holds that records and explanation name the same rule.
func explainsItself(t *testing.T, w *rig.World, patient string) {
	t.Helper()
	_, said := rig.Command("audit", "query", "--data", w.Data, "--patient", patient, "--output", "json")
	decision := json.NewDecoder(strings.NewReader(said))
	for decision.More() {
		var e pip.Event
		if err := decision.Decode(&e); err != nil {
			t.Fatal(err)
		}
		if e.Kind != pip.KindDecision || e.Action != "patient.read" || !e.Allow {
			continue
		}
		if !slices.Equal(e.Rules, []string{"role/role"}) || e.Right != "Patient Health overview" || e.Reach != "own" {
			t.Errorf("got %v, %q, %q of a reading", e.Rules, e.Right, e.Reach)
		}
		if _, some := rig.Command("audit", "query", "--data", w.Data, "--rule", "role/role", "--patient", patient); !strings.Contains(some, e.Decision) {
			t.Errorf("the rule does not find the reading: %s", some)
		}
		if _, none := rig.Command("audit", "query", "--data", w.Data, "--rule", "role/rol"); none != "" {
			t.Errorf("a rule that allowed nothing finds %s", none)
		}
		code, why := rig.Command("policy", "explain", e.Decision, "--data", w.Data)
		if code != 0 || strings.Count(why, "under role/role (Patient Health overview: own)") != 2 {
			t.Errorf("explain: %d %s, want the recorded rule and the explained one", code, why)
		}
		return
	}
	t.Error("the reading is not among the records")
}

// A stranger's flood from outside leaves few records, which account for every
// request, and a doctor at the same address goes on.
func TestAFloodLeavesFewRecords(t *testing.T) {
	w := rig.New(t, nil)
	doctor := w.As("doctor")
	doctor.Via = "127.0.0.2"
	flood := w.Anonymous()
	flood.Via = "127.0.0.2"
	status, n := map[int]int{}, 400
	for i := range n {
		status[flood.SendOnce(flood.Request("GET", "/api/patients", nil)).Status]++
		if i%100 == 0 {
			doctor.Get("/api/me").Is(200)
		}
	}
	doctor.Get("/api/me").Is(200)
	if status[429] < n/2 || status[200] > 0 {
		t.Errorf("got %v", status)
	}
	w.Stop()
	records, requests := 0, 0
	for r, err := range reader.Query(context.Background(), filepath.Join(w.Data, "journal"), reader.Filter{Kind: pip.KindDecision}) {
		if err != nil {
			t.Fatal(err)
		}
		if e := r.Event; e.Address == "127.0.0.2" && e.Subject == "" {
			records++
			requests += max(1, e.Count)
		}
	}
	if records > n/4 || requests != n {
		t.Errorf("got %d records of %d requests, want few, of %d", records, requests, n)
	}
}

// A journal that is taken away while Wardgate runs ends its service at the next
// request, and stays missed: nothing is let through on evidence that is gone.
func TestJournalTakenAwayWhileRunning(t *testing.T) {
	for name, take := range map[string]func(dir string) error{
		"segment unlinked": func(dir string) error { return os.Remove(filepath.Join(dir, "journal-00000001.log")) },
		"segment emptied":  func(dir string) error { return os.Truncate(filepath.Join(dir, "journal-00000001.log"), 0) },
		"folder moved":     func(dir string) error { return os.Rename(dir, dir+".away") },
	} {
		t.Run(name, func(t *testing.T) {
			w := rig.New(t, nil)
			w.EndsIn = audit.ErrAltered
			doctor := w.As("doctor")
			doctor.Get("/api/me").Is(http.StatusOK)
			if err := take(filepath.Join(w.Data, "journal")); err != nil {
				t.Fatal(err)
			}
			for range 60 {
				doctor.Get("/api/me").Is(http.StatusServiceUnavailable)
			}
			w.Anonymous().Post("/auth/login", rig.WrongPassword("doctor")).Is(http.StatusServiceUnavailable)
			if status, r := w.Ready(); status != http.StatusServiceUnavailable || r.Status != "journal_unavailable" || r.Detail["journal"].State != "altered" {
				t.Errorf("got %d %s %+v", status, r.Status, r.Detail["journal"])
			}
			if w.Metric("wardgate_journal_altered") != "1" || !strings.Contains(w.Logs.String(), "journal was altered") {
				t.Error("neither metric nor log say so")
			}
		})
	}
}

// A session that has logged out, and one that asks for hosts and paths that do not
// exist, cost few records, which account for every request.
func TestAFloodOfSessionsLeavesFewRecords(t *testing.T) {
	w := rig.New(t, nil)
	gone, lost, honest := w.As("doctor"), w.As("nurse"), w.As("doctor2")
	gone.Post("/auth/logout", nil).Is(204)
	status, n := map[string]int{}, 500
	for i := range n {
		status[fmt.Sprint("gone ", gone.SendOnce(gone.Request("GET", "/api/patients", nil)).Status)]++
		status[fmt.Sprint("lost ", lost.SendOnce(lost.Request("GET", fmt.Sprint("/nowhere/", i), nil)).Status)]++
		r := lost.Request("GET", "/api/patients", nil)
		r.Host = "elsewhere.test"
		status[fmt.Sprint("host ", lost.SendOnce(r).Status)]++
	}
	honest.Get("/api/me").Is(200)
	if n := w.Metric(`wardgate_refusals_total{kind="void",recorded="counted"}`); n == "" || n == "0" {
		t.Errorf("the metric of what is counted is %q", n)
	}
	if status["gone 401"] == 0 || status["gone 401"]+status["gone 429"] != n || status["lost 404"] != n || status["host 421"] != n {
		t.Errorf("got %v", status)
	}
	w.Stop()
	records, requests, size := 0, 0, 0
	for r, err := range reader.Query(context.Background(), filepath.Join(w.Data, "journal"), reader.Filter{Kind: pip.KindDecision}) {
		if err != nil {
			t.Fatal(err)
		}
		if e := r.Event; !e.Allow && e.Subject != "" {
			records++
			requests += max(1, e.Count)
			size += len(r.JSON)
		}
	}
	if requests != 3*n || records > n/4 || size > 1<<20 {
		t.Errorf("got %d records, %d bytes, of %d requests, want few, of %d", records, size, requests, 3*n)
	}
}

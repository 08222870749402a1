package policy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/command"
	"github.com/wardgate/wardgate/internal/command/commandtest"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/internal/points/pointstest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/policies"
)

// world is what all information points say, changed by a test from one
// decision to the next.
type world struct{ facts pointstest.Facts }

func fresh(source string) pip.Reading {
	return pip.Reading{Source: source, State: pip.Fresh, Age: 40 * time.Millisecond}
}

func doctorAtWork() pointstest.Facts {
	return pointstest.Facts{
		Identity:   pip.Identity{Reading: fresh("identity"), Account: pip.AccountActive, Role: "doctor", Staff: "s-1", Department: "d-1"},
		Revocation: pip.Revoked{Reading: fresh("revocation")},
		Device:     pip.Device{Reading: fresh("device"), Match: pip.DeviceSame},
		Location:   pip.Location{Reading: fresh("location")},
		Care:       pointstest.Care{Reading: fresh("care"), Patient: "p-1", Staff: []string{"s-1"}, Department: "d-1"},
		Signals:    pip.Signals{Reading: fresh("signals")},
	}
}

// recordShift lets a real engine decide requests of some hours and
// keeps them in a real journal, whose data folder it returns.
func recordShift(t *testing.T, book fs.FS) string {
	t.Helper()
	w := &world{}
	e := patientEngine(t, book, &w.facts)
	data := t.TempDir()
	j, err := audit.Open(audit.Config{Dir: filepath.Join(data, "journal")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}()
	changes := []func(f *pointstest.Facts){
		func(*pointstest.Facts) {},
		func(f *pointstest.Facts) { f.Care.Staff = []string{"s-2"} },
		func(f *pointstest.Facts) { f.Device.Match = pip.DeviceChanged },
		func(f *pointstest.Facts) { f.Revocation.State = pip.Stale },
		func(f *pointstest.Facts) { f.Identity.Role = "nurse" },
		func(f *pointstest.Facts) { f.Identity = pip.Identity{} },
	}
	actions := []string{"patient.read", "service.edit", "patient.list", "bill.list", "model.predict"}
	for _, hour := range []int{0, 3, 10, 14, 23} {
		for i, change := range changes {
			w.facts = doctorAtWork()
			change(&w.facts)
			for _, action := range actions {
				at := time.Date(2026, 3, 2, hour, i, 0, 0, time.UTC)
				keep(t, e, j, fmt.Sprintf("%02d-%d-%s", hour, i, action), action, at)
			}
		}
	}
	return data
}

// patientEngine decides on a busy machine as on an idle one.
func patientEngine(t *testing.T, book fs.FS, f *pointstest.Facts) *engine.Engine {
	t.Helper()
	files, err := rulebook.ReadRules(book)
	if err != nil {
		t.Fatal(err)
	}
	first, err := engine.Load(files, points.Sections())
	if err != nil {
		t.Fatal(err)
	}
	return engine.NewFrom(first, pointstest.Sources(f), nil, slog.New(slog.DiscardHandler), engine.Config{Timeout: time.Minute})
}

func keep(t *testing.T, e *engine.Engine, j *audit.Journal, id, action string, at time.Time) {
	t.Helper()
	r := pdp.Request{
		Subject:  pdp.Subject{Type: "user", ID: "u-1"},
		Action:   pdp.Action{Name: action},
		Resource: pdp.Resource{Type: "patient", ID: "p-1"},
		Context: pdp.Context{Time: at, Address: netip.MustParseAddr("127.0.0.1"), Credential: pdp.Credential{
			State: pdp.CredentialValid, Presented: "header", Session: "x", AMR: []string{"pwd", "otp"},
		}},
	}
	d, err := e.Decide(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	trace := pdp.Trace{ID: id, Action: action, Subject: "u-1", Role: d.Evidence.Who.Role, Address: r.Context.Address}
	if action == "patient.read" {
		trace.Method, trace.Path = "GET", "/api/patients/p-1"
	}
	event := trace.Decided(&d, e.Tables().Reasons, at)
	if strings.HasPrefix(id, "old") {
		event.Duties, event.Measures, event.Answered, event.Shown = nil, nil, 0, nil
	}
	if err := j.Append(context.Background(), event); err != nil {
		t.Fatal(err)
	}
}

const nightRule = `package authz.rules.night

deny contains "night" if {
	input.action.name == "patient.read"
	input.context.time.period == "night"
}
`

func TestReplayUnderTheSameBookFindsNoFlip(t *testing.T) {
	data := recordShift(t, policies.FS)
	r := commandtest.Run("policy", "replay", "--journal", filepath.Join(data, "journal"), "--output", "json")
	r.Want(t, 0)
	var report analysis.ReplayReport
	if err := json.Unmarshal([]byte(r.Out), &report); err != nil {
		t.Fatal(err)
	}
	if report.Decisions != 5*6*5 || report.Same != report.Decisions || len(report.Flips) != 0 {
		t.Errorf("got %+v, want 150 the same", report)
	}
}

func TestReplayFailsOnFlipsThatNobodyMeant(t *testing.T) {
	journal := filepath.Join(recordShift(t, policies.FS), "journal")
	candidate := commandtest.BookFolder(t)
	commandtest.Put(t, candidate, "authz/rules/night/night.rego", nightRule)
	replay := []string{"policy", "replay", "--journal", journal, "--candidate", candidate}
	commandtest.Run(replay...).Want(t, 1, "newly_denied", "doctor", "patient.read", "+night", "NO", "00-0-patient.read")

	approvals := filepath.Join(t.TempDir(), "meant.yaml")
	commandtest.Run(append(replay, "--write-approve", approvals)...).Want(t, 1)
	commandtest.Run(append(replay, "--approve", approvals)...).Want(t, 0, "yes")

	commandtest.Edit(t, candidate, "authz/rules/device/device.rego", `match == "changed"`, `match == "never"`)
	commandtest.Run(append(replay, "--approve", approvals)...).Want(t, 1, "newly_allowed", "-device_changed", "NO")

	commandtest.Run("policy", "replay", "--journal", journal, "--approve", approvals).Want(t, 0, "met no flip")
	commandtest.Run(append(replay, "--since", "2026-03-02T10:00:00Z", "--until", "2026-03-02T11:00:00Z", "--output", "json")...).
		Want(t, 1, `"decisions": 30`, `"unapproved"`, "newly_allowed")
}

// What a changed table would have flipped is a flip, also when no rule changed.
func TestReplayFindsFlipsOfTables(t *testing.T) {
	journal := filepath.Join(recordShift(t, policies.FS), "journal")
	for name, c := range map[string]struct{ file, old, changed, want string }{
		"networks":     {"authz/tables/thresholds.rego", `"127.0.0.1/32"`, `"10.0.0.0/8"`, "context.location.place:on_site->off_site"},
		"a route":      {"authz/tables/routes.rego", `"GET", "/api/patients/{patient}", "records", "patient.read"`, `"GET", "/api/patients/{patient}", "records", "bill.list"`, "action.name:patient.read->bill.list"},
		"a status":     {"authz/tables/reasons.rego", `"role_forbidden": {"class": "right", "status": 403`, `"role_forbidden": {"class": "right", "status": 404`, "~status:403->404"},
		"withheld":     {"authz/tables/withheld.rego", `"nurse": {"national_id"}`, `"nurse": {"contact", "national_id"}`, "+withhold.fields:contact"},
		"a list's age": {"authz/tables/freshness.rego", `"device": {"stale_after": 5`, `"device": {"stale_after": 6`, "no flip"},
	} {
		t.Run(name, func(t *testing.T) {
			candidate := commandtest.BookFolder(t)
			commandtest.Edit(t, candidate, c.file, c.old, c.changed)
			code := 1
			if c.want == "no flip" {
				code = 0
			}
			commandtest.Run("policy", "replay", "--journal", journal, "--candidate", candidate).Want(t, code, c.want)
		})
	}
}

// Records of before measures were kept are replayed as far as they tell.
func TestReplaySaysWhatOlderRecordsDoNotTell(t *testing.T) {
	data := t.TempDir()
	f := doctorAtWork()
	e := patientEngine(t, policies.FS, &f)
	j, err := audit.Open(audit.Config{Dir: filepath.Join(data, "journal")})
	if err != nil {
		t.Fatal(err)
	}
	keep(t, e, j, "old-1", "patient.read", time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	candidate := commandtest.BookFolder(t)
	commandtest.Edit(t, candidate, "authz/tables/thresholds.rego", `"patients_many": 120`, `"patients_many": 121`)
	commandtest.Run("policy", "replay", "--journal", filepath.Join(data, "journal"), "--candidate", candidate).Want(t, 0,
		"no flip", "could not tell by the table thresholds: 1 decision", "could not tell by the table obligations")
}

// A file of before says nothing of words: it approves whatever they are.
func TestApprovalsOfBeforeAreRead(t *testing.T) {
	journal := filepath.Join(recordShift(t, policies.FS), "journal")
	candidate := commandtest.BookFolder(t)
	commandtest.Edit(t, candidate, "authz/tables/routes.rego", `"GET", "/api/patients/{patient}", "records", "patient.read"`, `"GET", "/api/patients/{patient}", "records", "bill.list"`)
	replay := []string{"policy", "replay", "--journal", journal, "--candidate", candidate, "--approve"}
	dir := t.TempDir()
	flip := "flips:\n  - direction: newly_denied\n    role: doctor\n    action: \"*\"\n    rule: +role_forbidden\n"
	commandtest.Put(t, dir, "before.yaml", flip)
	commandtest.Put(t, dir, "now.yaml", "version: 2\n"+flip)
	commandtest.Put(t, dir, "mixed.yaml", flip+"    words: \"*\"\n")
	commandtest.Run(append(replay, filepath.Join(dir, "before.yaml"))...).Want(t, 1, "yes")
	if r := commandtest.Run(append(replay, filepath.Join(dir, "now.yaml"))...); strings.Contains(r.Out, "yes") {
		t.Errorf("got %s, want nothing approved", r.Out)
	}
	commandtest.Run(append(replay, filepath.Join(dir, "mixed.yaml"))...).Want(t, 1, "mixed.yaml", "version: 2")
}

func TestApprovalsThatMakeNoSenseAreRefused(t *testing.T) {
	dir := t.TempDir()
	commandtest.Put(t, dir, "direction.yaml", "flips:\n  - direction: sideways\n")
	commandtest.Put(t, dir, "field.yaml", "flips:\n  - direction: newly_denied\n    rolle: doctor\n")
	for _, name := range []string{"direction.yaml", "field.yaml"} {
		commandtest.Run("policy", "replay", "--journal", dir, "--approve", filepath.Join(dir, name)).Want(t, 1, name)
	}
}

func TestExplainFindsADecisionInTheJournal(t *testing.T) {
	data := recordShift(t, policies.FS)
	commandtest.Run("policy", "explain", "10-1-patient.read", "--data", data).Want(t, 0,
		"not_your_patient", "care.rego:", "context.care.treats", "fresh 40ms old", "being assigned to this patient")
	commandtest.Run("policy", "explain", "10-0-patient.read", "--data", data).Want(t, 0, "allow", "grant")
	commandtest.Run("policy", "explain", "no-such-decision", "--data", data).Want(t, 1, "no decision no-such-decision")

	candidate := commandtest.BookFolder(t)
	commandtest.Put(t, candidate, "authz/rules/night/night.rego", nightRule)
	commandtest.Run("policy", "explain", "03-0-patient.read", "--data", data, "--policies", candidate).Want(t, 0,
		"recorded under revision", "answers otherwise", "waiting for the day")
	commandtest.Run("policy", "explain", "03-0-patient.read", "--data", data, "--policies", candidate, "--output", "json").Want(t, 0,
		`"other_revision": true`, `"waiting for the day"`)
}

func TestEvalReadsInputsAndRecords(t *testing.T) {
	data := recordShift(t, policies.FS)
	found := commandtest.Run("audit", "query", "--data", data, "--decision", "10-1-patient.read", "--output", "json")
	found.Want(t, 0)
	var record struct{ Input json.RawMessage }
	if err := json.Unmarshal([]byte(found.Out), &record); err != nil {
		t.Fatal(err)
	}
	commandtest.Put(t, data, "record.json", found.Out)
	commandtest.Put(t, data, "input.json", string(record.Input))
	commandtest.Put(t, data, "list.json", "[]")
	for _, name := range []string{"record.json", "input.json"} {
		commandtest.Run("policy", "eval", filepath.Join(data, name)).Want(t, 0, "deny", "not_your_patient")
		commandtest.Run("policy", "eval", filepath.Join(data, name), "--output", "json").Want(t, 0, `"decision": false`)
	}
	commandtest.Run("policy", "eval", filepath.Join(data, "list.json")).Want(t, 1, "not a JSON object")
	commandtest.Run("policy", "eval", filepath.Join(data, "input.json"), "--policies", filepath.Join(data, "none")).Want(t, 1, "rule book")
}

func TestCheckPrintsPlaceAndHint(t *testing.T) {
	commandtest.Run("policy", "check").Want(t, 0, "no fault")
	dir := commandtest.BookFolder(t)
	commandtest.Put(t, dir, "authz/rules/night/night.rego", nightRule)
	commandtest.Run("policy", "check", dir).Want(t, 1, filepath.Join(dir, "authz/rules/night/night.rego")+":1: ", "hint: ")
	commandtest.Run("policy", "check", dir, "--output", "json").Want(t, 1, `"ok": false`, `"code": "untested"`)
}

func TestTestFailsWithTheFailingCase(t *testing.T) {
	dir := commandtest.BookFolder(t)
	commandtest.Run("policy", "test", dir, "--run", `rules\.clock_test`, "--coverage").Want(t, 0, " 0 failed", "coverage")
	commandtest.Put(t, dir, "authz/rules/clock/more_test.rego",
		"package authz.rules.clock_test\n\ntest_more[name] if {\n\tsome name, n in {\"good\": 1, \"bad\": 2}\n\tn == 1\n}\n")
	commandtest.Run("policy", "test", dir).Want(t, 1, "more_test.rego:3: FAIL", `case "bad"`, "1 failed")
	commandtest.Run("policy", "test", dir, "--run", "no_such_test").Want(t, 1, "no test matches")
	commandtest.Run("policy", "test", dir, "--run", "(").Want(t, 1, "--run")
}

// screen is written by the command and read by the test.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// shows waits for a text; the bound is for a broken program, not a promise of speed.
func (s *screen) shows(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		s.mu.Lock()
		found := strings.Contains(s.b.String(), text)
		s.mu.Unlock()
		if found {
			return
		}
	}
	t.Fatalf("never saw %q", text)
}

func TestWatchRunsAgainAfterAChange(t *testing.T) {
	dir := commandtest.BookFolder(t)
	s := &screen{}
	done := make(chan int, 1)
	go func() {
		done <- command.Run([]string{"policy", "test", dir, "--run", "clock_test", "--watch"}, s, s, nil)
	}()
	s.shows(t, " 0 failed")
	commandtest.Edit(t, dir, "authz/rules/clock/clock.rego", `"time_unknown"`, `"time_gone"`)
	s.shows(t, "FAIL data.authz.rules.clock_test")
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := <-done; code != 0 {
		t.Errorf("got exit code %d, want 0 after an interrupt", code)
	}
}

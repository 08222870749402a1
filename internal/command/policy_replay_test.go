package command_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/internal/points/pointstest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/policies"
)

// ran is what one command line did.
type ran struct {
	code     int
	out, err string
}

func run(args ...string) ran {
	var out, errOut bytes.Buffer
	code := command.Run(args, &out, &errOut, nil)
	return ran{code, out.String(), errOut.String()}
}

func (r ran) want(t *testing.T, code int, texts ...string) {
	t.Helper()
	if r.code != code {
		t.Fatalf("got exit code %d, want %d\n%s%s", r.code, code, r.out, r.err)
	}
	for _, text := range texts {
		if !strings.Contains(r.out+r.err, text) {
			t.Errorf("got\n%s%s\nwithout %q", r.out, r.err, text)
		}
	}
}

// bookFolder is the built-in rule book as a folder that a test may edit.
func bookFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(dir, policies.FS); err != nil {
		t.Fatal(err)
	}
	return dir
}

func putFile(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func edit(t *testing.T, dir, name, old, new string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil || !strings.Contains(string(raw), old) {
		t.Fatalf("%s: %v, or no %q in it", name, err, old)
	}
	putFile(t, dir, name, strings.Replace(string(raw), old, new, 1))
}

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
	e, err := engine.New(book, points.Sections(), pointstest.Sources(&w.facts), nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
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
	for range 20 {
		if !errors.Is(err, context.DeadlineExceeded) && !strings.Contains(fmt.Sprint(err), "cancel") {
			break // a machine that is too busy does not decide in time: ask again
		}
		d, err = e.Decide(context.Background(), r)
	}
	if err != nil {
		t.Fatal(err)
	}
	event := pip.Event{
		Kind: pip.KindDecision, Time: at, Action: action, Decision: id, Subject: "u-1", Role: d.Evidence.Who.Role,
		Allow: d.Allow, Reasons: d.Reasons, Revision: d.Revision, Input: d.Evidence.Input, Ages: d.Evidence.Ages,
	}
	for _, o := range d.Obligations {
		event.Obligations = append(event.Obligations, o.ID)
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
	r := run("policy", "replay", "--journal", filepath.Join(data, "journal"), "--output", "json")
	r.want(t, 0)
	var report analysis.ReplayReport
	if err := json.Unmarshal([]byte(r.out), &report); err != nil {
		t.Fatal(err)
	}
	if report.Decisions != 5*6*5 || report.Same != report.Decisions || len(report.Flips) != 0 {
		t.Errorf("got %+v, want 150 the same", report)
	}
}

func TestReplayFailsOnFlipsThatNobodyMeant(t *testing.T) {
	journal := filepath.Join(recordShift(t, policies.FS), "journal")
	candidate := bookFolder(t)
	putFile(t, candidate, "authz/rules/night/night.rego", nightRule)
	replay := []string{"policy", "replay", "--journal", journal, "--candidate", candidate}
	run(replay...).want(t, 1, "newly_denied", "doctor", "patient.read", "+night", "NO", "00-0-patient.read")

	approvals := filepath.Join(t.TempDir(), "meant.yaml")
	run(append(replay, "--write-approve", approvals)...).want(t, 1)
	run(append(replay, "--approve", approvals)...).want(t, 0, "yes")

	edit(t, candidate, "authz/rules/device/device.rego", `match == "changed"`, `match == "never"`)
	run(append(replay, "--approve", approvals)...).want(t, 1, "newly_allowed", "-device_changed", "NO")

	run("policy", "replay", "--journal", journal, "--approve", approvals).want(t, 0, "met no flip")
	run(append(replay, "--since", "2026-03-02T10:00:00Z", "--until", "2026-03-02T11:00:00Z", "--output", "json")...).
		want(t, 1, `"decisions": 30`, `"unapproved"`, "newly_allowed")
}

func TestApprovalsThatMakeNoSenseAreRefused(t *testing.T) {
	dir := t.TempDir()
	putFile(t, dir, "direction.yaml", "flips:\n  - direction: sideways\n")
	putFile(t, dir, "field.yaml", "flips:\n  - direction: newly_denied\n    rolle: doctor\n")
	for _, name := range []string{"direction.yaml", "field.yaml"} {
		run("policy", "replay", "--journal", dir, "--approve", filepath.Join(dir, name)).want(t, 1, name)
	}
}

func TestExplainFindsADecisionInTheJournal(t *testing.T) {
	data := recordShift(t, policies.FS)
	run("policy", "explain", "10-1-patient.read", "--data", data).want(t, 0,
		"not_your_patient", "care.rego:", "context.care.treats", "fresh 40ms old", "being assigned to this patient")
	run("policy", "explain", "10-0-patient.read", "--data", data).want(t, 0, "allow", "grant")
	run("policy", "explain", "no-such-decision", "--data", data).want(t, 1, "no decision no-such-decision")

	candidate := bookFolder(t)
	putFile(t, candidate, "authz/rules/night/night.rego", nightRule)
	run("policy", "explain", "03-0-patient.read", "--data", data, "--policies", candidate).want(t, 0,
		"recorded under revision", "answers otherwise", "waiting for the day")
	run("policy", "explain", "03-0-patient.read", "--data", data, "--policies", candidate, "--output", "json").want(t, 0,
		`"other_revision": true`, `"waiting for the day"`)
}

func TestEvalReadsInputsAndRecords(t *testing.T) {
	data := recordShift(t, policies.FS)
	found := run("audit", "query", "--data", data, "--decision", "10-1-patient.read", "--output", "json")
	found.want(t, 0)
	var record struct{ Input json.RawMessage }
	if err := json.Unmarshal([]byte(found.out), &record); err != nil {
		t.Fatal(err)
	}
	putFile(t, data, "record.json", found.out)
	putFile(t, data, "input.json", string(record.Input))
	putFile(t, data, "list.json", "[]")
	for _, name := range []string{"record.json", "input.json"} {
		run("policy", "eval", filepath.Join(data, name)).want(t, 0, "deny", "not_your_patient")
		run("policy", "eval", filepath.Join(data, name), "--output", "json").want(t, 0, `"decision": false`)
	}
	run("policy", "eval", filepath.Join(data, "list.json")).want(t, 1, "not a JSON object")
	run("policy", "eval", filepath.Join(data, "input.json"), "--policies", filepath.Join(data, "none")).want(t, 1, "rule book")
}

func TestCheckPrintsPlaceAndHint(t *testing.T) {
	run("policy", "check").want(t, 0, "no fault")
	dir := bookFolder(t)
	putFile(t, dir, "authz/rules/night/night.rego", nightRule)
	run("policy", "check", dir).want(t, 1, filepath.Join(dir, "authz/rules/night/night.rego")+":1: ", "hint: ")
	run("policy", "check", dir, "--output", "json").want(t, 1, `"ok": false`, `"code": "untested"`)
}

func TestTestFailsWithTheFailingCase(t *testing.T) {
	dir := bookFolder(t)
	run("policy", "test", dir, "--run", `rules\.clock_test`, "--coverage").want(t, 0, " 0 failed", "coverage")
	putFile(t, dir, "authz/rules/clock/more_test.rego",
		"package authz.rules.clock_test\n\ntest_more[name] if {\n\tsome name, n in {\"good\": 1, \"bad\": 2}\n\tn == 1\n}\n")
	run("policy", "test", dir).want(t, 1, "more_test.rego:3: FAIL", `case "bad"`, "1 failed")
	run("policy", "test", dir, "--run", "no_such_test").want(t, 1, "no test matches")
	run("policy", "test", dir, "--run", "(").want(t, 1, "--run")
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

func (s *screen) shows(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
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
	dir := bookFolder(t)
	s := &screen{}
	done := make(chan int, 1)
	go func() {
		done <- command.Run([]string{"policy", "test", dir, "--run", "clock_test", "--watch"}, s, s, nil)
	}()
	s.shows(t, " 0 failed")
	edit(t, dir, "authz/rules/clock/clock.rego", `"time_unknown"`, `"time_gone"`)
	s.shows(t, "FAIL data.authz.rules.clock_test")
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := <-done; code != 0 {
		t.Errorf("got exit code %d, want 0 after an interrupt", code)
	}
}

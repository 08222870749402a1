package operations_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// All is well, and every part says so under the name that is documented.
func TestReadinessNamesEveryPart(t *testing.T) {
	w := rig.New(t, nil)
	w.As("doctor").Get("/api/patients").Is(http.StatusOK)
	status, r := w.Ready()
	if status != http.StatusOK || r.Status != "ready" || w.Metric("wardgate_ready") != "1" {
		t.Errorf("got %d %s, metric %q", status, r.Status, w.Metric("wardgate_ready"))
	}
	documented, err := os.ReadFile("../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for part, state := range map[string]string{
		"journal": "writing", "anchor": "anchored", "revocations": "fresh", "signals": "fresh", "policy": "active",
		"identity": "answering", "device": "answering", "location": "answering", "care": "answering",
	} {
		if got := r.Detail[part].State; got != state {
			t.Errorf("%s: got %q, want %q", part, got, state)
		}
		if !strings.Contains(string(documented), "`"+part+"`") {
			t.Errorf("%s is not in docs/operations.md", part)
		}
	}
	for _, name := range []string{
		"wardgate_journal_failing", "wardgate_journal_altered", "wardgate_journal_reserve_in_use", "wardgate_journal_records_total",
		"wardgate_journal_anchor_failing", "wardgate_journal_anchor_behind_records", "wardgate_signals_age_seconds",
		`wardgate_source_failures_total{source="identity"}`, `wardgate_degraded{part="journal"}`,
	} {
		bare, _, _ := strings.Cut(name, "{")
		if w.Metric(name) == "" || !strings.Contains(string(documented), "`"+bare) {
			t.Errorf("metric %s is not there, or not in docs/operations.md", name)
		}
	}
}

// Nobody can say who is cut off when the process starts. It starts, is not
// ready, lets nobody in, and goes to work by itself as soon as somebody can.
func TestStartWhereNobodyKnowsWhoIsCutOff(t *testing.T) {
	before := rig.New(t, nil)
	doctor := before.As("doctor")
	before.Stop()
	before.Execute("sessions.db", `ALTER TABLE admin_bans RENAME TO mislaid`)
	w := rig.New(t, func(c *config.Config) { c.Data = before.Data })
	doctor.World = w
	for range 3 {
		if status, r := w.Ready(); status != http.StatusServiceUnavailable || r.Status != "revocations_unknown" {
			t.Errorf("got %d %s", status, r.Status)
		}
		doctor.Get("/api/patients").Denied(http.StatusServiceUnavailable, "revocation_unknown")
	}
	w.Execute("sessions.db", `ALTER TABLE mislaid RENAME TO admin_bans`)
	rig.Until(t, "the process is ready", func() bool { status, _ := w.Ready(); return status == http.StatusOK })
	doctor.Get("/api/patients").Is(http.StatusOK)
}

// The anchor cannot be written: people work on, and operators see it.
func TestReadinessTellsOfAnAnchorThatIsRefused(t *testing.T) {
	w := rig.New(t, nil)
	doctor := w.As("doctor")
	w.Execute("sessions.db", `CREATE TRIGGER refuse BEFORE UPDATE ON journal_anchors BEGIN SELECT RAISE(ABORT, 'no'); END`)
	rig.Until(t, "the anchor is missed", func() bool { doctor.Get("/api/patients").Is(http.StatusOK); return w.Degraded("anchor") })
	if status, r := w.Ready(); status != http.StatusOK || r.Detail["anchor"].State != "failing" {
		t.Errorf("got %d %+v", status, r.Detail["anchor"])
	}
	if w.Metric("wardgate_journal_anchor_failing") != "1" || w.DegradedMetric("anchor") != "1" {
		t.Error("the metrics do not say so")
	}
	w.Execute("sessions.db", `DROP TRIGGER refuse`)
	rig.Until(t, "the anchor holds again", func() bool { return w.Condition("anchor") == "anchored" })
}

// An information point does not answer: what needs it is denied, the rest goes
// on, and operators see which.
func TestReadinessTellsOfAnInformationPoint(t *testing.T) {
	w := rig.New(t, nil)
	doctor := w.As("doctor")
	patient := "/api/patients/" + doctor.Items("/api/patients")[0].ID
	w.Execute("records.db", `DROP VIEW care_patient`)
	rig.Until(t, "care is unknown", func() bool { doctor.Get(patient); return w.Condition("care") == "failing" })
	if status, r := w.Ready(); status != http.StatusOK || r.Detail["care"].Since.IsZero() || r.Detail["identity"].State != "answering" {
		t.Errorf("got %d %+v", status, r.Detail)
	}
	if n := w.Metric(`wardgate_source_failures_total{source="care"}`); n == "0" || n == "" {
		t.Errorf("got %q failures", n)
	}
}

// smallDisk puts the journal of a data folder that has served on a file system
// of its own, of so many kilobytes.
func smallDisk(t *testing.T, data, size string) (dir string) {
	t.Helper()
	dir = filepath.Join(data, "journal")
	kept := filepath.Join(t.TempDir(), "kept")
	if err := os.CopyFS(kept, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	mount(t, dir, size)
	if err := errors.Join(os.CopyFS(dir, os.DirFS(kept)), os.Chmod(filepath.Join(dir, "audit.key"), 0o600)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The journal's disk is full: those who have a session work on, and the process
// stays ready, until the reserve is used up. Then it says that it is not, and
// takes itself back into service as soon as there is room, though nobody asks
// it anything.
func TestReadinessTellsOfAFullDisk(t *testing.T) {
	c := rig.Config(filepath.Join(t.TempDir(), "var"))
	c.Journal.ReserveBytes = 200 << 10
	if err := runOnce(t, c); err != nil {
		t.Fatal(err)
	}
	dir := smallDisk(t, c.Data, "1600k")
	w := rig.New(t, func(fresh *config.Config) { *fresh = c })
	doctor := w.As("doctor")

	ballast := filepath.Join(dir, "ballast")
	fillDisk(t, ballast)
	rig.Until(t, "the reserve is used", func() bool { doctor.Get("/api/me").Is(http.StatusOK); return w.Condition("journal") == "reserve" })
	if status, r := w.Ready(); status != http.StatusOK || !slices.Contains(r.Degraded, "journal") || w.Metric("wardgate_journal_reserve_in_use") != "1" {
		t.Errorf("with the reserve in use: got %d %v", status, r.Degraded)
	}
	w.Anonymous().Get("/api/me").Is(http.StatusServiceUnavailable)

	status := http.StatusOK
	for range 400 {
		if status = doctor.Get("/api/me").Status; status != http.StatusOK {
			break
		}
	}
	if status != http.StatusServiceUnavailable {
		t.Fatalf("got %d on a disk that is full to the end", status)
	}
	rig.Until(t, "the journal is full", func() bool { return w.Condition("journal") == "full" })
	status, r := w.Ready()
	if status != http.StatusServiceUnavailable || r.Status != "journal_unavailable" || r.Detail["journal"].Error != "no space left on device" {
		t.Errorf("got %d %s %+v", status, r.Status, r.Detail["journal"])
	}
	if w.Metric("wardgate_ready") != "0" || w.Metric("wardgate_journal_failing") != "1" {
		t.Error("the metrics do not say so")
	}
	if raw, err := json.Marshal(r); err != nil || strings.Contains(string(raw), w.Data) {
		t.Errorf("the detail names the data folder: %s", raw)
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	rig.Until(t, "the process is ready again, unasked", func() bool { status, r := w.Ready(); return status == 200 && len(r.Degraded) == 0 })
	doctor.Get("/api/me").Is(http.StatusOK)
	w.Anonymous().Get("/api/me").Is(http.StatusUnauthorized)
	w.Stop()
	if code, said := rig.Command("audit", "verify", "--anchors", "--data", c.Data); code != 0 {
		t.Errorf("verify: %d %s", code, said)
	}
}

// fillDisk leaves no room beside a file.
func fillDisk(t *testing.T, file string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, step := range []int{64 << 10, 4 << 10} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, step))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
}

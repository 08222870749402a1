package audit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/audit/verify"
)

// The test binary starts itself again as the process that is to be killed or
// starved of space.
const childVariable = "WARDGATE_AUDIT_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childVariable) {
	case "append":
		appendForever(os.Args[len(os.Args)-2], os.Args[len(os.Args)-1])
	case "fill":
		fillUnderLimit(os.Args[len(os.Args)-1])
	default:
		goleak.VerifyTestMain(m)
	}
}

func open(t testing.TB, cfg audit.Config) *audit.Journal {
	t.Helper()
	j, err := audit.Open(cfg)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func closeJournal(t testing.TB, j *audit.Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

func put(t testing.TB, j *audit.Journal, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := j.Append(context.Background(), event(id)); err != nil {
			t.Fatalf("append %s: %v", id, err)
		}
	}
}

func event(id string) pip.Event {
	return pip.Event{
		Kind:     pip.KindDecision,
		Time:     time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC),
		Action:   "patient.read",
		Decision: id,
		Subject:  "u-osei",
		Allow:    true,
		Input:    json.RawMessage(`{"action":"patient.read"}`),
	}
}

// filled returns a folder with a closed journal of n decisions "d-1"…
func filled(t testing.TB, n int, segmentBytes int64) string {
	t.Helper()
	dir := t.TempDir()
	j := open(t, audit.Config{Dir: dir, SegmentBytes: segmentBytes})
	for i := range n {
		put(t, j, fmt.Sprintf("d-%d", i+1))
	}
	closeJournal(t, j)
	return dir
}

// decisions reads the ids of all acknowledged decisions.
func decisions(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	for r, err := range reader.Query(context.Background(), dir, reader.Filter{Kind: pip.KindDecision}) {
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		out = append(out, r.Event.Decision)
	}
	return out
}

// actions reads the actions of the journal's records about itself.
func actions(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	for r, err := range reader.Query(context.Background(), dir, reader.Filter{Kind: pip.KindSystem}) {
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		out = append(out, r.Event.Action)
	}
	return out
}

func verified(t testing.TB, dir string) verify.Report {
	t.Helper()
	report, err := verify.Folder(dir)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	return report
}

func wantIntact(t testing.TB, dir string) verify.Report {
	t.Helper()
	report := verified(t, dir)
	if !report.OK() {
		t.Fatalf("verify: %v, want an intact journal", report.Findings)
	}
	return report
}

// files returns every file of a folder by name.
func files(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, e := range entries {
		out[e.Name()] = read(t, filepath.Join(dir, e.Name()))
	}
	return out
}

// restore makes a folder hold exactly the given files.
func restore(t testing.TB, dir string, content map[string][]byte) {
	t.Helper()
	for name := range files(t, dir) {
		if _, ok := content[name]; !ok {
			remove(t, filepath.Join(dir, name))
		}
	}
	for name, b := range content {
		write(t, filepath.Join(dir, name), b)
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func segmentPath(dir string, n int) string {
	return filepath.Join(dir, fmt.Sprintf("journal-%08d.log", n))
}

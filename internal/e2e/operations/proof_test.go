package operations_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/policies"
)

// folder is the built-in book as a folder, and a function that says for how long a
// second factor elevates. More than an hour keeps no promise, and passes every other
// check.
func folder(t *testing.T) (dir string, elevate func(seconds string)) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(dir, policies.FS); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "authz/tables/thresholds.rego")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const row = `"elevation_seconds": 300,`
	if !strings.Contains(string(text), row) {
		t.Fatalf("%s has no row %s", file, row)
	}
	return dir, func(seconds string) {
		write(t, file, []byte(strings.Replace(string(text), row, `"elevation_seconds": `+seconds+`,`, 1)))
	}
}

// proved waits until the proof of the revision in force has come to something. It
// rests more than it works, so that it takes as long as the machine lets it.
func proved(w *rig.World, state string) rig.Ready {
	w.T.Helper()
	for range 6000 {
		if _, r := w.Ready(); r.Policy.Proof.State == state && r.Policy.Proof.Revision == r.Policy.Revision {
			return r
		}
		time.Sleep(50 * time.Millisecond)
	}
	_, r := w.Ready()
	w.T.Fatalf("want %s, got %+v", state, r.Policy)
	return r
}

// A book from a folder is proved beside serving. One that is refuted serves, and
// operators are told by what.
func TestTheProofOfAFolderIsTold(t *testing.T) {
	dir, elevate := folder(t)
	elevate("30000")
	w := rig.New(t, func(c *config.Config) { c.Policies = dir })
	w.As("doctor").Get("/api/patients").Is(200)
	r := proved(w, "refuted")
	if !slices.Contains(r.Policy.Proof.Lacks, "never long_elevation") || r.Policy.Proof.By != "here" || !slices.Contains(r.Degraded, "proof") || r.Status != "ready" {
		t.Errorf("got %+v %v %s", r.Policy.Proof, r.Degraded, r.Status)
	}
	if m := w.Metrics(); !strings.Contains(m, `wardgate_policy_proof{state="refuted"} 1`) || strings.Contains(m, "wardgate_policy_invariants_lacking 0") {
		t.Error("the metrics do not say that the book is refuted")
	}
	elevate("299")
	next := proved(w, "proved")
	if next.Policy.Revision == r.Policy.Revision || slices.Contains(next.Degraded, "proof") || len(next.Policy.Proof.Lacks) > 0 {
		t.Errorf("got %+v %v", next.Policy, next.Degraded)
	}
	if !strings.Contains(w.Metrics(), `wardgate_policy_proof{state="proved"} 1`) {
		t.Error("the metrics do not say that the book is proved")
	}
}

// Where proofs are required, a book that is refuted does not come into force: not at
// the start, and not in the place of a good one.
func TestRequiredProofs(t *testing.T) {
	dir, elevate := folder(t)
	required := func(c *config.Config) { c.Policies, c.Policy.RequireProof = dir, true }
	elevate("30000")
	c := rig.Config(filepath.Join(t.TempDir(), "var"))
	required(&c)
	if _, err := process.New(context.Background(), c, slog.New(slog.DiscardHandler)); err == nil ||
		!strings.Contains(err.Error(), "not proved") || !strings.Contains(err.Error(), "never long_elevation") {
		t.Fatalf("got %v", err)
	}
	elevate("299")
	w := rig.New(t, required)
	first := proved(w, "proved")
	elevate("30000")
	var now rig.Ready
	for range 6000 {
		if _, now = w.Ready(); now.Policy.Refused != nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if now.Policy.Refused == nil || !strings.Contains(now.Policy.Refused.Error, "never long_elevation") || now.Policy.Revision != first.Policy.Revision {
		t.Errorf("got %+v", now.Policy)
	}
	if r := proved(w, "proved"); r.Policy.Revision != first.Policy.Revision {
		t.Errorf("got %+v", r.Policy)
	}
}

// A rule book that was in force when proofs were not required, or when less was proved,
// is resumed by a process that requires them: it serves, and operators are told.
func TestRequiredProofsDoNotStopWhatWasInForce(t *testing.T) {
	p := newPress(t)
	file := filepath.Join(t.TempDir(), "bundle.tar.gz")
	const thresholds = "authz/tables/thresholds.rego"
	good := p.files[thresholds]
	p.files[thresholds] = []byte(strings.Replace(string(good), `"elevation_seconds": 300,`, `"elevation_seconds": 30000,`, 1))
	write(t, file, p.print(1, "", ""))
	w := rig.New(t, p.follow(file))
	_, first := w.Ready()
	w.Stop()

	again := rig.New(t, func(c *config.Config) {
		c.Data = w.Data
		p.follow(file)(c)
		c.Policy.RequireProof = true
	})
	if _, r := again.Ready(); r.Policy.Revision != first.Policy.Revision {
		t.Fatalf("got %+v", r.Policy)
	}
	again.As("doctor").Get("/api/patients").Is(200)
	r := proved(again, "refuted")
	if !slices.Contains(r.Policy.Proof.Lacks, "never long_elevation") || !slices.Contains(r.Degraded, "proof") || r.Status != "ready" {
		t.Errorf("got %+v %v %s", r.Policy.Proof, r.Degraded, r.Status)
	}
}

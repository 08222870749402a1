package operations_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
)

// longAgo writes so many records into a journal, in small segments and in the
// year 2000: where the clock of a test's bubble begins.
func longAgo(t *testing.T, dir string, records int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		j, err := audit.Open(audit.Config{Dir: dir, SegmentBytes: 2000})
		if err != nil {
			t.Fatal(err)
		}
		for i := range records {
			err = errors.Join(err, j.Append(context.Background(), pip.Event{Kind: pip.KindSystem, Action: "start", Detail: fmt.Sprint(i)}))
		}
		if err := errors.Join(err, j.Close()); err != nil {
			t.Fatal(err)
		}
	})
}

func segments(t *testing.T, data string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(data, "journal", "journal-*.log"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// exchange puts a copy of a journal in its place.
func exchange(t *testing.T, dir, by string) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(by)), os.Chmod(filepath.Join(dir, "audit.key"), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// A keptJournal is the journal of a data folder, from outside.
type keptJournal struct {
	t     *testing.T
	c     config.Config
	dir   string
	flags []string // of the command that verifies
}

func (k *keptJournal) verify(what string, code int, says ...string) {
	k.t.Helper()
	got, said := rig.Command(append([]string{"audit", "verify", "--anchors", "--data", k.c.Data}, k.flags...)...)
	if got != code {
		k.t.Errorf("%s: got %d %s", what, got, said)
	}
	for _, word := range says {
		if !strings.Contains(said, word) {
			k.t.Errorf("%s: got %s, want %q", what, said, word)
		}
	}
}

func (k *keptJournal) run(what string) {
	k.t.Helper()
	if err := runOnce(k.t, k.c); err != nil {
		k.t.Fatalf("%s: %v", what, err)
	}
}

func (k *keptJournal) copy() (kept string) {
	k.t.Helper()
	kept = filepath.Join(k.t.TempDir(), "journal")
	if err := os.CopyFS(kept, os.DirFS(k.dir)); err != nil {
		k.t.Fatal(err)
	}
	return kept
}

// retention walks a journal through its configured life: what is older than the
// days that are kept goes, what is left verifies from a signed beginning, and
// whoever cuts it or rolls it back is seen by the anchor in SQL.
func retention(t *testing.T, change func(*config.Config), flags ...string) {
	k := &keptJournal{t: t, c: rig.Config(filepath.Join(t.TempDir(), "var")), flags: flags}
	change(&k.c)
	k.dir = filepath.Join(k.c.Data, "journal")
	k.run("the first start")
	longAgo(t, k.dir, 60)
	k.run("for ever")
	k.isPruned()
	k.isWatched()
}

// isPruned ends with the newest segment alone.
func (k *keptJournal) isPruned() {
	t := k.t
	t.Helper()
	before := len(segments(t, k.c.Data))
	k.verify("nothing is removed", 0)
	if before < 5 {
		t.Fatalf("got %d segments: this shows nothing", before)
	}
	k.c.Journal.RetainDays = 1
	held := k.c
	held.Stores.Events.Logstash.URL = "http://127.0.0.1:1" // a reader that has read nothing
	if err := runOnce(t, held); err != nil {
		t.Fatal(err)
	}
	if n := len(segments(t, k.c.Data)); n != before {
		t.Errorf("%d of %d segments are left, which nobody has shipped", n, before)
	}
	w := rig.New(t, func(fresh *config.Config) { *fresh = k.c })
	rig.Until(t, "old segments are removed", func() bool { return len(segments(t, k.c.Data)) == 1 })
	w.Stop()
	k.verify("pruned", 0, "were removed when their time was over, which is signed", "the chain is whole")
	code, said := rig.Command("audit", "query", "--data", k.c.Data, "--kind", "system", "--output", "json")
	if code != 0 || strings.Count(said, "journal.prune") != 1 {
		t.Errorf("query: got %d %s, want one record of the removal", code, said)
	}
}

// isWatched rolls back, cuts and empties what is left.
func (k *keptJournal) isWatched() {
	t := k.t
	t.Helper()
	early := k.copy()
	k.run("a later day")
	whole := k.copy()
	exchange(t, k.dir, early)
	k.verify("rolled back", 1, "NOT whole")
	if err := runOnce(t, k.c); !errors.Is(err, audit.ErrRolledBack) {
		t.Errorf("start on a journal that was rolled back: got %v", err)
	}
	for name, spoil := range map[string]func() error{
		"cut":     func() error { return os.Truncate(segments(t, k.c.Data)[0], 1000) },
		"emptied": func() error { return os.Remove(segments(t, k.c.Data)[0]) },
	} {
		exchange(t, k.dir, whole)
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		k.verify(name, 1, "NOT whole")
		if err := runOnce(t, k.c); err == nil {
			t.Errorf("%s: it starts", name)
		}
	}
	exchange(t, k.dir, whole)
	if err := os.Remove(filepath.Join(k.dir, "base")); err != nil {
		t.Fatal(err)
	}
	k.verify("without the signed beginning", 1, "NOT whole")
	exchange(t, k.dir, whole)
	k.run("the whole one again")
	k.verify("the whole one again", 0)
}

func TestJournalIsKeptAsLongAsConfigured(t *testing.T) { retention(t, func(*config.Config) {}) }

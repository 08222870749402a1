package audit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/anchor"
	"github.com/wardgate/wardgate/pip/audit/chain"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

// A memoryAnchor keeps heads, unless it fails.
type memoryAnchor struct {
	mu     sync.Mutex
	heads  map[string]chain.Head
	fail   error
	stores int
}

func (a *memoryAnchor) Store(_ context.Context, h chain.Head) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fail != nil {
		return a.fail
	}
	if a.heads[h.Chain].Seq > h.Seq {
		return errors.New("a newer head is kept")
	}
	a.stores++
	return a.put(h)
}

func (a *memoryAnchor) put(h chain.Head) error {
	if a.heads == nil {
		a.heads = map[string]chain.Head{}
	}
	a.heads[h.Chain] = h
	return nil
}

func (a *memoryAnchor) Replace(_ context.Context, h chain.Head) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.put(h)
}

func (a *memoryAnchor) Latest(_ context.Context, name string) (chain.Head, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	h, ok := a.heads[name]
	if !ok {
		return chain.Head{}, anchor.ErrNoAnchor
	}
	return h, nil
}

func (a *memoryAnchor) setFail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fail = err
}

// anchored is what Config.Anchored takes.
func (a *memoryAnchor) anchored(t testing.TB) *chain.Head {
	t.Helper()
	h, err := anchor.Latest(context.Background(), a, "main")
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// keep anchors the newest head of a journal.
func (a *memoryAnchor) keep(t testing.TB, j *audit.Journal) *anchor.Follower {
	t.Helper()
	k, err := anchor.Follow(context.Background(), j, a, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A folder is harmed in every way that leaves it plausible by itself.
func TestAnchorFindsARolledBackFolder(t *testing.T) {
	var anchor memoryAnchor
	dir := t.TempDir()
	j := open(t, audit.Config{Dir: dir, SegmentBytes: 1500})
	put(t, j, "d-1", "d-2")
	closeJournal(t, j)
	early := files(t, dir)
	j = open(t, audit.Config{Dir: dir, SegmentBytes: 1500})
	for i := range 10 {
		put(t, j, fmt.Sprintf("d-%d", 3+i))
	}
	k := anchor.keep(t, j)
	closeJournal(t, j)
	if err := k.Store(context.Background()); err != nil {
		t.Fatal(err)
	}
	whole := files(t, dir)
	tests := []struct {
		name  string
		spoil func(dir string)
		want  error // nil when the journal is what was anchored
	}{
		{"whole", func(string) {}, nil},
		{"rolled back whole to an earlier end in good order", func(dir string) { restore(t, dir, early) }, audit.ErrRolledBack},
		{"rolled back and grown longer than before", func(dir string) {
			restore(t, dir, early)
			j := open(t, audit.Config{Dir: dir})
			for i := range 30 {
				put(t, j, fmt.Sprintf("x-%d", i))
			}
			closeJournal(t, j)
		}, audit.ErrRolledBack},
		{"emptied", func(dir string) { restore(t, dir, nil) }, audit.ErrRolledBack},
		{"replaced by another genuine journal", func(dir string) { restore(t, dir, files(t, filled(t, 40, 1500))) }, audit.ErrAnchor},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			restore(t, dir, whole)
			tt.spoil(dir)
			spoilt := files(t, dir)
			j, err := audit.Open(audit.Config{Dir: dir, SegmentBytes: 1500, Anchored: anchor.anchored(t)})
			if tt.want == nil && err == nil {
				closeJournal(t, j)
				wantIntact(t, dir)
				return
			}
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), "accept-loss") {
				t.Fatalf("got %v, want %v and what to do", err, tt.want)
			}
			delete(spoilt, "lock")
			for name, want := range spoilt {
				if string(read(t, filepath.Join(dir, name))) != string(want) {
					t.Errorf("%s was changed though the folder is refused", name)
				}
			}
		})
	}
}

// A power cut may cost heads, never records: what was anchored still stands.
func TestAnchorAheadOfTheHeadIsNoRollback(t *testing.T) {
	var anchor memoryAnchor
	dir := t.TempDir()
	j := open(t, audit.Config{Dir: dir})
	put(t, j, "d-1")
	head := read(t, filepath.Join(dir, "head"))
	put(t, j, "d-2", "d-3")
	anchor.keep(t, j)
	cut := files(t, dir)
	closeJournal(t, j)
	restore(t, dir, cut)
	write(t, filepath.Join(dir, "head"), head)
	j = open(t, audit.Config{Dir: dir, Anchored: anchor.anchored(t)})
	anchor.keep(t, j)
	closeJournal(t, j)
	wantIntact(t, dir)
	wantInOrder(t, decisions(t, dir), "d-1", "d-2", "d-3")
}

func TestAcceptLoss(t *testing.T) {
	begin := func(t *testing.T) (dir string, anchor *memoryAnchor, early map[string][]byte) {
		anchor = &memoryAnchor{}
		dir = filepath.Join(t.TempDir(), "journal")
		j := open(t, audit.Config{Dir: dir})
		put(t, j, "d-1")
		closeJournal(t, j)
		early = files(t, dir)
		j = open(t, audit.Config{Dir: dir})
		put(t, j, "d-2", "d-3")
		anchor.keep(t, j)
		closeJournal(t, j)
		return dir, anchor, early
	}
	tests := []struct {
		name  string
		spoil func(t *testing.T, dir string, early map[string][]byte)
		keeps []string
		aside bool
	}{
		{"rolled back", func(t *testing.T, dir string, early map[string][]byte) { restore(t, dir, early) }, []string{"d-1"}, false},
		{"emptied", func(t *testing.T, dir string, _ map[string][]byte) { restore(t, dir, nil) }, nil, false},
		{"cut off behind its head", func(t *testing.T, dir string, _ map[string][]byte) {
			path := segmentPath(dir, 1)
			write(t, path, read(t, path)[:700])
		}, nil, true},
		{"its key is gone", func(t *testing.T, dir string, _ map[string][]byte) { remove(t, filepath.Join(dir, "audit.key")) }, nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx := context.Background()
			dir, anchor, early := begin(t)
			cfg := audit.Config{Dir: dir}
			if _, err := audit.AcceptLoss(ctx, cfg, anchor, "a good reason"); err == nil {
				t.Fatal("a loss of nothing was accepted")
			}
			tt.spoil(t, dir, early)
			if _, err := audit.AcceptLoss(ctx, cfg, anchor, ""); err == nil {
				t.Error("a loss was accepted without a reason")
			}
			loss, err := audit.AcceptLoss(ctx, cfg, anchor, "disk failed, ticket 12")
			if err != nil {
				t.Fatal(err)
			}
			if loss.Anchored < 6 || (loss.SetAside != "") != tt.aside || loss.Problem == "" {
				t.Errorf("got %+v", loss)
			}
			if tt.aside {
				if _, err := os.Stat(filepath.Join(filepath.Dir(dir), loss.SetAside, "head")); err != nil {
					t.Errorf("what was set aside: %v", err)
				}
			}
			cfg.Anchored = anchor.anchored(t)
			j := open(t, cfg)
			anchor.keep(t, j)
			closeJournal(t, j)
			wantIntact(t, dir)
			if got := decisions(t, dir); strings.Join(got, " ") != strings.Join(tt.keeps, " ") {
				t.Errorf("got decisions %v, want %v", got, tt.keeps)
			}
			found := 0
			for r, err := range reader.Query(ctx, dir, reader.Filter{Kind: pip.KindSystem}) {
				if err != nil {
					t.Fatal(err)
				}
				if r.Event.Action == "journal.loss" && strings.Contains(string(r.Event.Input), "ticket 12") {
					found++
				}
			}
			if found != 1 {
				t.Errorf("got %d records of the loss, want 1", found)
			}
		})
	}
}

// The head is anchored each second in which it changed, and while that fails
// the journal goes on.
func TestKeeperAnchorsWhatChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var anchor memoryAnchor
		j := open(t, audit.Config{Dir: t.TempDir(), Disk: newFaultyDisk()})
		k := anchor.keep(t, j)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { k.Run(ctx); close(done) }()
		first := anchor.stores
		time.Sleep(10 * time.Second)
		if anchor.stores != first {
			t.Errorf("a journal at rest was anchored %d times more", anchor.stores-first)
		}
		put(t, j, "d-1")
		time.Sleep(1100 * time.Millisecond)
		if k.Anchored() != j.Head().Seq || anchor.stores != first+1 {
			t.Errorf("got record %d anchored, %d times, want %d, once", k.Anchored(), anchor.stores-first, j.Head().Seq)
		}
		anchor.setFail(errors.New("the database is gone"))
		put(t, j, "d-2")
		time.Sleep(1100 * time.Millisecond)
		if k.Err() == nil || k.Anchored() == j.Head().Seq {
			t.Errorf("an anchor that fails shows nowhere")
		}
		anchor.setFail(nil)
		time.Sleep(1100 * time.Millisecond)
		if k.Err() != nil || k.Anchored() != j.Head().Seq {
			t.Errorf("got %v, anchored %d, after the anchor came back", k.Err(), k.Anchored())
		}
		cancel()
		<-done
		closeJournal(t, j)
	})
}

package audit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/chain"
)

// tryPut appends and returns the ids that were acknowledged.
func tryPut(j *audit.Journal, ids ...string) []string {
	var acknowledged []string
	for _, id := range ids {
		if j.Append(context.Background(), event(id)) == nil {
			acknowledged = append(acknowledged, id)
		}
	}
	return acknowledged
}

// on is a fault of one operation on files whose names contain part.
func on(op, part string, short bool) func(string, string) (bool, error) {
	return func(o, name string) (bool, error) {
		if o == op && strings.Contains(name, part) {
			return short, errInjected
		}
		return false, nil
	}
}

func TestFaults(t *testing.T) {
	tests := []struct {
		name    string
		segment int64
		fault   func(op, name string) (bool, error)
	}{
		{"write fails", 0, on("write", "journal-", false)},
		{"write is cut short", 0, on("write", "journal-", true)},
		{"sync fails", 0, on("sync", "journal-", false)},
		{"head cannot be written", 0, on("write", "head", false)},
		{"head is half written", 0, on("write", "head", true)},
		{"new segment cannot be made", 1, on("open", "journal-", false)},
		{"new segment cannot be written", 1, on("write", "journal-", true)},
		{"new segment cannot be synced", 1, on("sync", "journal-", false)},
		{"folder cannot be synced", 1, on("syncdir", "", false)},
		{"nothing works", 1, func(string, string) (bool, error) { return true, errInjected }},
		{"nothing works, large segment", 0, func(string, string) (bool, error) { return true, errInjected }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, disk := t.TempDir(), newFaultyDisk()
			j := open(t, audit.Config{Dir: dir, Disk: disk, SegmentBytes: tt.segment})
			put(t, j, "d-1", "d-2")
			disk.setFault(tt.fault)
			for _, id := range []string{"x-1", "x-2", "x-3"} {
				if err := j.Append(context.Background(), event(id)); !errors.Is(err, errInjected) {
					t.Fatalf("got %v, want the injected fault", err)
				}
			}
			if j.Err() == nil {
				t.Error("the journal does not say that it failed")
			}
			for _, f := range verified(t, dir).Findings { // what was acknowledged stands, even now
				if f.Code != chain.HeadDamaged || tt.name != "head is half written" {
					t.Errorf("while it fails: %v", f)
				}
			}
			crashed := files(t, dir)
			disk.setFault(nil)
			put(t, j, "d-3", "d-4")
			if j.Err() != nil {
				t.Errorf("the journal recovered, but says %v", j.Err())
			}
			closeJournal(t, j)
			wantIntact(t, dir)
			wantInOrder(t, decisions(t, dir), "d-1", "d-2", "d-3", "d-4")
			if got := actions(t, dir); !slices.Contains(got, "journal.resume") {
				t.Errorf("got %v, want a record of the refusals", got)
			}

			// Had the process died in the middle of it, nothing would be lost either.
			restore(t, dir, crashed)
			closeJournal(t, open(t, audit.Config{Dir: dir}))
			wantIntact(t, dir)
			wantInOrder(t, decisions(t, dir), "d-1", "d-2")
		})
	}
}

// wantInOrder checks that got holds want in this order. Records of failed
// appends may stand between.
func wantInOrder(t *testing.T, got []string, want ...string) {
	t.Helper()
	rest := want
	for _, id := range got {
		if len(rest) > 0 && id == rest[0] {
			rest = rest[1:]
		}
	}
	if len(rest) > 0 {
		t.Errorf("got %v, want %v among it", got, want)
	}
}

// Whatever fails at random, acknowledged records stay and the chain verifies.
func TestRandomFaults(t *testing.T) {
	dir, disk := t.TempDir(), newFaultyDisk()
	rng := rand.New(rand.NewPCG(7, 11))
	var acknowledged []string
	for round := range 8 {
		j, err := audit.Open(audit.Config{Dir: dir, Disk: disk, SegmentBytes: 4 << 10})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		disk.setFault(func(op, _ string) (bool, error) {
			if rng.IntN(12) == 0 {
				return rng.IntN(2) == 0, errInjected
			}
			return false, nil
		})
		var mu sync.Mutex
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for i := range 25 {
					got := tryPut(j, fmt.Sprintf("r%d-g%d-%d", round, g, i))
					mu.Lock()
					acknowledged = append(acknowledged, got...)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		_ = j.Close() // it may fail for the injected faults; the next Open copes
		disk.setFault(nil)
	}
	closeJournal(t, open(t, audit.Config{Dir: dir}))
	wantIntact(t, dir)
	wantAll(t, dir, acknowledged)
}

// wantAll checks that every acknowledged decision is in the journal, once.
func wantAll(t *testing.T, dir string, acknowledged []string) {
	t.Helper()
	seen := map[string]int{}
	for _, id := range decisions(t, dir) {
		seen[id]++
	}
	for _, id := range acknowledged {
		if seen[id] != 1 {
			t.Errorf("acknowledged record %s is in the journal %d times", id, seen[id])
		}
	}
}

// The head follows to the disk within a second, without another append.
func TestHeadIsSynced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := newFaultyDisk()
		j := open(t, audit.Config{Dir: t.TempDir(), Disk: disk})
		var synced []string
		disk.setFault(func(op, name string) (bool, error) {
			if op == "sync" {
				synced = append(synced, name)
			}
			return false, nil
		})
		put(t, j, "d-1")
		time.Sleep(1100 * time.Millisecond)
		put(t, j, "d-2")
		disk.setFault(nil)
		closeJournal(t, j)
		want := []string{"journal-00000001.log", "head", "journal-00000001.log"}
		if !slices.Equal(synced, want) {
			t.Errorf("got syncs of %v, want %v", synced, want)
		}
	})
}

// When the head cannot be synced, the records behind it are refused until it can.
func TestHeadSyncFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, disk := t.TempDir(), newFaultyDisk()
		j := open(t, audit.Config{Dir: dir, Disk: disk})
		disk.setFault(on("sync", "head", false))
		put(t, j, "d-1")
		time.Sleep(2 * time.Second)
		if err := j.Append(context.Background(), event("x")); !errors.Is(err, errInjected) {
			t.Errorf("got %v, want the injected fault", err)
		}
		disk.setFault(nil)
		turn := j.Head().Turn
		put(t, j, "d-2")
		if got := j.Head().Turn; got != turn+1 {
			t.Errorf("got turn %d after %d: the slot of the head before was overwritten", got, turn)
		}
		closeJournal(t, j)
		wantIntact(t, dir)
		wantInOrder(t, decisions(t, dir), "d-1", "d-2")
	})
}

// A journal that cannot be closed in good order is found as a crash leaves it.
func TestCloseFails(t *testing.T) {
	dir, disk := t.TempDir(), newFaultyDisk()
	j := open(t, audit.Config{Dir: dir, Disk: disk})
	put(t, j, "d-1")
	disk.setFault(on("write", "journal-", true))
	if err := j.Close(); !errors.Is(err, errInjected) {
		t.Errorf("got %v, want the injected fault", err)
	}
	if wantIntact(t, dir).Head.Closed {
		t.Error("the head says that the journal was closed")
	}
	closeJournal(t, open(t, audit.Config{Dir: dir}))
	wantIntact(t, dir)
	wantInOrder(t, decisions(t, dir), "d-1")
}

// Somebody else's hand in a running journal's files ends its service.
func TestTruncatedWhileRunning(t *testing.T) {
	dir, disk := t.TempDir(), newFaultyDisk()
	j := open(t, audit.Config{Dir: dir, Disk: disk})
	put(t, j, "d-1")
	path := filepath.Join(dir, "journal-00000001.log")
	short := read(t, path)
	write(t, path, short[:len(short)-10])
	disk.setFault(on("sync", "journal-", false))
	tryPut(j, "x-1")
	disk.setFault(nil)
	write(t, path, short[:len(short)-10])
	if err := j.Append(context.Background(), event("x-2")); err == nil {
		t.Error("appended to a segment whose end is gone")
	}
}

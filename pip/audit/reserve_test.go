package audit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
)

// The three ranks of events on a full disk.
func doctorEvent(id string) pip.Event { return event(id) }

func strangerDenied(id string) pip.Event {
	e := event(id)
	e.Subject, e.Allow = "", false
	return e
}

func strangerAllowed(id string) pip.Event {
	e := event(id)
	e.Subject = ""
	return e
}

// fills appends events until one is refused, and returns how many were not.
func fills(t *testing.T, j *audit.Journal, prefix string, of func(string) pip.Event) (acknowledged []string, err error) {
	t.Helper()
	for i := range 100_000 {
		e := of(fmt.Sprintf("%s-%d", prefix, i))
		e.Detail = strings.Repeat("x", 700)
		if err := j.Append(context.Background(), e); err != nil {
			return acknowledged, err
		}
		acknowledged = append(acknowledged, e.Decision)
	}
	t.Fatal("the disk never fills")
	return nil, nil
}

// fullDisk walks a journal with a reserve through a full disk and out again.
// makeRoom frees the disk.
func fullDisk(t *testing.T, j *audit.Journal, makeRoom func(), rest func()) (acknowledged []string) {
	t.Helper()
	ctx := context.Background()
	step := func(what string, of func(string) pip.Event) int {
		t.Helper()
		ids, err := fills(t, j, what, of)
		if err == nil || j.Full() != true {
			t.Fatalf("%s: got %v, full %t", what, err, j.Full())
		}
		acknowledged = append(acknowledged, ids...)
		return len(ids)
	}
	step("until strangers are refused", strangerDenied)
	if err := j.Append(ctx, strangerDenied("x")); !errors.Is(err, audit.ErrFull) {
		t.Errorf("a stranger's denial: got %v, want ErrFull", err)
	}
	strangers := step("what strangers are allowed", strangerAllowed)
	doctors := step("what doctors do", doctorEvent)
	if strangers == 0 || doctors < strangers/2 {
		t.Errorf("the reserve took %d records of strangers and %d of doctors after them", strangers, doctors)
	}
	large := doctorEvent("x")
	large.Detail = strings.Repeat("x", 2000)
	if err := j.Append(ctx, large); err == nil {
		t.Error("a record was acknowledged on a disk that is full to the end")
	}
	makeRoom()
	rest()
	for _, e := range []pip.Event{strangerDenied("after-1"), strangerAllowed("after-2"), doctorEvent("after-3")} {
		if err := j.Append(ctx, e); err != nil {
			t.Fatalf("after room was made: %v", err)
		}
		acknowledged = append(acknowledged, e.Decision)
	}
	if j.Full() || j.Err() != nil {
		t.Errorf("after room was made: full %t, %v", j.Full(), j.Err())
	}
	return acknowledged
}

func TestReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, disk := t.TempDir(), newFaultyDisk()
		disk.setQuota(700_000)
		cfg := audit.Config{Dir: dir, Disk: disk, SegmentBytes: 32 << 10, ReserveBytes: 400_000}
		j := open(t, cfg)
		acknowledged := fullDisk(t, j, func() { disk.setQuota(-1) }, func() { time.Sleep(10 * time.Second) })
		closeJournal(t, j)
		wantIntact(t, dir)
		wantAll(t, dir, acknowledged)
		refused := 0
		for _, action := range actions(t, dir) {
			if action == "journal.resume" {
				refused++
			}
		}
		if refused == 0 {
			t.Error("no record tells that events were refused")
		}
		if info, err := os.Stat(filepath.Join(dir, "reserve")); err != nil || info.Size() != 400_000 {
			t.Errorf("the reserve is not whole again: %v, %v", info, err)
		}
	})
}

// A process that starts on a full disk serves those for whom the reserve is.
func TestReserveOnAFullDiskAtStart(t *testing.T) {
	dir, disk := t.TempDir(), newFaultyDisk()
	cfg := audit.Config{Dir: dir, Disk: disk, ReserveBytes: 400_000}
	j := open(t, cfg)
	put(t, j, "d-1")
	disk.fillUp() // somebody else takes what is left
	put(t, j, "d-2")
	closeJournal(t, j)
	j = open(t, cfg)
	if err := j.Append(context.Background(), strangerDenied("x")); !errors.Is(err, audit.ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	put(t, j, "d-3")
	closeJournal(t, j)
	wantIntact(t, dir)
	wantInOrder(t, decisions(t, dir), "d-1", "d-2", "d-3")
}

func TestNoReserveLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	closeJournal(t, open(t, audit.Config{Dir: dir, ReserveBytes: 100_000}))
	if _, err := os.Stat(filepath.Join(dir, "reserve")); err != nil {
		t.Error(err)
	}
	closeJournal(t, open(t, audit.Config{Dir: dir}))
	if _, err := os.Stat(filepath.Join(dir, "reserve")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want no file", err)
	}
}

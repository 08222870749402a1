package audit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/pip/audit"
)

// fillAndRecover appends until the disk is full, checks that every append is
// refused from then on, makes room, and checks that the journal goes on.
func fillAndRecover(j *audit.Journal, makeRoom func() error) (acknowledged []string, err error) {
	filler := strings.Repeat("x", 700)
	for i := 0; ; i++ {
		e := event(fmt.Sprintf("d-%d", i))
		e.Detail = filler
		err := j.Append(context.Background(), e)
		if err == nil && i < 10_000 {
			acknowledged = append(acknowledged, e.Decision)
			continue
		}
		if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EFBIG) {
			return nil, fmt.Errorf("append %d: got %w, want a full disk", i, err)
		}
		break
	}
	for range 20 {
		e := event("refused")
		e.Detail = filler
		if err := j.Append(context.Background(), e); err == nil {
			return nil, errors.New("appended to a full disk")
		}
	}
	if err := makeRoom(); err != nil {
		return nil, err
	}
	for i := range 20 {
		e := event(fmt.Sprintf("after-%d", i))
		if err := j.Append(context.Background(), e); err != nil {
			return nil, fmt.Errorf("append after room was made: %w", err)
		}
		acknowledged = append(acknowledged, e.Decision)
	}
	return acknowledged, j.Close()
}

func checkFilled(t *testing.T, dir string, acknowledged []string, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if len(acknowledged) < 40 {
		t.Errorf("only %d records fitted", len(acknowledged))
	}
	wantIntact(t, dir)
	wantAll(t, dir, acknowledged)
	closeJournal(t, open(t, audit.Config{Dir: dir, SegmentBytes: 8 << 10}))
	wantIntact(t, dir)
}

func TestDiskFull(t *testing.T) {
	t.Run("quota", func(t *testing.T) {
		dir, disk := t.TempDir(), newFaultyDisk()
		j := open(t, audit.Config{Dir: dir, Disk: disk, SegmentBytes: 8 << 10})
		disk.setQuota(50_000)
		acknowledged, err := fillAndRecover(j, func() error { disk.setQuota(-1); return nil })
		checkFilled(t, dir, acknowledged, err)
	})
	t.Run("limit of the file size", func(t *testing.T) {
		dir := t.TempDir()
		child := exec.Command(os.Args[0], dir)
		child.Env = append(os.Environ(), childVariable+"=fill")
		out, err := child.CombinedOutput()
		if err != nil {
			t.Fatalf("child: %v\n%s", err, out)
		}
		checkFilled(t, dir, strings.Fields(string(out)), nil)
	})
}

// fillUnderLimit is the child that runs into a limit of the kernel's. It must
// be a process of its own, since the limit holds for every file.
func fillUnderLimit(dir string) {
	limit := func(n uint64) error {
		return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: ^uint64(0)})
	}
	err := limit(100_000)
	var acknowledged []string
	if err == nil {
		var j *audit.Journal
		if j, err = audit.Open(audit.Config{Dir: dir}); err == nil {
			acknowledged, err = fillAndRecover(j, func() error { return limit(^uint64(0)) })
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(strings.Join(acknowledged, " "))
	os.Exit(0)
}

// A journal that failed recovers without being asked: a load balancer sends
// nothing to a process that says it cannot write.
func TestFailedJournalRecoversUnasked(t *testing.T) {
	for _, tt := range []struct {
		name        string
		reserve     int64
		begin, mend func(*faultyDisk)
		stays       func(error) bool
	}{
		{"full disk", 0, (*faultyDisk).fillUp, func(d *faultyDisk) { d.setQuota(-1) }, audit.IsFull},
		{"full disk with a reserve", 100_000, (*faultyDisk).fillUp, func(d *faultyDisk) { d.setQuota(-1) }, audit.IsFull},
		{"failing disk", 0, func(d *faultyDisk) { d.setFault(on("sync", "journal-", false)) }, func(d *faultyDisk) { d.setFault(nil) },
			func(err error) bool { return errors.Is(err, errInjected) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir, disk := t.TempDir(), newFaultyDisk()
				j := open(t, audit.Config{Dir: dir, Disk: disk, ReserveBytes: tt.reserve})
				put(t, j, "d-1")
				tt.begin(disk)
				if _, err := fills(t, j, "x", doctorEvent); err == nil || !tt.stays(j.Err()) {
					t.Fatalf("got %v, %v", err, j.Err())
				}
				time.Sleep(time.Minute)
				if !tt.stays(j.Err()) {
					t.Errorf("got %v before the disk was mended", j.Err())
				}
				tt.mend(disk)
				time.Sleep(time.Minute)
				if j.Err() != nil || j.Full() {
					t.Errorf("got %v, full %t a minute after the disk was mended", j.Err(), j.Full())
				}
				put(t, j, "d-2")
				closeJournal(t, j)
				wantIntact(t, dir)
				if got := actions(t, dir); !slices.Contains(got, "journal.resume") {
					t.Errorf("got %v, want a record of the refusals", got)
				}
			})
		})
	}
}

package audit_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip/audit"
)

// A real file system that is really full. Mounting one takes privileges that
// not every machine grants; there the kernel's limit of the file size and the
// quota of TestDiskFull stand for it.
func TestSmallFileSystem(t *testing.T) {
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=160k,mode=0700")
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Log("mounting is not permitted here: TestDiskFull covers a full disk with a quota and with RLIMIT_FSIZE")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	}()
	ballast := filepath.Join(dir, "ballast")
	write(t, ballast, make([]byte, 64<<10))
	j := open(t, audit.Config{Dir: dir, SegmentBytes: 8 << 10})
	acknowledged, err := fillAndRecover(j, func() error { return os.Remove(ballast) })
	checkFilled(t, dir, acknowledged, err)
}

// The reserve on a real file system that is really full.
func TestReserveOnASmallFileSystem(t *testing.T) {
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1400k,mode=0700")
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Log("NOT RUN: mounting a file system is not permitted here; TestReserve covers a full disk with a quota")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	}()
	ballast := filepath.Join(dir, "ballast")
	write(t, ballast, make([]byte, 600<<10))
	j := open(t, audit.Config{Dir: dir, SegmentBytes: 32 << 10, ReserveBytes: 400 << 10})
	acknowledged := fullDisk(t, j, func() { remove(t, ballast) }, func() {
		for range 1000 {
			if !j.Full() {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	closeJournal(t, j)
	wantIntact(t, dir)
	wantAll(t, dir, acknowledged)
}

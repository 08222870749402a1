package operations_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/process"
)

// tinyDisk is a folder on a file system of its own.
func tinyDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	mount(t, dir, size)
	return dir
}

// mount puts a file system of that size in the place of a folder. Where that is
// not permitted, the test is not run, and says so.
func mount(t *testing.T, dir, size string) {
	t.Helper()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size+",mode=0700")
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skip("NOT RUN: mounting a file system is not permitted here; pip/audit shows a full disk with a quota")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
}

// fill takes every byte that is left.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			size /= 2
		}
	}
}

// A disk that is full keeps nothing from starting: what may be served is, what
// cannot be journalled is denied, and room is all that it takes to go on.
func TestAFullDiskStopsNoStart(t *testing.T) {
	dir := tinyDisk(t, "24m")
	data, ballast := filepath.Join(dir, "var"), filepath.Join(dir, "ballast")
	w := rig.New(t, func(c *config.Config) { c.Data = data; c.Journal.ReserveBytes = 0 })
	doctor := w.As("doctor")
	w.Stop()
	fill(t, ballast)
	again := rig.New(t, func(c *config.Config) { c.Data = data; c.Journal.ReserveBytes = 0 })
	doctor.World = again
	fill(t, ballast)
	rig.Until(t, "what cannot be journalled is denied, and the process says that the disk is full", func() bool {
		fill(t, ballast)
		denied := doctor.SendOnce(doctor.Request("GET", "/api/me", nil)).Status == 503
		status, r := again.Ready()
		return denied && status == 503 && r.Status == "journal_unavailable" && r.Detail["journal"].State == "full"
	})
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	rig.Until(t, "ready again, unasked", func() bool { status, _ := again.Ready(); return status == 200 })
	doctor.Get("/api/me").Is(200)
}

// An installation that was killed when the disk had run full starts as well.
func TestAFullDiskAfterAKillStopsNoStart(t *testing.T) {
	dir := tinyDisk(t, "24m")
	data, ballast := filepath.Join(dir, "var"), filepath.Join(dir, "ballast")
	c := rig.Config(data)
	p, err := process.New(context.Background(), c, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	fill(t, ballast)
	if err := p.Close(); err != nil { // its last record finds no room but the reserve's
		t.Logf("close: %v", err)
	}
	// What is kept serves one start. The next one needs room for the databases' marks.
	again, err := process.New(context.Background(), c, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatalf("a start on a full disk: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Logf("close: %v", err)
	}
}

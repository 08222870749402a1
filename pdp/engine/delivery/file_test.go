package delivery_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/pdp/engine/delivery"
)

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A file that Docker mounts keeps its inode and is overwritten in place.
func TestFileOverwrittenInPlace(t *testing.T) {
	p := newPress(t)
	file := filepath.Join(t.TempDir(), "bundle.tar.gz")
	write(t, file, p.edition(1))
	w := newWard(t, p, delivery.NewFile(file))
	before, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	next := p.edition(2)
	write(t, file, next[:len(next)/2]) // the copy has begun
	until(t, "the half is refused", func() bool { return w.follower.Status().Refused != nil })
	w.isEdition(1)
	write(t, file, next)
	w.untilEdition(2)
	after, err := os.Stat(file)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the file is another: %v", err)
	}
}

// Kubernetes exchanges the symbolic link ..data that a file's link leads through.
func TestFileBehindAConfigMapsLink(t *testing.T) {
	p := newPress(t)
	dir := t.TempDir()
	publish := func(version string, n int) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, version, "bundle.tar.gz"), p.edition(n))
		if err := os.Symlink(version, filepath.Join(dir, "..data.new")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..data.new"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	publish("..2026_01", 1)
	file := filepath.Join(dir, "bundle.tar.gz")
	if err := os.Symlink(filepath.Join("..data", "bundle.tar.gz"), file); err != nil {
		t.Fatal(err)
	}
	w := newWard(t, p, delivery.NewFile(file))
	publish("..2026_02", 2)
	w.untilEdition(2)
	if err := os.RemoveAll(filepath.Join(dir, "..2026_02")); err != nil {
		t.Fatal(err)
	}
	until(t, "the outage is told", func() bool { return w.follower.Status().Unreachable != nil })
	w.isEdition(2)
	publish("..2026_03", 3)
	w.untilEdition(3)
}

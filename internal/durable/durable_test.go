package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/internal/durable"
)

func TestFilesAreWrittenWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "key")
	steps := []error{
		durable.MkdirAll(filepath.Dir(path), 0o700),
		durable.MkdirAll(filepath.Dir(path), 0o700),
		durable.CreateFile(path, []byte("one"), 0o600),
		durable.WriteFile(path, []byte("two"), 0o640),
		durable.Rename(path, path+".old"),
		durable.CreateFile(path, []byte("three"), 0o600),
		durable.Remove(path + ".gone"),
	}
	for i, err := range steps {
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	if err := durable.CreateFile(path, []byte("four"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("created over: got %v, want fs.ErrExist", err)
	}
	for name, want := range map[string]struct {
		text string
		mode fs.FileMode
	}{path: {"three", 0o600}, path + ".old": {"two", 0o640}} {
		text, err := os.ReadFile(name)
		info, missing := os.Stat(name)
		if err := errors.Join(err, missing); err != nil || string(text) != want.text || info.Mode().Perm() != want.mode {
			t.Errorf("%s: got %q, %v, %v", name, text, info.Mode(), err)
		}
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 2 {
		t.Errorf("got %v, %v, want the two files", left, err)
	}
}

func TestAFailedWriteLeavesNothingBehind(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "key")
	if err := os.Mkdir(path, 0o700); err != nil { // a folder is in the way
		t.Fatal(err)
	}
	if err := durable.WriteFile(path, []byte("one"), 0o600); err == nil {
		t.Error("got no error")
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 1 {
		t.Errorf("got %v, %v, want the folder alone", left, err)
	}
	if err := durable.WriteFile(filepath.Join(folder, "none", "key"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

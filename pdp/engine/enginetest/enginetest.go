// Package enginetest has a rule book as files that a test may change.
package enginetest

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// Book is a rule book with its tests.
func Book(t testing.TB, from fs.FS) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	Add(t, files, "", from)
	return files
}

// Rules is a rule book without its tests.
func Rules(t testing.TB, from fs.FS) fstest.MapFS {
	t.Helper()
	files := Book(t, from)
	for name := range files {
		if strings.HasSuffix(name, "_test.rego") {
			delete(files, name)
		}
	}
	return files
}

// Add lays a tree of files below a folder of a book, "" for its top.
func Add(t testing.TB, files fstest.MapFS, folder string, from fs.FS) {
	t.Helper()
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(from, name)
		files[folder+name] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Edit replaces a text in a file of a book. The test fails when it is not there.
func Edit(t testing.TB, files fstest.MapFS, file, old, changed string) {
	t.Helper()
	if files[file] == nil || !strings.Contains(string(files[file].Data), old) {
		t.Fatalf("%s does not contain %q", file, old)
	}
	files[file] = &fstest.MapFile{Data: []byte(strings.Replace(string(files[file].Data), old, changed, 1))}
}

// Package commandtest runs command lines in tests.
package commandtest

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/command"
	"github.com/wardgate/wardgate/policies"
)

// Ran is what one command line did.
type Ran struct {
	Code     int
	Out, Err string
}

// Run runs one command line, without an environment.
func Run(args ...string) Ran {
	var out, errOut bytes.Buffer
	code := command.Run(args, &out, &errOut, nil)
	return Ran{code, out.String(), errOut.String()}
}

// Want fails t where the exit code is another, or one of the texts was not printed.
func (r Ran) Want(t *testing.T, code int, texts ...string) {
	t.Helper()
	if r.Code != code {
		t.Fatalf("got exit code %d, want %d\n%s%s", r.Code, code, r.Out, r.Err)
	}
	for _, text := range texts {
		if !strings.Contains(r.Out+r.Err, text) {
			t.Errorf("got\n%s%s\nwithout %q", r.Out, r.Err, text)
		}
	}
}

// Write is the path of a new file with this content.
func Write(t *testing.T, name, content string) string {
	t.Helper()
	dir := t.TempDir()
	Put(t, dir, name, content)
	return filepath.Join(dir, filepath.FromSlash(name))
}

// BookFolder is the built-in rule book as a folder that a test may edit.
func BookFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(dir, policies.FS); err != nil {
		t.Fatal(err)
	}
	return dir
}

// LeanFolder is a BookFolder with one small test in the place of its own, which take most of
// the time of what runs them: it fails where nurses see bills.
func LeanFolder(t *testing.T) string {
	t.Helper()
	dir := BookFolder(t)
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(name, "_test.rego") {
			err = os.Remove(name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	Put(t, dir, "authz/tables/rights_test.rego", "package authz.tables_test\n\nimport data.authz.tables\n\n"+
		"test_nurses_see_no_bills if not \"nurse\" in object.keys(tables.rights[\"Billing and Finance\"])\n")
	return dir
}

// Put writes a file in dir, and the folders above it.
func Put(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Edit replaces the first old in a file, which must be there, by new.
func Edit(t *testing.T, dir, name, old, new string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil || !strings.Contains(string(raw), old) {
		t.Fatalf("%s: %v, or no %q in it", name, err, old)
	}
	Put(t, dir, name, strings.Replace(string(raw), old, new, 1))
}

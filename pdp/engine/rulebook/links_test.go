package rulebook_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

// What stands behind a link to a folder would be left out in silence. Links to files
// are read.
func TestLinksToFoldersAreRefused(t *testing.T) {
	dir, outside := filepath.Join(t.TempDir(), "policies"), t.TempDir()
	if err := os.CopyFS(dir, policies.FS); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(outside, "ours.rego"), []byte("package invariants.never.ours\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := func(from, to string) {
		if err := os.Symlink(from, to); err != nil {
			t.Fatal(err)
		}
	}
	link(filepath.Join(outside, "ours.rego"), filepath.Join(dir, "invariants/never/ours.rego"))
	files, err := rulebook.ReadFiles(os.DirFS(dir))
	if err != nil || files["invariants/never/ours.rego"] == nil {
		t.Fatalf("a link to a file is not read: %v", err)
	}
	link(outside, filepath.Join(dir, "invariants/often"))
	if _, err := rulebook.ReadFiles(os.DirFS(dir)); err == nil || !strings.Contains(err.Error(), "invariants/often is a link to a folder") {
		t.Errorf("got %v", err)
	}
}

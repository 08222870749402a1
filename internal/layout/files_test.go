package layout_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// makers are the functions of os that make a file or a name, or change one.
var makers = map[string]bool{
	"WriteFile": true, "Create": true, "CreateTemp": true, "OpenFile": true, "Rename": true, "Link": true, "Symlink": true,
	"Mkdir": true, "MkdirAll": true, "MkdirTemp": true, "Truncate": true, "NewFile": true, "CopyFS": true,
}

// ownWriters make files in their own way, each for a reason. All others write
// through internal/durable, so that a power cut leaves the old file or the new one.
var ownWriters = map[string]string{
	"internal/durable":                  "it is the one that may",
	"pip/audit/disk.go":                 "the journal appends, and forces each batch to the disk before it is acknowledged",
	"pip/audit/lock.go":                 "a lock has no content",
	"internal/datafolder/reserve.go":    "it only holds room, and a power cut may take it",
	"internal/datafolder/datafolder.go": "a lock has no content",
	"pip/audit/ship/cursor.go":          "what was refused is added to a file, and forced to the disk before the cursor passes it",
	"internal/realserver":               "servers of tests",
	"internal/bench":                    "benchmarks, in a temporary folder",
	"internal/compare":                  "a laboratory, in a temporary folder",
	"internal/e2e/rig":                  "rule books of tests",
	"internal/points/generate":          "source files of this repository",
	"internal/clientca/clientcatest":    "files of tests",
	"internal/command/commandtest":      "files of tests",
}

// TestFilesAreWrittenDurably refuses a file that a power cut can leave empty.
func TestFilesAreWrittenDurably(t *testing.T) {
	used := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, "../../"))
		for _, call := range makes(t, path) {
			reason := allowed(name)
			if reason == "" {
				t.Errorf("%s: os.%s; write through internal/durable, or say here why not", name, call)
			}
			used[reason] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range ownWriters {
		if !used[name] {
			t.Errorf("%s makes no files of its own any more", name)
		}
	}
}

// allowed returns the row of ownWriters that a file falls under, or "".
func allowed(name string) string {
	for row := range ownWriters {
		if name == row || strings.HasPrefix(name, row+"/") {
			return row
		}
	}
	return ""
}

// makes returns the makers that a source file mentions, called or handed on.
func makes(t *testing.T, path string) (calls []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	name := ""
	for _, i := range file.Imports {
		if i.Path.Value == `"os"` {
			if name = "os"; i.Name != nil {
				name = i.Name.Name
			}
		}
	}
	if name == "" {
		return nil
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if of, ok := s.X.(*ast.Ident); ok && of.Name == name && makers[s.Sel.Name] {
				calls = append(calls, s.Sel.Name)
			}
		}
		return true
	})
	return calls
}

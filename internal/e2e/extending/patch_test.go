package extending_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../../.."

// A change is what one unified diff does to one file.
type change struct {
	file  string
	hunks []hunk
}

// A hunk is a passage and what stands in its place afterwards.
type hunk struct{ old, new string }

// parse reads a unified diff as git writes it.
func parse(text string) ([]change, error) {
	var list []change
	var open *hunk
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "diff --git "):
			_, file, _ := strings.Cut(strings.TrimSpace(line), " b/")
			list, open = append(list, change{file: file}), nil
		case strings.HasPrefix(line, "@@ ") && len(list) > 0:
			last := &list[len(list)-1]
			last.hunks = append(last.hunks, hunk{})
			open = &last.hunks[len(last.hunks)-1]
		case open == nil: // the lines that name modes and files
		case line[0] == ' ' || line == "\n":
			open.old, open.new = open.old+line[1:], open.new+line[1:]
		case line[0] == '-':
			open.old += line[1:]
		case line[0] == '+':
			open.new += line[1:]
		default:
			return nil, fmt.Errorf("a line of a diff begins with a blank, + or -: %q", line)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("there is no diff")
	}
	return list, nil
}

// apply changes the tree. A passage has to stand there once: a diff that fits
// nowhere, or in two places, is out of date.
func (c change) apply(tree string) error {
	file := filepath.Join(tree, filepath.FromSlash(c.file))
	raw, err := os.ReadFile(file)
	text := string(raw)
	for _, h := range c.hunks {
		switch {
		case h.old == "" && err != nil:
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				return err
			}
			text = h.new
		case h.old == "" || err != nil || strings.Count(text, h.old) != 1:
			return fmt.Errorf("%s has %d passages like this, the diff is out of date:\n%s", c.file, strings.Count(text, h.old), h.old)
		default:
			text = strings.Replace(text, h.old, h.new, 1)
		}
	}
	return os.WriteFile(file, []byte(text), 0o600)
}

// left is what a copy of the tree does without.
var left = map[string]bool{".git": true, ".github": true, "bin": true, "var": true, "logs": true}

// copyTree copies what the folders hold, or with none the whole repository.
func copyTree(t *testing.T, folders ...string) string {
	t.Helper()
	to := t.TempDir()
	if len(folders) == 0 {
		folders = []string{"."}
	}
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, path)
			switch {
			case err != nil:
				return err
			case entry.IsDir() && left[entry.Name()]:
				return filepath.SkipDir
			case entry.IsDir():
				return os.MkdirAll(filepath.Join(to, name), 0o700)
			case !entry.Type().IsRegular() || strings.HasSuffix(name, ".log"):
				return nil
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(to, name), raw, 0o700)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// changed copies the tree, or some folders of it, and applies a worked diff.
func changed(t *testing.T, diff string, folders ...string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, "docs/extending", diff))
	if err != nil {
		t.Fatal(err)
	}
	list, err := parse(string(raw))
	if err != nil {
		t.Fatalf("%s: %v", diff, err)
	}
	tree := copyTree(t, folders...)
	for _, c := range list {
		if err := c.apply(tree); err != nil {
			t.Fatalf("%s: %v", diff, err)
		}
	}
	return tree
}

func TestADiffThatIsOutOfDateIsNoticed(t *testing.T) {
	const diff = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n one\n+two\n three\n"
	for name, tt := range map[string]struct{ text, want string }{
		"it fits":            {"zero\none\nthree\n", "zero\none\ntwo\nthree\n"},
		"it fits nowhere":    {"one\nfour\n", ""},
		"it fits twice":      {"one\nthree\none\nthree\n", ""},
		"the file is gone":   {"", ""},
		"it was made before": {"one\ntwo\nthree\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			tree := t.TempDir()
			if tt.text != "" {
				if err := os.WriteFile(filepath.Join(tree, "f"), []byte(tt.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			list, err := parse(diff)
			if err != nil || len(list) != 1 {
				t.Fatalf("got %v, %v", list, err)
			}
			err = list[0].apply(tree)
			got, _ := os.ReadFile(filepath.Join(tree, "f"))
			if (err == nil) != (tt.want != "") || err == nil && string(got) != tt.want {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

package rig

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/policies"
)

const VerdictTable = "sentinel/tables/verdicts.rego"

// BookWithLaboratory is the built-in rule book and what a hospital adds to it:
// a route, an action, a right and a mask.
func BookWithLaboratory(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	added := map[string][2]string{
		"authz/tables/routes.rego": {"routes := [", "routes := [\n\t_row(\"GET\", \"/lab/reports/{report}\", \"lab\", \"lab.read\", \"report\", \"none\"),"},
		"authz/tables/rights.rego": {"rights := {", "rights := {\n\t\"Laboratory\": {\"doctor\": \"any\", \"nurse\": \"any\"},"},
		"authz/tables/masks.rego":  {"masks := {}", `masks := {"lab.read": {"nurse": {"pointers": ["/items/*/national_id"]}}}`},
	}
	err := fs.WalkDir(policies.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(policies.FS, name)
		if err != nil {
			return err
		}
		out := string(text)
		if change, ok := added[name]; ok {
			if !strings.Contains(out, change[0]) {
				t.Fatalf("%s has no %q", name, change[0])
			}
			out = strings.Replace(out, change[0], change[1], 1)
		}
		if name == "authz/tables/rights.rego" {
			out = strings.Replace(out, "actions := {", "actions := {\n\t\"lab.read\": {\"right\": \"Laboratory\", \"changes\": false},", 1)
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		return os.WriteFile(path, []byte(out), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// CopyBook writes the built-in rule book into a folder that a test may edit.
func CopyBook(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(dir, policies.FS); err != nil {
		t.Fatal(err)
	}
	return dir
}

func EditFile(t *testing.T, file, old, new string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), old) {
		t.Fatalf("%s does not contain %q", file, old)
	}
	Replace(t, file, []byte(strings.Replace(string(raw), old, new, 1)))
}

// Replace puts a whole file in the place of what is there, so that a process that follows
// it never reads half of it.
func Replace(t *testing.T, file string, content []byte) {
	t.Helper()
	whole := filepath.Join(t.TempDir(), "whole")
	if err := errors.Join(os.WriteFile(whole, content, 0o600), os.Rename(whole, file)); err != nil {
		t.Fatal(err)
	}
}

// A Row of a table of the rule book: as it stands there, and as it shall be.
type Row [2]string

// WithLimits runs on a copy of the rule book with other rows in its limits.
func WithLimits(t *testing.T, rows ...Row) func(*config.Config) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(dir, policies.FS); err != nil {
		t.Fatal(err)
	}
	EditLimits(t, dir, rows...)
	return func(c *config.Config) { c.Policies = dir }
}

func EditLimits(t *testing.T, dir string, rows ...Row) {
	t.Helper()
	file := filepath.Join(dir, "authz", "tables", "limits.rego")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, r := range rows {
		if !strings.Contains(text, r[0]) {
			t.Fatalf("no row %s", r[0])
		}
		text = strings.Replace(text, r[0], r[1], 1)
	}
	Replace(t, file, []byte(text))
}

// WithTable runs on a copy of the rule book with other rows in one of its files.
func WithTable(t *testing.T, file string, rows ...Row) func(*config.Config) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(dir, policies.FS); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, filepath.FromSlash(file))
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, r := range rows {
		if !strings.Contains(text, r[0]) {
			t.Fatalf("no row %s", r[0])
		}
		text = strings.Replace(text, r[0], r[1], 1)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(c *config.Config) { c.Policies = dir }
}

package engine_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/policies"
)

// bookFiles is the built-in rule book as files that a test may change.
func bookFiles(t testing.TB) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	addTree(t, files, policies.FS)
	return files
}

func addTree(t testing.TB, files fstest.MapFS, from fs.FS) {
	t.Helper()
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(from, name)
		files[name] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func openBook(t testing.TB, fsys fs.FS) *engine.Book {
	t.Helper()
	b, err := engine.OpenBook(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// golden are the inputs that the rule book's own tests begin from.
func golden(t testing.TB) map[string]map[string]any {
	t.Helper()
	options := []func(*rego.Rego){rego.Query("data.authz.golden_test")}
	for name, f := range bookFiles(t) {
		options = append(options, rego.Module(name, string(f.Data)))
	}
	results, err := rego.New(options...).Eval(context.Background())
	if err != nil || len(results) != 1 {
		t.Fatalf("golden inputs: %v", err)
	}
	inputs := map[string]map[string]any{}
	for name, v := range results[0].Expressions[0].Value.(map[string]any) {
		if document, ok := v.(map[string]any); ok && document["subject"] != nil {
			inputs[name] = document
		}
	}
	return inputs
}

// with is a copy of an input with values set at paths such as "context.care.treats".
func with(t testing.TB, input map[string]any, changes map[string]any) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	for path, v := range changes {
		engine.SetForTest(out, path, v)
	}
	if raw, err = json.Marshal(out); err != nil {
		t.Fatal(err)
	}
	return raw
}

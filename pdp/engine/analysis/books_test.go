package analysis_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/policies"
)

func openBook(t testing.TB, fsys fs.FS) *analysis.Book {
	t.Helper()
	b, err := analysis.Open(fsys, points.Sections())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// golden are the inputs that the rule book's own tests begin from.
func golden(t testing.TB) map[string]map[string]any {
	t.Helper()
	options := []func(*rego.Rego){rego.Query("data.authz.golden_test")}
	for name, f := range enginetest.Book(t, policies.FS) {
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
func with(t testing.TB, document map[string]any, changes map[string]any) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	for path, v := range changes {
		input.Set(out, strings.Split(strings.TrimPrefix(path, "/"), "/"), v)
	}
	if raw, err = json.Marshal(out); err != nil {
		t.Fatal(err)
	}
	return raw
}

package analysis_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/policies"
)

// The same folder through OPA's own loader and runner, without any of ours.
func TestBookTestsSayWhatOPASays(t *testing.T) {
	files := enginetest.Book(t, policies.FS)
	files["authz/rules/clock/more_test.rego"] = &fstest.MapFile{Data: []byte(`package authz.rules.clock_test

test_that_fails if 1 == 2

test_table_that_fails_in_part[name] if {
	some name, n in {"one": 1, "two": 2}
	n == 1
}

todo_test_later if 1 == 2
`)}
	dir := t.TempDir()
	for name, f := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	modules, store, err := tester.Load([]string{dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	results, err := tester.NewRunner().SetStore(store).SetTimeout(time.Minute).Run(context.Background(), modules)
	if err != nil {
		t.Fatal(err)
	}
	var want []*tester.Result
	for r := range results {
		want = append(want, r)
	}
	got, err := analysis.TestBook(context.Background(), os.DirFS(dir), analysis.TestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	outcome := map[string]string{}
	for _, r := range got.Tests {
		outcome[r.Name] = r.Outcome
	}
	for _, r := range want {
		expected := "fail"
		if r.Skip {
			expected = "skip"
		} else if r.Pass() {
			expected = "pass"
		}
		if name := r.Package + "." + r.Name; outcome[name] != expected {
			t.Errorf("%s: got %s, want %s", name, outcome[name], expected)
		}
	}
	if len(want) != len(got.Tests) || got.Failed != 2 || got.Skipped != 1 || got.OK() {
		t.Errorf("got %d tests, %d failed, %d skipped; want %d, 2, 1", len(got.Tests), got.Failed, got.Skipped, len(want))
	}
}

func TestBuiltinBookPassesItsTestsAndCoversEveryLine(t *testing.T) {
	report, err := analysis.TestBook(context.Background(), policies.FS, analysis.TestOptions{Coverage: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Tests {
		if r.Outcome != "pass" {
			t.Errorf("%s:%d: %s %s %v", r.File, r.Line, r.Outcome, r.Name, r.Cases)
		}
	}
	for _, m := range report.Missed {
		t.Errorf("%s:%d: no test reaches it", m.File, m.From)
	}
}

package analysis

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// TestOptions narrows a run of a rule book's tests. The zero value runs all.
type TestOptions struct {
	Run      string // regular expression over "data.package.test_name"
	Coverage bool   // find the lines that no test reaches
}

// A TestReport is what a rule book's own tests said.
type TestReport struct {
	Tests    []TestResult  `json:"tests"`
	Passed   int           `json:"passed"`
	Failed   int           `json:"failed"` // failures and errors
	Skipped  int           `json:"skipped"`
	Coverage *float64      `json:"coverage,omitempty"` // per cent of lines
	Missed   []MissedLines `json:"missed,omitempty"`
	Duration time.Duration `json:"duration_ns"`
}

// OK reports whether tests ran and none failed.
func (r *TestReport) OK() bool { return r.Failed == 0 }

// A TestResult is one test: "pass", "fail", "error" or "skip".
type TestResult struct {
	Name     string        `json:"name"` // data.package.test_name
	File     string        `json:"file"`
	Line     int           `json:"line"`
	Outcome  string        `json:"outcome"`
	Cases    []string      `json:"failed_cases,omitempty"` // of a table
	Error    string        `json:"error,omitempty"`
	Output   string        `json:"output,omitempty"` // what print said
	Duration time.Duration `json:"duration_ns"`
}

// MissedLines are lines that no test reached, both ends included.
type MissedLines struct {
	File string `json:"file"`
	From int    `json:"from"`
	To   int    `json:"to"`
}

// TestBook runs the tests in fsys through OPA's own test runner: what fails
// there fails in `opa test`, and the other way round, but for a test that takes longer
// than the five seconds that `opa test` gives it. An error means that the
// book or its tests do not compile.
func TestBook(ctx context.Context, fsys fs.FS, o TestOptions) (TestReport, error) {
	files, err := rulebook.ReadFiles(fsys)
	if err != nil {
		return TestReport{}, err
	}
	return TestFiles(ctx, files, o)
}

// TestFiles is TestBook over files that were read before.
func TestFiles(ctx context.Context, files rulebook.Files, o TestOptions) (TestReport, error) {
	modules, err := rulebook.Parse(files)
	if err != nil {
		return TestReport{}, err
	}
	begun := time.Now()
	var coverage *cover.Cover
	if o.Coverage {
		coverage = cover.New()
	}
	report, err := runTests(ctx, rulebook.NewCompiler(false), modules, o.Run, coverage)
	if err != nil {
		return TestReport{}, err
	}
	if coverage != nil {
		report.cover(coverage.Report(modules))
	}
	report.Duration = time.Since(begun)
	return report, nil
}

// testTime bounds one test. OPA's own bound, five seconds by the clock, is too short for
// a good test on a machine that is busy with other things; what bounds all tests
// together is the caller's context.
const testTime = time.Minute

func runTests(ctx context.Context, compiler *ast.Compiler, modules map[string]*ast.Module, filter string, coverage *cover.Cover) (TestReport, error) {
	store := inmem.New()
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return TestReport{}, fmt.Errorf("test rule book: %w", err)
	}
	defer store.Abort(ctx, txn)
	runner := tester.NewRunner().
		SetCompiler(compiler.WithEnablePrintStatements(true)).
		SetStore(store).
		SetModules(modules).
		CapturePrintOutput(true).
		SetTimeout(testTime).
		Filter(filter)
	if coverage != nil {
		runner.SetCoverageQueryTracer(coverage)
	}
	results, err := runner.RunTests(ctx, txn)
	if err != nil {
		return TestReport{}, fmt.Errorf("test rule book: %w", err)
	}
	var report TestReport
	for r := range results {
		report.add(r)
	}
	slices.SortFunc(report.Tests, func(a, b TestResult) int {
		if by := strings.Compare(a.File, b.File); by != 0 {
			return by
		}
		return a.Line - b.Line
	})
	return report, nil
}

func (r *TestReport) add(result *tester.Result) {
	t := TestResult{
		Name: result.Package + "." + result.Name, Outcome: "pass",
		Output: string(result.Output), Duration: result.Duration,
	}
	if result.Location != nil {
		t.File, t.Line = result.Location.File, result.Location.Row
	}
	switch {
	case result.Error != nil:
		t.Outcome, t.Error = "error", result.Error.Error()
		r.Failed++
	case result.Fail:
		t.Outcome = "fail"
	case result.Skip:
		t.Outcome = "skip"
		r.Skipped++
	}
	if t.Outcome == "pass" || t.Outcome == "fail" {
		passed, failed := cases(result)
		r.Passed += passed
		r.Failed += len(failed)
		if len(result.SubResults) > 0 {
			t.Cases = failed
		}
	}
	r.Tests = append(r.Tests, t)
}

// cases counts as `opa test` does: each case of a table for itself.
func cases(result *tester.Result) (passed int, failed []string) {
	if len(result.SubResults) == 0 {
		if result.Fail {
			return 0, []string{result.Name}
		}
		return 1, nil
	}
	for names, sub := range result.SubResults.Iter {
		switch {
		case len(sub.SubResults) > 0:
		case sub.Fail:
			failed = append(failed, strings.Join(names, "/"))
		default:
			passed++
		}
	}
	return passed, failed
}

func (r *TestReport) cover(c cover.Report) {
	percent := math.Round(c.Coverage*100) / 100
	r.Coverage = &percent
	for _, name := range slices.Sorted(maps.Keys(c.Files)) {
		for _, lines := range c.Files[name].NotCovered {
			if m := (MissedLines{name, lines.Start.Row, lines.End.Row}); !slices.Contains(r.Missed, m) {
				r.Missed = append(r.Missed, m)
			}
		}
	}
}

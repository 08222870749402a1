package prove

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// AllMutants are as many as are ever tried.
const AllMutants = 200

// A fate is what becomes of a mutant, and by what.
type fate struct{ word, by string }

const (
	refutedFate  = "refuted"  // by an invariant
	refusedFate  = "refused"  // by the gate: it never comes into force
	testedFate   = "tested"   // by the rule book's own tests
	equalFate    = "equal"    // it answers every input as the original, and its tables are the same
	survivesFate = "survives" // a person has to say why that is right
)

// A breeder tries mutants of one book.
type breeder struct {
	book     rulebook.Files
	modules  map[string]*ast.Module // of all of its files
	original *Book
	tables   string
	check    func(*pdp.Tables) error // as serving refuses tables
}

func newBreeder(t *testing.T, check func(*pdp.Tables) error) *breeder {
	t.Helper()
	b := &breeder{book: builtIn(t), check: check}
	b.original = opened(t, b.book)
	var err error
	if b.modules, err = rulebook.Parse(b.book); err != nil {
		t.Fatal(err)
	}
	if b.tables, err = tablesOf(t.Context(), b.book); err != nil {
		t.Fatal(err)
	}
	return b
}

// tablesOf are all tables as the process reads them.
func tablesOf(ctx context.Context, files rulebook.Files) (string, error) {
	rules := rulebook.Files{}
	for name, content := range files {
		if !strings.HasSuffix(name, "_test.rego") && !strings.HasPrefix(name, below) {
			rules[name] = content
		}
	}
	c, err := rulebook.Compile(rules)
	if err != nil {
		return "", err
	}
	results, err := rego.New(rego.Query("[data.authz.tables, data.sentinel.tables]"), rego.Compiler(c)).Eval(ctx)
	if err != nil || len(results) == 0 {
		return "", fmt.Errorf("read the tables: %w", err)
	}
	v, err := ast.InterfaceToValue(results[0].Expressions[0].Value)
	if err != nil {
		return "", err
	}
	return v.String(), nil
}

// fate asks what is cheap before what takes longer. A rule's own tests are about its
// words; of a table they are examples, so that invariants are asked first there.
func (b *breeder) fate(ctx context.Context, m mutant) fate {
	files := m.of(b.book)
	ways := []func(context.Context, rulebook.Files, string) fate{b.refuted, b.tested}
	if !strings.Contains(m.file, "/tables/") {
		slices.Reverse(ways)
	}
	for _, way := range append(ways, b.equal, b.refused) {
		if f := way(ctx, files, m.file); f.word != "" {
			return f
		}
	}
	return fate{word: survivesFate}
}

// refuted: an invariant does not hold, or serving does not load the book.
func (b *breeder) refuted(ctx context.Context, files rulebook.Files, _ string) fate {
	p, err := newProver(ctx, files, points.Sections(), Invariants(b.book), nil)
	if err != nil {
		return fate{refusedFate, err.Error()}
	}
	if err := b.check(p.book.loaded.Tables.House); err != nil {
		return fate{refusedFate, err.Error()}
	}
	p.known = true
	for _, i := range p.invariants {
		if r := p.prove(ctx, i); r.Outcome != Proved {
			return fate{refutedFate, r.Kind + " " + r.Name}
		}
	}
	return fate{}
}

// refused: the gate lets no such book in. That it did not come to an end in time is
// a busy machine's fault.
func (b *breeder) refused(ctx context.Context, files rulebook.Files, _ string) fate {
	_, found := rulebook.Gate{Points: points.Sections(), Check: b.check}.Examine(ctx, files)
	for _, f := range found {
		if !f.Note && f.Code != "deadline" {
			return fate{refusedFate, f.String()}
		}
	}
	return fate{}
}

// equal: no root differs for any input, and no table does.
func (b *breeder) equal(ctx context.Context, files rulebook.Files, _ string) fate {
	if tables, err := tablesOf(ctx, files); err != nil || tables != b.tables {
		return fate{}
	}
	changed, err := Open(ctx, files, points.Sections())
	if err != nil {
		return fate{}
	}
	a := Analyse(b.original, changed)
	before, err := a.Roots(a.Books[0])
	if err != nil {
		return fate{}
	}
	if after, err := a.Roots(a.Books[1]); err != nil || !slices.Equal(before, after) {
		return fate{}
	}
	return fate{word: equalFate}
}

// examples are the folders of what tests of other folders import.
var examples = []string{"authz/golden", "sentinel/calm"}

// tested: a test fails of the package beside the file, or the rules and their tests
// do not compile.
func (b *breeder) tested(ctx context.Context, files rulebook.Files, file string) fate {
	near := map[string]*ast.Module{}
	var packages []string
	for name, content := range files {
		isTest := strings.HasSuffix(name, "_test.rego")
		beside := isTest && path.Dir(name) == path.Dir(file)
		if !beside && (isTest && !slices.Contains(examples, path.Dir(name)) || strings.HasPrefix(name, below)) {
			continue
		}
		m := b.modules[name]
		if name == file {
			one, err := rulebook.Parse(rulebook.Files{name: content})
			if err != nil {
				return fate{refusedFate, err.Error()}
			}
			m = one[name]
		}
		near[name] = m
		if beside {
			packages = append(packages, regexp.QuoteMeta(m.Package.Path.String())+"\\.")
		}
	}
	if len(packages) == 0 {
		return fate{}
	}
	runner := tester.NewRunner().SetCompiler(rulebook.NewCompiler(false).WithUseTypeCheckAnnotations(false)).SetModules(near).
		SetTimeout(time.Minute). // on a busy machine a good test may take longer than OPA's five seconds
		Filter("^(" + strings.Join(packages, "|") + ")")
	results, err := runner.RunTests(ctx, nil)
	if err != nil {
		return fate{refusedFate, err.Error()}
	}
	by := fate{}
	for r := range results {
		if by.word == "" && !r.Pass() && !r.Skip {
			by = fate{testedFate, r.Package + "." + r.Name}
		}
	}
	return by
}

// accepted are the mutants that a person looked at and let be, and why.
func accepted(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open("testdata/accepted.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	list, name := map[string]string{}, ""
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.TrimSpace(line) == "", strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "    "):
			list[name] += strings.TrimSpace(line) + " "
		default:
			name = line
			list[name] = ""
		}
	}
	for name, reason := range list {
		if len(reason) < 20 {
			t.Errorf("testdata/accepted.txt: %s has no reason", name)
		}
	}
	return list
}

// One word of a table or a rule is replaced, dropped or turned round: an invariant
// refutes the book that comes of it, or the gate refuses it, or a test fails, or it
// answers every input as before, or a person said why it may be so.
// So many mutants are tried; check is how the rest of the house refuses tables, which this
// package may not know.
func OneWordInManyIsNoticed(t *testing.T, check func(*pdp.Tables) error, mutants int) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // half of the time would be the collector's
	b, known := newBreeder(t, check), accepted(t)
	list := draw(b.original, b.book, mutants)
	fates := make([]fate, len(list))
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				fates[i] = b.fate(t.Context(), list[i])
				if testing.Verbose() {
					t.Logf("%s:%d: %s by %.80s", list[i], list[i].row, fates[i].word, fates[i].by)
				}
			}
		})
	}
	for i := range list {
		next <- i
	}
	close(next)
	wg.Wait()
	count, drawn := map[string]int{}, map[string]bool{}
	if f := b.tested(t.Context(), b.book, "authz/tables/rights.rego"); f.word != "" {
		t.Fatalf("the book's own tests fail before a word is changed: %s", f.by)
	}
	for i, m := range list {
		count[fates[i].word]++
		drawn[m.String()] = true
		_, let := known[m.String()]
		switch {
		case fates[i].word == survivesFate && !let:
			t.Errorf("%s (line %d) is not noticed: write an invariant, or say in testdata/accepted.txt why it may be so", m, m.row)
		case fates[i].word != survivesFate && let:
			t.Errorf("%s is %s by %s: take it out of testdata/accepted.txt", m, fates[i].word, fates[i].by)
		}
	}
	t.Logf("%d mutants: %v", len(list), count)
	if mutants < AllMutants {
		return
	}
	for name := range known {
		if !drawn[name] {
			t.Errorf("testdata/accepted.txt: there is no mutant %q any more", name)
		}
	}
}

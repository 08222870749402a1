package analysis

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/internal/longrun"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

// tried is how many mutants are, where a long run tries all.
const tried = 120

// leastKilled is the share of mutants that the rule book's tests must notice.
const leastKilled = 0.95

// A mutant is the rule book with one rule removed or one expression turned
// into its opposite.
type mutant struct {
	name   string
	file   string
	module *ast.Module
}

func mutantsOf(file string, m *ast.Module) []mutant {
	var list []mutant
	for i, r := range m.Rules {
		at := fmt.Sprintf("%s:%d", file, r.Location.Row)
		without := m.Copy()
		without.Rules = slices.Delete(without.Rules, i, i+1)
		list = append(list, mutant{at + ": rule removed", file, without})
		for j, e := range r.Body {
			if !negatable(r, e) {
				continue
			}
			negated := m.Copy()
			negated.Rules[i].Body[j].Negated = !e.Negated
			list = append(list, mutant{fmt.Sprintf("%s:%d: `%s` negated", file, e.Location.Row, e), file, negated})
		}
	}
	return list
}

// negatable leaves out declarations, and the `true` that stands for no body:
// its negation is the rule's removal.
func negatable(r *ast.Rule, e *ast.Expr) bool {
	if t, ok := e.Terms.(*ast.Term); ok && len(r.Body) == 1 && t.Value.Compare(ast.Boolean(true)) == 0 {
		return false
	}
	_, declares := e.Terms.(*ast.SomeDecl)
	return !declares
}

type fate int

const (
	survived fate = iota
	killed
	senseless // it does not compile: nobody could make that mistake
)

// quick does not check the schema: a mutant reads no other fields.
func quick() *ast.Compiler { return rulebook.NewCompiler(false).WithUseTypeCheckAnnotations(false) }

// rules is the folder whose packages stand by themselves.
const rules = "authz/rules/"

// fateOf runs the tests, those beside the mutant first: they are few.
func fateOf(ctx context.Context, book map[string]*ast.Module, m mutant) fate {
	all := maps.Clone(book)
	all[m.file] = m.module
	near := maps.Clone(all)
	maps.DeleteFunc(near, func(name string, _ *ast.Module) bool {
		test := strings.HasSuffix(name, "_test.rego") && !strings.Contains(name, "golden")
		// A rule reads no other rule; what else is mutated may be read by any.
		other := strings.HasPrefix(m.file, rules) && strings.HasPrefix(name, rules)
		return (test || other) && path.Dir(name) != path.Dir(m.file)
	})
	if report, err := runTests(ctx, quick(), near, "", nil); err == nil && !report.OK() {
		return killed
	}
	report, err := runTests(ctx, quick(), all, "", nil)
	switch {
	case err != nil:
		return senseless
	case report.OK():
		return survived
	default:
		return killed
	}
}

// allMutants are the mutants of every rule file, in an order that a sample
// can be cut from: shuffled, and the same each time.
func allMutants(book map[string]*ast.Module) []mutant {
	var mutants []mutant
	for _, name := range slices.Sorted(maps.Keys(book)) {
		if !strings.HasSuffix(name, "_test.rego") {
			mutants = append(mutants, mutantsOf(name, book[name])...)
		}
	}
	r := rand.New(rand.NewPCG(3, 5))
	r.Shuffle(len(mutants), func(i, j int) { mutants[i], mutants[j] = mutants[j], mutants[i] })
	return mutants
}

// A tally counts what became of mutants.
type tally struct {
	mu        sync.Mutex
	count     map[fate]int
	survivors []string
}

func (t *tally) add(m *mutant, f fate) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count[f]++; f == survived {
		t.survivors = append(t.survivors, m.name)
	}
}

// try runs mutants.
func (t *tally) try(book map[string]*ast.Module, mutants []mutant) {
	next := make(chan *mutant)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for m := range next {
				t.add(m, fateOf(context.Background(), book, *m))
			}
		})
	}
	defer wg.Wait()
	defer close(next)
	for i := range mutants {
		next <- &mutants[i]
	}
}

// The rule book's tests notice when a rule goes missing or says the opposite.
func TestMutantsOfTheRuleBookAreKilled(t *testing.T) {
	files, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	book, err := rulebook.Parse(files)
	if err != nil {
		t.Fatal(err)
	}
	all := allMutants(book)
	mutants := longrun.Some(all, tried)
	result := &tally{count: map[fate]int{}}
	result.try(book, mutants)
	t.Logf("%d of %d mutants are tried", len(mutants), len(all))
	slices.Sort(result.survivors)
	for _, name := range result.survivors {
		t.Logf("survivor: %s", name)
	}
	dead, alive := result.count[killed], result.count[survived]
	share := float64(dead) / float64(max(dead+alive, 1))
	t.Logf("%d of %d mutants killed (%.1f %%), %d more did not compile", dead, dead+alive, 100*share, result.count[senseless])
	if share < leastKilled {
		t.Errorf("got %.1f %% killed, want at least %.0f %%", 100*share, 100*leastKilled)
	}
}

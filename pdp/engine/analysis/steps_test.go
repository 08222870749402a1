package analysis_test

import (
	"context"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

// maxSteps is how many steps OPA's interpreter may take for one test of the rule
// book. It stops a test after five seconds. An ordinary machine takes some three
// microseconds for a step, so that one that is five times slower finishes each test
// in half a second.
const maxSteps = 30_000

// A test's work is counted, because what it takes of a clock depends on the
// machine.
func TestNoTestOfTheBookTakesLong(t *testing.T) {
	files, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	modules, err := rulebook.Parse(files)
	if err != nil {
		t.Fatal(err)
	}
	compiler := rulebook.NewCompiler(false)
	if compiler.Compile(modules); compiler.Failed() {
		t.Fatal(compiler.Errors)
	}
	tests := 0
	for _, m := range modules {
		for _, name := range testsOf(m) {
			tests++
			steps := stepsOf(t, compiler, name)
			if steps > maxSteps {
				t.Errorf("%s takes %d steps of OPA's interpreter, and at most %d leave a slow machine its time: split it", name, steps, maxSteps)
			}
		}
	}
	if tests < 300 {
		t.Errorf("%d tests were found, which cannot be all", tests)
	}
}

func testsOf(m *ast.Module) (names []string) {
	seen := map[string]bool{}
	for _, r := range m.Rules {
		name := r.Head.Ref().GroundPrefix().String()
		if strings.HasPrefix(name, "test_") && !seen[name] {
			seen[name] = true
			names = append(names, m.Package.Path.String()+"."+name)
		}
	}
	return names
}

func stepsOf(t *testing.T, compiler *ast.Compiler, name string) int {
	t.Helper()
	var c counter
	if _, err := rego.New(rego.Query(name), rego.Compiler(compiler), rego.QueryTracer(&c)).Eval(context.Background()); err != nil {
		t.Fatal(err)
	}
	return int(c)
}

// A counter counts what the interpreter does.
type counter int

func (*counter) Enabled() bool               { return true }
func (*counter) Config() topdown.TraceConfig { return topdown.TraceConfig{} }
func (c *counter) TraceEvent(topdown.Event)  { *c++ }

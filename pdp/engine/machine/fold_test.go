package machine_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/machine"
)

// What is the same for every input is computed once, by more steps than a decision may
// take, and what takes too many is left to the decision, on any machine.
func TestConstantsAreComputedBySteps(t *testing.T) {
	for _, tt := range []struct {
		turns int // of a loop in a loop
		want  error
	}{{600, nil}, {2500, machine.ErrBudget}} {
		rules := fmt.Sprintf("package authz\n\nanswer := {\"big\": _big, \"id\": input.id}\n\ndefault _big := false\n\n"+
			"_big if {\n\tsome a in numbers.range(1, %[1]d)\n\tsome b in numbers.range(1, %[1]d)\n\ta + b == -1\n}\n", tt.turns)
		policy, err := machine.Plan(t.Context(), map[string]*ast.Module{"authz.rego": ast.MustParseModule(rules)}, "authz/answer", nil)
		if err != nil {
			t.Fatal(err)
		}
		program, err := machine.Compile(policy)
		if err != nil {
			t.Fatal(err)
		}
		input := ast.NewObject([2]*ast.Term{ast.StringTerm("id"), ast.StringTerm("u")})
		if _, _, err := program.Eval(program.Find(input), time.Time{}); !errors.Is(err, tt.want) {
			t.Errorf("%d turns: got %v, want %v", tt.turns*tt.turns, err, tt.want)
		}
	}
}

// Package answer asks one rule book and reads its answer: as people wrote it, as
// OPA's optimiser flattens it, and as closures. It knows no facts and remembers
// nothing.
package answer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/wardgate/wardgate/internal/effort"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/machine"
)

// A Form answers inputs by one rule book.
type Form interface {
	Evaluate(ctx context.Context, input ast.Value) (*ast.Term, error)
	// Measure is Evaluate, and says how many steps it took.
	Measure(ctx context.Context, input ast.Value) (answer *ast.Term, steps int, err error)
}

// TookTooLong reports whether an evaluation was ended because of its length.
func TookTooLong(err error) bool {
	return errors.Is(err, machine.ErrBudget) || errors.Is(err, machine.ErrTime)
}

// ErrUndefined says that the rule book answers nothing.
var ErrUndefined = errors.New("the policy's answer is undefined")

// Ask evaluates an input document and reads the decision. With an error the
// decision is the zero one.
func Ask(ctx context.Context, e Form, input ast.Value) (pdp.Decision, error) {
	term, err := e.Evaluate(ctx, input)
	if err != nil {
		return pdp.Decision{}, err
	}
	return Decode(term)
}

// interpreted is a query that OPA's interpreter answers.
type interpreted struct{ query rego.PreparedEvalQuery }

// interpreterStep is how many steps one of OPA's interpreter counts as: it takes
// so much longer than one of the machine.
const interpreterStep = 8

// Evaluate lets a timer cancel: OPA watches no context here, because that
// costs a goroutine for each evaluation.
func (q interpreted) Evaluate(ctx context.Context, input ast.Value) (*ast.Term, error) {
	term, _, err := q.Measure(ctx, input)
	return term, err
}

// Measure is Evaluate, and says how many steps it took.
func (q interpreted) Measure(ctx context.Context, input ast.Value) (*ast.Term, int, error) {
	meter := &machine.Meter{Weight: interpreterStep, Limit: machine.Budget}
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		if left <= 0 {
			return nil, 0, context.DeadlineExceeded
		}
		timer := time.AfterFunc(left, meter.Cancel)
		defer timer.Stop()
	}
	term, err := q.evaluate(ctx, input, meter)
	switch {
	case err != nil && meter.Over():
		err = machine.ErrBudget
	case topdown.IsCancel(err):
		err = machine.ErrTime
	}
	return term, meter.Steps(), err
}

func (q interpreted) evaluate(ctx context.Context, input ast.Value, stop topdown.Cancel) (*ast.Term, error) {
	results, err := q.query.Eval(ctx,
		rego.EvalParsedInput(input),
		rego.EvalExternalCancel(stop),
		rego.EvalGenerateJSON(RawTerm))
	switch {
	case err != nil:
		return nil, err
	case len(results) != 1 || len(results[0].Expressions) != 1:
		return nil, ErrUndefined
	}
	term, ok := results[0].Expressions[0].Value.(*ast.Term)
	if !ok {
		return nil, ErrMisshapen
	}
	return term, nil
}

// RawTerm keeps a result as OPA has it.
func RawTerm(t *ast.Term, _ *rego.EvalContext) (any, error) { return t, nil }

// Compiled is the rule book as closures.
type Compiled struct {
	Program *machine.Program
}

// Evaluate finds in a document what the program reads.
func (c *Compiled) Evaluate(ctx context.Context, input ast.Value) (*ast.Term, error) {
	return c.Run(ctx, c.Program.Find(input))
}

// Measure is Evaluate, and says how many steps it took.
func (c *Compiled) Measure(ctx context.Context, input ast.Value) (*ast.Term, int, error) {
	return c.measure(ctx, c.Program.Find(input))
}

// Run evaluates the values that the program reads.
func (c *Compiled) Run(ctx context.Context, values []*ast.Term) (*ast.Term, error) {
	term, _, err := c.measure(ctx, values)
	return term, err
}

func (c *Compiled) measure(ctx context.Context, values []*ast.Term) (*ast.Term, int, error) {
	deadline, _ := ctx.Deadline()
	if !deadline.IsZero() && !time.Now().Before(deadline) {
		return nil, 0, context.DeadlineExceeded
	}
	term, ok, steps, err := c.Program.Measure(values, deadline)
	switch {
	case err != nil:
		return nil, steps, err
	case !ok:
		return nil, steps, ErrUndefined
	}
	return term, steps, nil
}

// Entrypoint is what OPA plans.
const Entrypoint = "authz/answer"

// Compile makes closures of the rule book. It is refused when it holds what
// only OPA's interpreter runs, and when it answers one of the inputs that draw
// makes up in another way than the written form.
func Compile(ctx context.Context, modules map[string]*ast.Module, c *ast.Capabilities, written Form, draw func() map[string]any) (*Compiled, error) {
	policy, err := machine.Plan(ctx, modules, Entrypoint, c)
	if err != nil {
		return nil, err
	}
	program, err := machine.Compile(policy)
	if err != nil {
		return nil, err
	}
	compiled := &Compiled{Program: program}
	return compiled, answersAlike(ctx, compiled, written, draw)
}

// probes is how many made-up inputs the compiled form must answer as the
// written one does before it may decide.
const probes = 64

// probing bounds the time for all of them. A rule book that takes longer is
// left to the interpreter, which can be interrupted anywhere.
const probing = 5 * time.Second

// longProbes is after how many answers that are no answer, for their length, no
// more are asked for.
const longProbes = 4

func answersAlike(ctx context.Context, c *Compiled, written Form, draw func() map[string]any) error {
	ctx, cancel := effort.Within(ctx, probing)
	defer cancel()
	long := 0
	for range probes {
		input, err := ast.InterfaceToValue(draw())
		if err != nil {
			return fmt.Errorf("make up an input: %w", err)
		}
		got, err1 := c.Evaluate(ctx, input)
		want, err2 := written.Evaluate(ctx, input)
		if ctx.Err() != nil {
			return fmt.Errorf("the compiled rule book was not compared with the written one within %v", probing)
		}
		if TookTooLong(err1) || TookTooLong(err2) {
			// Neither form says anything then; the gate refuses such a book.
			if long++; long == longProbes {
				return nil
			}
			continue
		}
		if (err1 == nil) != (err2 == nil) || err1 == nil && got.Value.Compare(want.Value) != 0 {
			return fmt.Errorf("the compiled rule book does not answer as the written one: %w", errors.Join(err1, err2))
		}
	}
	return nil
}

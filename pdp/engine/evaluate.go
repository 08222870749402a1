package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/machine"
)

// An evaluator answers inputs by one rule book.
type evaluator interface {
	evaluate(ctx context.Context, input ast.Value) (*ast.Term, error)
}

var errUndefined = errors.New("the policy's answer is undefined")

// ask evaluates an input document.
func (rev *revision) ask(ctx context.Context, input ast.Value) (pdp.Decision, error) {
	d, err := askOf(ctx, rev.decides, input)
	if err != nil {
		return pdp.Decision{}, err
	}
	if err := rev.rows.fill(ctx, &d, inValue(input)); err != nil {
		return pdp.Decision{}, err
	}
	return d, nil
}

// narrow reports whether single members are all that the rule book reads.
func (rev *revision) narrow() bool { return rev.compiled != nil && !rev.compiled.scope.whole }

// askNarrow evaluates the input of a request, when the rule book is narrow.
func (rev *revision) askNarrow(ctx context.Context, in *input) (pdp.Decision, error) {
	term, err := rev.compiled.run(ctx, rev.compiled.scope.values(in))
	if err != nil {
		return pdp.Decision{}, err
	}
	d, err := decode(term)
	if err != nil {
		return pdp.Decision{}, err
	}
	if err := rev.rows.fill(ctx, &d, rev.compiled.scope.in(in)); err != nil {
		return pdp.Decision{}, err
	}
	return d, nil
}

func askOf(ctx context.Context, e evaluator, input ast.Value) (pdp.Decision, error) {
	term, err := e.evaluate(ctx, input)
	if err != nil {
		return pdp.Decision{}, err
	}
	return decode(term)
}

// interpreted is a query that OPA's interpreter answers.
type interpreted struct{ query rego.PreparedEvalQuery }

// evaluate lets a timer cancel: OPA watches no context here, because that
// costs a goroutine for each evaluation.
func (q interpreted) evaluate(ctx context.Context, input ast.Value) (*ast.Term, error) {
	stop := topdown.NewCancel()
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		if left <= 0 {
			return nil, context.DeadlineExceeded
		}
		timer := time.AfterFunc(left, stop.Cancel)
		defer timer.Stop()
	}
	results, err := q.query.Eval(ctx,
		rego.EvalParsedInput(input),
		rego.EvalExternalCancel(stop),
		rego.EvalGenerateJSON(rawTerm))
	switch {
	case err != nil:
		return nil, err
	case len(results) != 1 || len(results[0].Expressions) != 1:
		return nil, errUndefined
	}
	term, ok := results[0].Expressions[0].Value.(*ast.Term)
	if !ok {
		return nil, errMisshapen
	}
	return term, nil
}

func rawTerm(t *ast.Term, _ *rego.EvalContext) (any, error) { return t, nil }

// compiled is the rule book as closures.
type compiled struct {
	program *machine.Program
	scope   scope
}

func (c *compiled) evaluate(ctx context.Context, input ast.Value) (*ast.Term, error) {
	return c.run(ctx, c.program.Find(input))
}

func (c *compiled) run(ctx context.Context, values []*ast.Term) (*ast.Term, error) {
	deadline, _ := ctx.Deadline()
	if !deadline.IsZero() && !time.Now().Before(deadline) {
		return nil, context.DeadlineExceeded
	}
	term, ok, err := c.program.Eval(values, deadline)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, errUndefined
	}
	return term, nil
}

// entrypoint is what OPA plans.
const entrypoint = "authz/answer"

// prepareCompiled compiles the rule book to closures. It is refused when it
// holds what only OPA's interpreter runs, and when it does not answer like the
// written form.
func prepareCompiled(ctx context.Context, modules map[string]*ast.Module, t *tables, written evaluator) (*compiled, error) {
	policy, err := machine.Plan(ctx, modules, entrypoint, capabilities())
	if err != nil {
		return nil, err
	}
	program, err := machine.Compile(policy)
	if err != nil {
		return nil, err
	}
	c := &compiled{program: program, scope: scopeOf(program, t)}
	return c, answersAlike(ctx, modules, c, written)
}

// probes is how many made-up inputs the compiled form must answer as the
// written one does before it may decide.
const probes = 64

// probing bounds the time for all of them. A rule book that takes longer is
// left to the interpreter, which can be interrupted anywhere.
const probing = 5 * time.Second

func answersAlike(ctx context.Context, modules map[string]*ast.Module, c *compiled, written evaluator) error {
	ctx, cancel := context.WithTimeout(ctx, probing)
	defer cancel()
	s, err := newSampler(modules, map[string][]any{}, nil)
	if err != nil {
		return err
	}
	for range probes {
		input, err := ast.InterfaceToValue(s.next())
		if err != nil {
			return fmt.Errorf("make up an input: %w", err)
		}
		got, err1 := c.evaluate(ctx, input)
		want, err2 := written.evaluate(ctx, input)
		if ctx.Err() != nil {
			return fmt.Errorf("the compiled rule book was not compared with the written one within %v", probing)
		}
		if (err1 == nil) != (err2 == nil) || err1 == nil && got.Value.Compare(want.Value) != 0 {
			return fmt.Errorf("the compiled rule book does not answer as the written one: %w", errors.Join(err1, err2))
		}
	}
	return nil
}

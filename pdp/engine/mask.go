package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

const (
	maskQuery   = "data.system.log.mask"
	maskPackage = "data.system.log"
	maskWithin  = time.Second
)

// Mask asks the active rule book what of a decision log event must not leave
// the house: the set data.system.log.mask, as OPA's decision logs read it. A
// rule book without that package masks nothing. With an error nobody knows
// what may leave.
func (e *Engine) Mask(ctx context.Context, event map[string]any) ([]any, error) {
	mask := e.active.Load().mask
	if mask == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, maskWithin)
	defer cancel()
	results, err := mask.Eval(ctx, rego.EvalInput(event))
	switch {
	case err != nil:
		return nil, fmt.Errorf("ask %s: %w", maskQuery, err)
	case len(results) != 1 || len(results[0].Expressions) != 1:
		return nil, fmt.Errorf("%s is undefined", maskQuery)
	}
	rules, ok := results[0].Expressions[0].Value.([]any)
	if !ok {
		return nil, errors.New(maskQuery + " is no set")
	}
	return rules, nil
}

// prepareMask returns nil when no module masks anything.
func prepareMask(ctx context.Context, modules map[string]*ast.Module, c *ast.Compiler) (*rego.PreparedEvalQuery, error) {
	there, masks := false, false
	for _, m := range modules {
		if m.Package.Path.String() != maskPackage {
			continue
		}
		there = true
		for _, r := range m.Rules {
			masks = masks || r.Head.Ref().String() == "mask"
		}
	}
	switch {
	case !there:
		return nil, nil
	case !masks:
		return nil, errors.New("package system.log has no set mask; decision logs know nothing else of it")
	}
	q, err := rego.New(rego.Query(maskQuery), rego.Compiler(c), rego.StrictBuiltinErrors(true)).PrepareForEval(ctx)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", maskQuery, err)
	}
	return &q, nil
}

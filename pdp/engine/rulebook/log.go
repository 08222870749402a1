package rulebook

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
	dropQuery   = "data.system.log.drop"
	maskPackage = "data.system.log"
	maskWithin  = time.Second
)

// logRules are what a rule book says of its decision logs, as OPA reads it. A
// nil query is one that the rule book does not answer.
type logRules struct{ mask, drop *rego.PreparedEvalQuery }

// Mask asks the rule book what of a decision log event must not leave
// the house: the set data.system.log.mask, as OPA's decision logs read it. A
// rule book without it masks nothing. With an error nothing may leave.
func (b *Book) Mask(ctx context.Context, event map[string]any) ([]any, error) {
	v, err := askLog(ctx, b.log.mask, maskQuery, event)
	if v == nil || err != nil {
		return nil, err
	}
	rules, ok := v.([]any)
	if !ok {
		return nil, errors.New(maskQuery + " is no set")
	}
	return rules, nil
}

// Drop asks the rule book whether an event leaves the house at all:
// data.system.log.drop, as OPA's decision logs read it. What is undefined drops
// nothing. With an error it is unknown whether it may leave.
func (b *Book) Drop(ctx context.Context, event map[string]any) (bool, error) {
	v, err := askLog(ctx, b.log.drop, dropQuery, event)
	if v == nil || err != nil {
		return false, err
	}
	drop, ok := v.(bool)
	if !ok {
		return false, errors.New(dropQuery + " is neither true nor false")
	}
	return drop, nil
}

// askLog returns the value of a query about an event, nil when there is none.
func askLog(ctx context.Context, q *rego.PreparedEvalQuery, name string, event map[string]any) (any, error) {
	if q == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, maskWithin)
	defer cancel()
	results, err := q.Eval(ctx, rego.EvalInput(event))
	switch {
	case err != nil:
		return nil, fmt.Errorf("ask %s: %w", name, err)
	case len(results) == 0:
		return nil, nil
	case len(results) != 1 || len(results[0].Expressions) != 1:
		return nil, fmt.Errorf("%s has several values", name)
	}
	return results[0].Expressions[0].Value, nil
}

// prepareLog prepares what the rule book says of its decision logs.
func prepareLog(ctx context.Context, modules map[string]*ast.Module, c *ast.Compiler) (logRules, error) {
	there := false
	said := map[string]bool{}
	for _, m := range modules {
		if m.Package.Path.String() != maskPackage {
			continue
		}
		there = true
		for _, r := range m.Rules {
			said[ruleName(r)] = true
		}
	}
	if there && !said["mask"] && !said["drop"] {
		return logRules{}, errors.New("package system.log has neither a set mask nor a rule drop; decision logs know nothing else of it")
	}
	var rules logRules
	for _, one := range []struct {
		name, query string
		to          **rego.PreparedEvalQuery
	}{{"mask", maskQuery, &rules.mask}, {"drop", dropQuery, &rules.drop}} {
		if !said[one.name] {
			continue
		}
		q, err := rego.New(rego.Query(one.query), rego.Compiler(c), rego.StrictBuiltinErrors(true)).PrepareForEval(ctx)
		if err != nil {
			return logRules{}, fmt.Errorf("prepare %s: %w", one.query, err)
		}
		*one.to = &q
	}
	return rules, nil
}

package machine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/compile"
	"github.com/open-policy-agent/opa/v1/ir"
)

// Plan lets OPA plan the document at entrypoint ("authz/answer") of the modules.
func Plan(ctx context.Context, modules map[string]*ast.Module, entrypoint string, c *ast.Capabilities) (*ir.Policy, error) {
	b := &bundle.Bundle{Data: map[string]any{}}
	b.Manifest.Init()
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		b.Modules = append(b.Modules, bundle.ModuleFile{URL: name, Path: name, Parsed: modules[name].Copy()})
	}
	planner := compile.New().
		WithBundle(b).
		WithTarget(compile.TargetPlan).
		WithEntrypoints(entrypoint).
		WithRegoVersion(ast.RegoV1).
		WithCapabilities(c)
	if err := planner.Build(ctx); err != nil {
		return nil, fmt.Errorf("plan %s: %w", entrypoint, err)
	}
	plans := planner.Bundle().PlanModules
	if len(plans) != 1 {
		return nil, fmt.Errorf("plan %s: got %d plans, want 1", entrypoint, len(plans))
	}
	var policy ir.Policy
	if err := json.Unmarshal(plans[0].Raw, &policy); err != nil {
		return nil, fmt.Errorf("plan %s: %w", entrypoint, err)
	}
	return &policy, nil
}

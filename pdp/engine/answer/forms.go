package answer

import (
	"context"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/wardgate/wardgate/internal/effort"
)

const query = "data.authz.answer"

// optimiserTimeout refuses a rule book that explodes when it is flattened.
const optimiserTimeout = 5 * time.Second

// shared names the documents that the optimiser keeps as they are: words that
// many rules use. Inlining them multiplies every table into every rule.
var shared = []string{"data.authz.ask", "data.authz.denials", "data.records"}

// Written is the rule book as people read it, run by OPA's interpreter.
func Written(ctx context.Context, c *ast.Compiler) (Form, error) { return prepare(ctx, c) }

func prepare(ctx context.Context, c *ast.Compiler, options ...rego.PrepareOption) (Form, error) {
	store := inmem.NewFromObjectWithOpts(map[string]any{},
		inmem.OptReturnASTValuesOnRead(true), inmem.OptRoundTripOnWrite(false))
	q, err := rego.New(
		rego.Query(query),
		rego.Compiler(c),
		rego.Store(store),
		rego.StrictBuiltinErrors(true),
		rego.DisableInlining(shared),
	).PrepareForEval(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", query, err)
	}
	return interpreted{q}, nil
}

// Optimise flattens the rule folders by partial evaluation with the
// whole input unknown: that is what lets the rules stay one folder each. It
// changes the compiler, which is of no other use afterwards.
func Optimise(ctx context.Context, c *ast.Compiler) (Form, error) {
	ctx, cancel := effort.Within(ctx, optimiserTimeout)
	defer cancel()
	return prepare(ctx, c, rego.WithPartialEval())
}

// Package analysis says what a rule book does without deciding anything: why it
// answers as it does and what would have to be otherwise, what it would have
// answered to the decisions of a journal, and what its own tests say.
package analysis

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pip"
)

// A Book is one revision of a rule book that is asked about inputs which are
// already written down: a file, a journal's record. It gathers no facts, and
// asking has no effect. All its methods may be called in parallel.
type Book struct {
	candidate *engine.Candidate
	compiler  *ast.Compiler // of the written form
	rules     rego.PreparedEvalQuery
	remedies  []tables.Remedy
}

// Open loads the rule book in fsys as an Engine does, and refuses what an
// Engine refuses.
func Open(fsys fs.FS, points []pip.Section) (*Book, error) {
	files, err := rulebook.ReadRules(fsys)
	if err != nil {
		return nil, err
	}
	candidate, err := engine.Prepare(files, points, nil)
	if err != nil {
		return nil, err
	}
	b := &Book{candidate: candidate}
	if b.compiler, err = rulebook.Compile(files); err != nil {
		return nil, err
	}
	ctx := context.Background()
	b.rules, err = rego.New(rego.Query("rules := data.authz.rules"), rego.Compiler(b.compiler),
		rego.StrictBuiltinErrors(true)).PrepareForEval(ctx)
	if err != nil {
		return nil, fmt.Errorf("prepare the rules: %w", err)
	}
	b.remedies, err = candidate.Book().Tables.Remedies()
	return b, err
}

// Revision is the digest of the rule book.
func (b *Book) Revision() string { return b.candidate.Revision() }

// Ask answers an input document. With an error the decision is the zero one.
func (b *Book) Ask(ctx context.Context, raw json.RawMessage) (pdp.Decision, error) {
	document, err := input.Parse(raw)
	if err != nil {
		return pdp.Decision{}, err
	}
	return b.ask(ctx, document)
}

func (b *Book) ask(ctx context.Context, document map[string]any) (pdp.Decision, error) {
	value, err := ast.InterfaceToValue(document)
	if err != nil {
		return pdp.Decision{}, fmt.Errorf("%w: %w", input.ErrInput, err)
	}
	d, err := b.candidate.Book().Ask(ctx, value)
	if err != nil {
		return pdp.Decision{}, fmt.Errorf("ask the rule book: %w", err)
	}
	d.Revision = b.candidate.Revision()
	return d, nil
}

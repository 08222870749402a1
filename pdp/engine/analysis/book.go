// Package analysis says what a rule book does without deciding anything: why it
// answers as it does and what would have to be otherwise, what it would have
// answered to the decisions of a journal, and what its own tests say.
package analysis

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

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
	advice    *tables.Advice
	diagram   *diagram
}

// Open loads the rule book in fsys. It refuses what could not be asked; the gate,
// which refuses more, is for books that come into force.
func Open(fsys fs.FS, points []pip.Section) (*Book, error) {
	files, err := rulebook.ReadRules(fsys)
	if err != nil {
		return nil, err
	}
	candidate, err := engine.Load(files, points)
	if err != nil {
		return nil, err
	}
	b := &Book{candidate: candidate, diagram: &diagram{loaded: candidate.Book()}}
	if b.compiler, err = rulebook.Compile(files); err != nil {
		return nil, err
	}
	ctx := context.Background()
	b.rules, err = rego.New(rego.Query("rules := data.authz.rules"), rego.Compiler(b.compiler),
		rego.StrictBuiltinErrors(true)).PrepareForEval(ctx)
	if err != nil {
		return nil, fmt.Errorf("prepare the rules: %w", err)
	}
	b.advice, err = candidate.Book().Tables.Advice()
	return b, err
}

// Revision is the digest of the rule book.
func (b *Book) Revision() string { return b.candidate.Revision() }

// House is what the rule book says to the rest of the house.
func (b *Book) House() *pdp.Tables { return b.candidate.Book().Tables.House }

// Members are what may stand in an input, by paths such as "/context/device/match".
func (b *Book) Members() map[string]pip.Member {
	all := map[string]pip.Member{}
	b.candidate.Book().Layout.Sections(func(path string, s *pip.Section) {
		for _, m := range s.Members {
			all["/"+strings.ReplaceAll(path, ".", "/")+"/"+m.Name] = m
		}
	})
	return all
}

// documentTime bounds the gathering of facts for one document.
const documentTime = 10 * time.Second

// Document is the input that rules would read of a request, with what the sources say:
// it is written by an engine, as that of any other request. Nothing is told of it.
func (b *Book) Document(ctx context.Context, sources []pip.Source, r *pdp.Request) (json.RawMessage, error) {
	e := engine.NewFrom(b.candidate, sources, nil, slog.New(slog.DiscardHandler), engine.Config{Timeout: documentTime})
	d, err := e.Decide(ctx, *r)
	return d.Evidence.Input, err
}

// Ask answers an input document. With an error the decision is the zero one.
func (b *Book) Ask(ctx context.Context, raw json.RawMessage) (pdp.Decision, error) {
	document, err := input.Parse(raw)
	if err != nil {
		return pdp.Decision{}, err
	}
	return b.ask(ctx, document)
}

func (b *Book) ask(ctx context.Context, document map[string]any) (pdp.Decision, error) {
	return ask(ctx, b.candidate, document)
}

func ask(ctx context.Context, c *engine.Candidate, document map[string]any) (pdp.Decision, error) {
	value, err := ast.InterfaceToValue(document)
	if err != nil {
		return pdp.Decision{}, fmt.Errorf("%w: %w", input.ErrInput, err)
	}
	d, err := c.Book().Ask(ctx, value)
	if err != nil {
		return pdp.Decision{}, fmt.Errorf("ask the rule book: %w", err)
	}
	d.Revision = c.Revision()
	return d, nil
}

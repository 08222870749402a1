package engine

import (
	"context"
	"io/fs"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pip"
)

var _ pdp.Judge = (*Engine)(nil)

// What the active rule book says beside decisions.

// Watch activates the rule book in fsys whenever its content changes, until the
// context ends. changed is told of every attempt: of the new revision, or of why
// the last good one goes on serving. What comes by again has a content be tried once more
// that did not change: a refused one may have become good.
func (e *Engine) Watch(ctx context.Context, fsys fs.FS, again <-chan struct{}, changed func(revision string, err error)) {
	rulebook.Watch(ctx, fsys, e.Revision(), again, func() {
		if revision, err := e.activate(ctx, fsys); ctx.Err() == nil {
			changed(revision, err)
		}
	})
}

// Limits are the numbers of the active revision's table.
func (e *Engine) Limits() tables.Limits { return e.active.Load().book.Tables.Limits() }

// Trusted is how far the active rule book trusts a reading, and its age: of a
// source that is no information point, not at all.
func (e *Engine) Trusted(r pip.Reading) pip.State {
	return e.active.Load().book.Tables.Trusted(r.Source, r)
}

// Verdicts judges one behaviour by the active revision.
func (e *Engine) Verdicts(ctx context.Context, b pdp.Behaviour) (pdp.Verdicts, error) {
	book := e.active.Load().book
	list, document, err := book.Behaviour.Verdicts(ctx, &b, book.Tables)
	if err != nil {
		return pdp.Verdicts{}, err
	}
	measures, err := book.Behaviour.Measures(&b)
	if err != nil {
		return pdp.Verdicts{}, err
	}
	return pdp.Verdicts{List: list, Revision: book.Digest, Input: document, Measures: measures}, nil
}

// Mask asks the active rule book what of a decision log event must not leave
// the house; see rulebook.Book.
func (e *Engine) Mask(ctx context.Context, event map[string]any) ([]any, error) {
	return e.active.Load().book.Mask(ctx, event)
}

// Drop asks the active rule book whether a decision log event leaves the house
// at all; see rulebook.Book.
func (e *Engine) Drop(ctx context.Context, event map[string]any) (bool, error) {
	return e.active.Load().book.Drop(ctx, event)
}

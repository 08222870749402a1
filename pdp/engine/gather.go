package engine

import (
	"context"
	"fmt"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pip"
)

// gather asks every source, in order, and lets it write its section. A source
// that fails or panics leaves its section unknown.
func (e *Engine) gather(ctx context.Context, c *Candidate, r *pdp.Request, facts *pip.Facts, in *input.Document, ages map[string]int64) {
	q := pip.Query{
		Now:       r.Context.Time,
		Subject:   r.Subject.ID,
		Session:   r.Context.Credential.Session,
		TokenID:   r.Context.Credential.TokenID,
		Footprint: r.Context.Credential.Footprint,
		Address:   r.Context.Address,
		UserAgent: r.Context.UserAgent,
		Resource:  r.Resource,
		Journey:   r.Context.Journey,

		Unreported: r.Context.Unreported,
	}
	t := c.book.Tables
	for _, s := range e.sources {
		i := section(t.Sections, s)
		if i < 0 {
			e.log.Warn("information point has no section in the input", "source", s.Name())
			continue
		}
		w := in.Section(c.layout.Measured(i), t.Wordings[i], t.Freshness[i])
		if err := ask(ctx, s, &q, facts, w); err != nil {
			e.log.Warn("information point did not answer", "source", s.Name(), "error", err)
		}
		if reading := w.Reading(); reading.Source != "" {
			ages[reading.Source] = reading.Age.Microseconds()
		}
	}
}

func section(points []pip.Section, s pip.Source) int {
	name := s.Name()
	for i := range points {
		if points[i].Name == name {
			return i
		}
	}
	return -1
}

// ask asks one source. When it panics, nothing of what it began to say counts.
func ask(ctx context.Context, s pip.Source, q *pip.Query, f *pip.Facts, w *input.Writer) (err error) {
	before := *f
	defer func() {
		if p := recover(); p != nil {
			*f = before
			w.Forget()
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return s.Gather(ctx, q, f, w)
}

package engine

import (
	"context"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// gather asks every source. A source that fails leaves its facts unknown.
func (e *Engine) gather(ctx context.Context, r *pdp.Request, facts *pip.Facts) {
	q := pip.Query{
		Now:       r.Context.Time,
		Subject:   r.Subject.ID,
		Session:   r.Context.Credential.Session,
		TokenID:   r.Context.Credential.TokenID,
		Footprint: r.Context.Credential.Footprint,
		Address:   r.Context.Address,
		UserAgent: r.Context.UserAgent,
		Resource:  r.Resource,

		Unreported: r.Context.Unreported,
	}
	for _, s := range e.sources {
		if err := s.Gather(ctx, &q, facts); err != nil {
			e.log.Warn("information point did not answer", "source", s.Name(), "error", err)
		}
	}
}

func ages(f *pip.Facts) map[string]int64 {
	m := make(map[string]int64, 6)
	for _, r := range [...]pip.Reading{
		f.Identity.Reading, f.Revocation.Reading, f.Device.Reading,
		f.Location.Reading, f.Care.Reading, f.Signals.Reading,
	} {
		if r.Source != "" {
			m[r.Source] = r.Age.Microseconds()
		}
	}
	return m
}

package process

import (
	"context"
	"errors"
	"iter"
	"maps"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// sources are the information points that the engine asks. The engine starts
// before they do, so that a broken rule book touches no data: until they are
// there they know nothing, which denies.
type sources struct{ identity, revocation, device, location, care, signals late }

func (s *sources) list() []pip.Source {
	return []pip.Source{&s.identity, &s.revocation, &s.device, &s.location, &s.care, &s.signals}
}

func (s *sources) all() iter.Seq2[string, *late] {
	return maps.All(map[string]*late{
		"identity": &s.identity, "revocation": &s.revocation, "device": &s.device,
		"location": &s.location, "care": &s.care, "signals": &s.signals,
	})
}

// watched are those that say nothing about themselves until they are asked.
func (s *sources) watched() map[string]*late {
	return map[string]*late{"identity": &s.identity, "device": &s.device, "location": &s.location, "care": &s.care}
}

// A late source is set once, when what it needs has been opened. It keeps in
// mind what was not answered.
type late struct {
	source   atomic.Pointer[pip.Source]
	failures atomic.Uint64
	since    atomic.Int64 // Unix nanoseconds of the first failure of a row
	newest   atomic.Int64 // and of the last
}

func (l *late) set(s pip.Source) { l.source.Store(&s) }

func (l *late) Name() string {
	if s := l.source.Load(); s != nil {
		return (*s).Name()
	}
	return "not started"
}

func (l *late) Gather(ctx context.Context, q *pip.Query, f *pip.Facts) error {
	s := l.source.Load()
	if s == nil {
		return nil
	}
	err := (*s).Gather(ctx, q, f)
	if err != nil && !errors.Is(err, context.Canceled) { // who asked has gone
		l.failed(time.Now())
	}
	return err
}

// rowOfFailures is how long an information point counts as failing after the
// last question that it did not answer. A stranger's question costs it nothing
// and shows nothing, so that an answer alone ends no row.
const rowOfFailures = 15 * time.Second

func (l *late) failed(now time.Time) {
	l.failures.Add(1)
	if before := l.newest.Swap(now.UnixNano()); now.UnixNano()-before > int64(rowOfFailures) {
		l.since.Store(now.UnixNano())
	}
}

func (l *late) condition(now time.Time) condition {
	switch {
	case l.source.Load() == nil:
		return condition{State: "not_started", degraded: true}
	case now.UnixNano()-l.newest.Load() > int64(rowOfFailures):
		return condition{State: "answering"}
	default:
		return condition{State: "failing", Since: time.Unix(0, l.since.Load()).UTC(), degraded: true}
	}
}

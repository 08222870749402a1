package process

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pip"
)

// sources are the information points that the engine asks. The engine starts
// before they do, so that a broken rule book touches no data: until they are
// there they know nothing, which denies. The zero sources are ready for use.
type sources struct{ points []*late }

func (s *sources) each() []*late {
	if s.points == nil {
		for _, name := range points.Names() {
			s.points = append(s.points, &late{name: name})
		}
	}
	return s.points
}

func (s *sources) list() []pip.Source {
	var all []pip.Source
	for _, l := range s.each() {
		all = append(all, l)
	}
	return all
}

// set starts the information point of a source's name. One that is on no list
// would never be asked: that is a slip of this program.
func (s *sources) set(source pip.Source) {
	for _, l := range s.each() {
		if l.name == source.Name() {
			l.source.Store(&source)
			return
		}
	}
	panic("process: " + source.Name() + " is on no list of information points")
}

func (s *sources) all() iter.Seq2[string, *late] {
	return func(yield func(string, *late) bool) {
		for _, l := range s.each() {
			if !yield(l.name, l) {
				return
			}
		}
	}
}

// A late source is set once, when what it needs has been opened. It keeps in
// mind what was not answered.
type late struct {
	name     string
	source   atomic.Pointer[pip.Source]
	failures atomic.Uint64
	since    atomic.Int64 // Unix nanoseconds of the first failure of a row
	newest   atomic.Int64 // and of the last
}

func (l *late) Name() string { return l.name }

func (l *late) Gather(ctx context.Context, q *pip.Query, f *pip.Facts, w pip.Words) error {
	s := l.source.Load()
	if s == nil {
		return nil
	}
	err := (*s).Gather(ctx, q, f, w)
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

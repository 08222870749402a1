package health

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wardgate/wardgate/pip"
)

// Sources returns the information points as the engine is to ask them: what
// they do not answer is counted. Those that are named in self say themselves how
// they stand; of the others it is known by their answers alone.
func (b *Board) Sources(all []pip.Source, self ...string) []pip.Source {
	counted := make([]pip.Source, len(all))
	var list []*source
	for i, s := range all {
		one := &source{Source: s}
		counted[i], list = one, append(list, one)
		if !slices.Contains(self, s.Name()) {
			b.watch(s.Name(), one.condition)
		}
	}
	b.registry.MustRegister(collector(func(tell func(prometheus.ValueType, string, string, float64, ...label)) {
		for _, one := range list {
			tell(prometheus.CounterValue, "source_failures_total", "Questions that an information point did not answer.",
				float64(one.failures.Load()), label{"source", one.Name()})
		}
	}))
	return counted
}

// A source keeps in mind what an information point did not answer.
type source struct {
	pip.Source
	failures atomic.Uint64
	since    atomic.Int64 // Unix nanoseconds of the first failure of a row
	newest   atomic.Int64 // and of the last
}

// Gather asks. A question whose asker has gone is no failure.
func (s *source) Gather(ctx context.Context, q *pip.Query, f *pip.Facts, w pip.Words) error {
	err := s.Source.Gather(ctx, q, f, w)
	if err != nil && !errors.Is(err, context.Canceled) {
		s.failed(time.Now())
	}
	return err
}

// rowOfFailures is how long an information point counts as failing after the
// last question that it did not answer. A question of an unknown caller costs it
// nothing and shows nothing, so that an answer alone ends no row.
const rowOfFailures = 15 * time.Second

func (s *source) failed(now time.Time) {
	s.failures.Add(1)
	if before := s.newest.Swap(now.UnixNano()); now.UnixNano()-before > int64(rowOfFailures) {
		s.since.Store(now.UnixNano())
	}
}

func (s *source) condition(now time.Time) Condition {
	if now.UnixNano()-s.newest.Load() > int64(rowOfFailures) {
		return Condition{State: "answering"}
	}
	return Condition{State: "failing", Since: time.Unix(0, s.since.Load()).UTC(), Degraded: true}
}

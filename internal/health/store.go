package health

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// storeEvery is how often a store is asked whether it would take a change.
	storeEvery = time.Second
	// storeTime is how long it may take to say so: as long as a request waits for
	// the records.
	storeTime = 5 * time.Second
)

// A Store watches one database.
type Store struct {
	ask   func(ctx context.Context) error
	gone  func(err error) string
	since atomic.Pointer[time.Time] // it has not answered; nil while it does
	state atomic.Value              // string
}

// Store watches a database under the key that names it in the configuration. A
// file is this process's own trouble: while it is locked or cannot be opened,
// another instance could do better, and this one is not ready. A server that is
// gone is gone for all. gone names what an error says of the database.
func (b *Board) Store(key string, file bool, ask func(ctx context.Context) error, gone func(err error) string) *Store {
	s := &Store{ask: ask, gone: gone}
	b.watch(key, func(time.Time) Condition {
		since := s.since.Load()
		if since == nil {
			return Condition{State: "answering"}
		}
		c := Condition{State: s.state.Load().(string), Since: *since, Degraded: true}
		if file {
			c.Fatal = "store_unavailable"
		}
		return c
	})
	b.registry.MustRegister(collector(func(tell func(prometheus.ValueType, string, string, float64, ...label)) {
		tell(prometheus.GaugeValue, "store_up", "1 while a database would take a change.", one(s.since.Load() == nil), label{"store", key})
	}))
	return s
}

// Run asks until the context ends.
func (s *Store) Run(ctx context.Context) {
	ticker := time.NewTicker(storeEvery)
	defer ticker.Stop()
	for {
		s.Ask(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Ask asks once.
func (s *Store) Ask(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	err := s.ask(within)
	switch {
	case err == nil:
		s.since.Store(nil)
	case ctx.Err() != nil: // the process stops
	default:
		s.state.Store(s.gone(err))
		now := time.Now()
		s.since.CompareAndSwap(nil, &now)
	}
}

// Feed watches the Redis that carries revocations. Without it the authority is
// asked, by this process as by all others.
func (b *Board) Feed(fed func() bool) {
	b.watch("stores.cache", func(time.Time) Condition {
		if fed() {
			return Condition{State: "answering"}
		}
		return Condition{State: "silent", Degraded: true}
	})
}

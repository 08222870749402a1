// Package signals is the information point for behaviour: what a subject, or
// for a stranger an address, has lately done. It counts the events of this
// process's journal in memory. Counters that guard one account's log-in are
// not signals: they are exact, and belong to identity.
package signals

import (
	"context"
	"sync"
	"time"

	"github.com/wardgate/wardgate/pip"
)

const (
	minute  = time.Minute
	buckets = 10 // minutes that are kept
	maxKeys = 100_000
)

// A Source counts events and answers with the counts.
type Source struct {
	mu     sync.Mutex
	counts map[string]*window
}

// A window counts by the minute. A bucket of another minute reads as zero.
type window struct {
	at                           [buckets]int64 // the minute each bucket counts
	requests, denials, badLogIns [buckets]int
	last                         int64
}

var _ pip.Source = (*Source)(nil)

// New returns a source that has seen nothing.
func New() *Source { return &Source{counts: map[string]*window{}} }

// Name of the source in readings and journal records.
func (*Source) Name() string { return "signals" }

// Observe counts one event of the journal.
func (s *Source) Observe(e *pip.Event) {
	failedLogIn := e.Kind == pip.KindSession && e.Outcome == "failure"
	if e.Kind != pip.KindDecision && !failedLogIn {
		return
	}
	key := keyOf(e.Subject, e.Address)
	if failedLogIn {
		key = keyOf("", e.Address)
	}
	now := e.Time.Unix() / int64(minute/time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.counts[key]
	if w == nil {
		s.makeRoom(now)
		w = &window{}
		s.counts[key] = w
	}
	i := w.bucket(now)
	switch {
	case failedLogIn:
		w.badLogIns[i]++
	default:
		w.requests[i]++
		if !e.Allow {
			w.denials[i]++
		}
	}
}

func keyOf(subject, address string) string {
	if subject != "" {
		return "subject " + subject
	}
	return "address " + address
}

func (w *window) bucket(now int64) int {
	i := int(now % buckets)
	if w.at[i] != now {
		w.at[i], w.requests[i], w.denials[i], w.badLogIns[i] = now, 0, 0, 0
	}
	w.last = max(w.last, now)
	return i
}

// makeRoom drops who has been idle longest ago when there are too many.
func (s *Source) makeRoom(now int64) {
	if len(s.counts) < maxKeys {
		return
	}
	for key, w := range s.counts {
		if now-w.last >= buckets {
			delete(s.counts, key)
		}
	}
	if len(s.counts) >= maxKeys {
		clear(s.counts)
	}
}

// Gather answers for the subject, or for the address of a stranger. Requests
// are those of the running minute and the one before.
func (s *Source) Gather(_ context.Context, q *pip.Query, f *pip.Facts) error {
	address := ""
	if q.Address.IsValid() {
		address = q.Address.String()
	}
	now := q.Now.Unix() / int64(minute/time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Signals = pip.Signals{Reading: pip.Reading{Source: s.Name(), State: pip.Fresh}}
	if w := s.counts[keyOf(q.Subject, address)]; w != nil {
		w.sum(now, &f.Signals)
	}
	if w := s.counts[keyOf("", address)]; w != nil {
		f.Signals.FailedLogIns = w.total(now, &w.badLogIns)
	}
	return nil
}

func (w *window) sum(now int64, out *pip.Signals) {
	out.Denials = w.total(now, &w.denials)
	for i, at := range w.at {
		if now-at <= 1 {
			out.Requests += w.requests[i]
		}
	}
}

func (w *window) total(now int64, counts *[buckets]int) int {
	n := 0
	for i, at := range w.at {
		if now-at < buckets {
			n += counts[i]
		}
	}
	return n
}

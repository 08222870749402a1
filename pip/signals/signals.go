// Package signals is the information point for behaviour: what a subject, or
// for a stranger an address, has lately done. It counts the events of the
// journal, answers from a table in memory that a Store refreshes each second,
// and counts this process's own events at once. It judges nothing, and never
// asks its Store during a request. Counters that guard one account's log-in
// and codes are not signals: they are exact, and belong to identity.
package signals

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pip"
)

const (
	// Slot is how finely time is counted.
	Slot = 10 * time.Second
	// Minute is the window of request rates.
	Minute = time.Minute
	// Window is the window of everything else.
	Window = 10 * time.Minute
	// Remembered is how long habits are remembered.
	Remembered = 30 * 24 * time.Hour

	// maxTallies bounds what waits for the Store, and what was counted while
	// it does not answer.
	maxTallies = 100_000
)

// Since is the end of the slots that are too old for a window that ends at
// now: a slot counts when it begins after it.
func Since(now time.Time, window time.Duration) time.Time {
	return now.UTC().Truncate(Slot).Add(-window)
}

// Who is what a count is about: a subject, or an address. One of the two is
// empty.
type Who struct{ Subject, Address string }

// From is who is at an address. An IPv6 client owns its whole /64, and is
// counted by it, as it is throttled and barred by it.
func From(a netip.Addr) Who {
	a = a.Unmap().WithZone("")
	if !a.IsValid() {
		return Who{}
	}
	if a.Is6() && !a.IsLoopback() {
		if network, err := a.Prefix(64); err == nil {
			a = network.Addr()
		}
	}
	return Who{Address: a.String()}
}

// A Source counts events and answers with the counts. All its methods may be
// called in parallel.
type Source struct {
	store  Store
	origin string
	log    *slog.Logger

	refreshing sync.Mutex // one refresh at a time
	number     uint64     // of the newest batch

	mu        sync.RWMutex
	table     map[Who]pip.Signals // of the store, with what it knew when it was asked
	habits    map[string]Habit
	given     map[Who]*given   // what the table counts from this process
	refreshed time.Time        // zero before the store has answered
	own       map[Who][]*Tally // since the last batch was taken
	held      int              // tallies in own
	batches   []*batch         // taken, and not yet in table
}

// A batch is what was taken for the store.
type batch struct {
	Batch
	byWho map[Who][]*Tally
	added bool // the store has it
}

var _ pip.Source = (*Source)(nil)

// New returns a source that has seen nothing, over a store that has. Until the
// first Refresh what it tells is unknown.
func New(store Store, log *slog.Logger) *Source {
	return &Source{
		store: store, log: log, origin: uuid.NewString(),
		table: map[Who]pip.Signals{}, habits: map[string]Habit{}, own: map[Who][]*Tally{}, given: map[Who]*given{},
	}
}

// Name of the source in readings and journal records.
func (*Source) Name() string { return "signals" }

// Gather answers for the subject, or for the address of a stranger. Failed
// log-ins are those from the address in either case. The age is that of what
// the store knew; how old is too old is for the policy to say.
func (s *Source) Gather(_ context.Context, q *pip.Query, _ *pip.Facts, w pip.Words) error {
	counts := s.Measure(q)
	Write(&counts, w)
	return nil
}

// Measure is what the subject, or the address of a caller without one, has done.
func (s *Source) Measure(q *pip.Query) pip.Signals {
	from := From(q.Address)
	who := from
	if q.Subject != "" {
		who = Who{Subject: short(q.Subject)}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	counts := s.of(who, q.Now)
	if who != from && from.Address != "" {
		there := s.of(from, q.Now)
		counts.FailedLogIns, counts.SprayedAccounts = there.FailedLogIns, there.SprayedAccounts
	}
	counts.Reading = s.reading(q.Now)
	counts.Age = max(counts.Age, q.Unreported)
	return counts
}

// of needs s.mu. It is the store's count and what this process has seen since.
func (s *Source) of(who Who, now time.Time) pip.Signals {
	sum := newSum(s.table[who], s.given[who])
	for _, b := range s.batches {
		sum.add(b.byWho[who], now)
	}
	sum.add(s.own[who], now)
	if who.Subject != "" {
		sum.PatientsUsual = s.habits[who.Subject].Patients
	}
	return sum.signals()
}

// reading needs s.mu. A clock that stepped back makes nothing younger than it is.
func (s *Source) reading(now time.Time) pip.Reading {
	r := pip.Reading{Source: s.Name()}
	if s.refreshed.IsZero() {
		return r
	}
	r.State, r.Age = pip.Fresh, max(now.Sub(s.refreshed), 0)
	return r
}

// Active returns everybody who did anything within the windows that end at
// now, with what they did, and how far it may be believed.
func (s *Source) Active(now time.Time) map[Who]pip.Signals {
	s.mu.RLock()
	defer s.mu.RUnlock()
	active := make(map[Who]pip.Signals, len(s.table))
	visit := func(who Who) {
		if _, done := active[who]; !done {
			counts := s.of(who, now)
			counts.Reading = s.reading(now)
			active[who] = counts
		}
	}
	for who := range s.table {
		visit(who)
	}
	for _, b := range s.batches {
		for who := range b.byWho {
			visit(who)
		}
	}
	for who := range s.own {
		visit(who)
	}
	return active
}

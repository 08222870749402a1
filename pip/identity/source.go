package identity

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/wardgate/wardgate/pip"
)

const (
	freshFor   = time.Second // an answer this young is not asked for again
	loadWithin = 2 * time.Second
	// patience is how long a decision waits for one reading of an account that is
	// remembered: beyond it the memory answers, with its age.
	patience   = 20 * time.Millisecond
	generation = 10_000 // accounts in one of two generations of memory
)

// A Source tells the policy what stands behind an account. It answers from
// memory; at most once a second and account it reads the store. While the store
// fails or hangs, what was read before goes on answering, with its true age: how
// old is too old is for the rule book's table of freshness to say.
type Source struct {
	store  AccountStore
	now    func() time.Time
	flight singleflight.Group

	mu     sync.Mutex
	begun  map[string]time.Time // readings under way, by the machine's own clock
	known  map[string]memory
	before map[string]memory // what was known before that generation was full
}

type memory struct {
	identity pip.Identity // without a Reading
	read     time.Time
}

// NewSource returns the information point over store. A nil now is the wall clock.
func NewSource(store AccountStore, now func() time.Time) *Source {
	if now == nil {
		now = time.Now
	}
	return &Source{store: store, now: now, known: make(map[string]memory), begun: make(map[string]time.Time)}
}

// Name is "identity".
func (*Source) Name() string { return "identity" }

// Gather fills f.Identity, and says how far it is trusted. A caller without an
// account, and an account that does not exist, are a fresh answer with an empty
// Account.
func (s *Source) Gather(ctx context.Context, q *pip.Query, f *pip.Facts, w pip.Words) error {
	err := s.measure(ctx, q, f)
	w.Trust(f.Identity.Reading)
	return err
}

func (s *Source) measure(ctx context.Context, q *pip.Query, f *pip.Facts) error {
	if q.Subject == "" {
		f.Identity = pip.Identity{Reading: s.reading(pip.Fresh, 0)}
		return nil
	}
	m, found := s.recall(q.Subject)
	if found && s.age(m) < freshFor {
		f.Identity = m.identity
		f.Identity.Reading = s.reading(pip.Fresh, s.age(m))
		return nil
	}
	loaded, err := s.load(ctx, q.Subject, found)
	if err == nil {
		f.Identity = loaded.identity
		f.Identity.Reading = s.reading(pip.Fresh, s.age(loaded))
		return nil
	}
	if found {
		f.Identity = m.identity
		f.Identity.Reading = s.reading(pip.Fresh, s.age(m))
	}
	return fmt.Errorf("identity of %s: %w", q.Subject, err)
}

func (s *Source) reading(state pip.State, age time.Duration) pip.Reading {
	return pip.Reading{Source: s.Name(), State: state, Age: age}
}

// age treats knowledge from the future, after the clock stepped back, as too old for
// any table.
func (s *Source) age(m memory) time.Duration {
	age := s.now().Sub(m.read)
	if age < 0 {
		return math.MaxInt64
	}
	return age
}

func (s *Source) recall(account string) (memory, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, found := s.known[account]
	if !found {
		m, found = s.before[account]
	}
	return m, found
}

// load reads the store once for all who ask at the same time. The read does not
// end with the request that happened to begin it, and no account that is remembered
// waits for it for longer than the patience with that one reading.
func (s *Source) load(ctx context.Context, account string, remembered bool) (memory, error) {
	begun := s.reads(account)
	result := s.flight.DoChan(account, func() (any, error) {
		defer s.hasRead(account)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadWithin)
		defer cancel()
		read := s.now()
		r, err := s.store.Account(ctx, account)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		m := memory{read: read, identity: pip.Identity{
			Account: r.Standing, Username: r.Username, Role: r.Role, Staff: r.Staff, Patient: r.Patient, Department: r.Department,
		}}
		s.remember(account, m)
		return m, nil
	})
	var enough <-chan time.Time // never
	if remembered {
		timer := time.NewTimer(patience - time.Since(begun))
		defer timer.Stop()
		enough = timer.C
	}
	select {
	case r := <-result:
		if r.Err != nil {
			return memory{}, r.Err
		}
		return r.Val.(memory), nil
	case <-enough:
		return memory{}, errors.New("the store takes too long")
	case <-ctx.Done():
		return memory{}, ctx.Err()
	}
}

// reads is when the reading of an account began, which may be now.
func (s *Source) reads(account string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	begun, under := s.begun[account]
	if !under {
		begun = time.Now()
		s.begun[account] = begun
	}
	return begun
}

func (s *Source) hasRead(account string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.begun, account)
}

// remember keeps the memory bounded, at the same cost for the first account and
// for the millionth: a generation that is full is kept as the one before, and
// that one is forgotten whole.
func (s *Source) remember(account string, m memory) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.known[account]; !known && len(s.known) >= generation {
		s.before, s.known = s.known, make(map[string]memory, generation)
	}
	s.known[account] = m
}

var _ pip.Source = (*Source)(nil)

// Package revocation is the information point that knows which sessions and
// which subjects have been cut off. It answers from memory. The authority is
// the policy administrator's database; a Follower keeps the List as new as the
// authority is, with a Feed for speed. What was cut off stays cut off until its
// time is over, whatever a feed says: only the authority lifts a ban, and
// nothing un-revokes a session.
//
// The package never writes to the authority, and never guesses: before the
// first word every answer is unknown, and without a word for FreshFor it is
// stale.
package revocation

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pip"
)

// FreshFor is how long the list is fresh after the authority, or a feed that
// follows it, has spoken.
const FreshFor = 2 * time.Second

// An Authority tells who is cut off. With the zero Mark, or one that it does
// not know, it tells all; else what changed since.
type Authority interface {
	Snapshot(ctx context.Context, since pip.Mark) (pip.Revocations, error)
}

// shards is into how many parts the sessions are split, so that forgetting a
// part of a million holds up no query about another.
const shards = 64

type shard struct {
	mu       sync.RWMutex
	sessions map[[16]byte]uint32 // session id -> Unix seconds
}

// A List is the revocation list of this process. It takes about 28 bytes a
// session. All methods may be called in parallel.
type List struct {
	born     time.Time    // for a clock that cannot be set
	trusted  atomic.Int64 // nanoseconds since born, at the newest word; 0 before the first
	shards   [shards]shard
	bans     bans
	notifier notifier
}

var _ pip.Source = (*List)(nil)

// New returns a list that knows nothing and says so.
func New() *List {
	l := &List{born: time.Now()}
	for i := range l.shards {
		l.shards[i].sessions = map[[16]byte]uint32{}
	}
	l.bans.until = map[string]ban{}
	return l
}

// Name of the source in readings and journal records.
func (*List) Name() string { return "revocation" }

// Revoke cuts a session off at once. The entry is kept until the given time,
// or until the latest that was ever given.
func (l *List) Revoke(_ context.Context, session string, until time.Time) error {
	added, err := l.add(pip.EndedSession{Session: session, Until: until})
	if err == nil && added {
		l.notifier.notify(session, "")
	}
	return err
}

// add reports whether the session was not on the list.
func (l *List) add(e pip.EndedSession) (bool, error) {
	id, err := uuid.Parse(e.Session)
	if err != nil {
		return false, errors.New("revoke session: the id is not a UUID")
	}
	seconds := min(max(e.Until.Unix()+1, 0), math.MaxUint32)
	s := l.shardOf(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	known, found := s.sessions[id]
	s.sessions[id] = max(known, uint32(seconds))
	return !found, nil
}

// shardOf goes by the last byte, which is random in every form of UUID that
// sessions have.
func (l *List) shardOf(id uuid.UUID) *shard { return &l.shards[id[15]%shards] }

// Forget drops sessions whose tokens have all expired and bans that are over,
// and returns how many sessions are left. A clock that was set forward makes
// it forget nothing early: set back again, it would let them in.
func (l *List) Forget(now time.Time) int {
	if steady := l.born.Add(time.Since(l.born)); steady.Before(now) {
		now = steady
	}
	left := 0
	for i := range l.shards {
		left += l.shards[i].forget(now.Unix())
	}
	l.bans.forget(now)
	return left
}

func (s *shard) forget(now int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, until := range s.sessions {
		if int64(until) < now {
			delete(s.sessions, id)
		}
	}
	return len(s.sessions)
}

// Gather says whether the session of the query was revoked or its subject
// banned, and how old the authority's newest word is. A query without a session,
// from a stranger, has nothing that could be.
func (l *List) Gather(_ context.Context, q *pip.Query, f *pip.Facts, w pip.Words) error {
	r, err := l.Measure(q)
	if err == nil {
		Write(&r, f.Identity.Role, w)
	}
	return err
}

// Measure says what is revoked, or with an error nothing.
func (l *List) Measure(q *pip.Query) (pip.Revoked, error) {
	r := pip.Revoked{Reading: l.Reading()}
	if r.State == pip.Unknown {
		return pip.Revoked{}, fmt.Errorf("revocation list: nobody has said yet who is cut off")
	}
	if q.Session != "" {
		id, err := uuid.Parse(q.Session)
		if err != nil {
			return pip.Revoked{}, errors.New("revocation list: the session id is not a UUID")
		}
		s := l.shardOf(id)
		s.mu.RLock()
		_, r.Session = s.sessions[id]
		s.mu.RUnlock()
		r.Session = r.Session || l.bans.sessionOver(id)
	}
	r.Subject = l.bans.active(q.Subject, q.Now)
	r.StepUp = q.Subject != "" && l.bans.active(pip.OwesStepUp(q.Subject), q.Now)
	r.Address = q.Address.IsValid() && l.bans.active(pip.BarredAddress(q.Address), q.Now)
	return r, nil
}

// Ended reports whether the session is known to have been ended, and the subject to
// be banned. It is less than Measure says: false is no clearance.
func (l *List) Ended(session, subject string, now time.Time) (ended, banned bool) {
	if id, err := uuid.Parse(session); err == nil {
		s := l.shardOf(id)
		s.mu.RLock()
		_, ended = s.sessions[id]
		s.mu.RUnlock()
	}
	return ended, l.bans.active(subject, now)
}

// Reading says how far the list may be trusted now.
func (l *List) Reading() pip.Reading {
	trusted := l.trusted.Load()
	if trusted == 0 {
		return pip.Reading{Source: l.Name()}
	}
	r := pip.Reading{Source: l.Name(), State: pip.Fresh, Age: max(0, time.Since(l.born)-time.Duration(trusted))}
	if r.Age > FreshFor {
		r.State = pip.Stale
	}
	return r
}

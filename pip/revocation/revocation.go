// Package revocation is the information point that knows which sessions and
// which subjects have been cut off. It answers from memory. The authority is the policy
// administrator's database, from which the list is restored at start; until
// then every answer is unknown, which denies.
package revocation

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pip"
)

// An Entry is a revoked session and the time after which no token of it can
// be valid any more, so that it may be forgotten.
type Entry struct {
	Session string
	Until   time.Time
}

// A List is the revocation list of this process. It takes about 28 bytes a
// session. All methods may be called in parallel.
type List struct {
	mu       sync.RWMutex
	restored bool
	sessions map[[16]byte]uint32 // session id -> Unix seconds
	subjects map[string]time.Time
}

var _ pip.Source = (*List)(nil)

// New returns a list that knows nothing and says so.
func New() *List {
	return &List{sessions: map[[16]byte]uint32{}, subjects: map[string]time.Time{}}
}

// Name of the source in readings and journal records.
func (*List) Name() string { return "revocation" }

// Restore adds what the authority knows, and makes the list's answers fresh.
func (l *List) Restore(entries []Entry) error {
	for _, e := range entries {
		if err := l.add(e); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.restored = true
	return nil
}

// Revoke cuts a session off at once. The entry is kept until the given time.
func (l *List) Revoke(_ context.Context, session string, until time.Time) error {
	return l.add(Entry{Session: session, Until: until})
}

func (l *List) add(e Entry) error {
	id, err := uuid.Parse(e.Session)
	if err != nil {
		return fmt.Errorf("revoke session: the id is not a UUID: %w", err)
	}
	seconds := min(max(e.Until.Unix()+1, 0), math.MaxUint32)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sessions[id] = max(l.sessions[id], uint32(seconds))
	return nil
}

// Forget drops sessions whose tokens have all expired and bans that are over,
// and returns how many sessions are left.
func (l *List) Forget(now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, until := range l.sessions {
		if int64(until) < now.Unix() {
			delete(l.sessions, id)
		}
	}
	for subject, until := range l.subjects {
		if !now.Before(until) {
			delete(l.subjects, subject)
		}
	}
	return len(l.sessions)
}

// Gather says whether the session of the query was revoked or its subject
// banned. A query without a
// session, from a stranger, has nothing that could be.
func (l *List) Gather(_ context.Context, q *pip.Query, f *pip.Facts) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if !l.restored {
		return fmt.Errorf("revocation list: not restored yet")
	}
	if q.Session != "" {
		id, err := uuid.Parse(q.Session)
		if err != nil {
			return fmt.Errorf("revocation list: the session id is not a UUID: %w", err)
		}
		_, f.Revocation.Session = l.sessions[id]
	}
	f.Revocation.Subject = l.banned(q.Subject, q.Now)
	f.Revocation.Reading = pip.Reading{Source: l.Name(), State: pip.Fresh}
	return nil
}

package revocation

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pip"
)

// bans are the banned subjects. Each change has a number, so that an answer
// which was asked for before a change does not undo it.
type bans struct {
	mu     sync.RWMutex
	change uint64
	until  map[string]ban
	over   int64 // Unix milliseconds up to which all sessions are over that began
}

// A ban without a time has been lifted; it stays until the authority agrees.
type ban struct {
	until  time.Time
	change uint64
}

// Ban cuts a subject off from everything until then. A later ban replaces an
// earlier one.
func (l *List) Ban(_ context.Context, subject string, until time.Time) error {
	if subject == "" {
		return errors.New("ban: no subject")
	}
	l.bans.set(subject, until)
	l.notifier.notify("", subject)
	return nil
}

// Unban lets a subject in again. One that is not banned is no error.
func (l *List) Unban(_ context.Context, subject string) error {
	l.bans.set(subject, time.Time{})
	return nil
}

func (b *bans) set(subject string, until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.change++
	b.put(subject, ban{until.Truncate(time.Microsecond), b.change}) // as stores keep it
}

// put keeps one. That sessions are over stays so for as long as this process runs.
func (b *bans) put(subject string, one ban) {
	b.until[subject] = one
	if over, is := pip.SessionsOver(subject); is && !one.until.IsZero() {
		b.over = max(b.over, over.UnixMilli())
	}
}

// sessionOver reports whether a session began before all sessions were ended. The
// id of a session says when it began (RFC 9562, version 7); one that does not say is
// over as soon as any are.
func (b *bans) sessionOver(id uuid.UUID) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.over > 0 && (id.Version() != 7 || begun(id) <= b.over)
}

// begun is the Unix time in milliseconds that an id of version 7 begins with.
func begun(id uuid.UUID) int64 {
	var ms int64
	for _, octet := range id[:6] {
		ms = ms<<8 | int64(octet)
	}
	return ms
}

// active reports whether the subject is banned. A question without a time is
// answered as if every ban were active.
func (b *bans) active(subject string, now time.Time) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	one, found := b.until[subject]
	return found && subject != "" && !one.until.IsZero() && (now.IsZero() || now.Before(one.until))
}

func (b *bans) forget(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for subject, one := range b.until {
		if !one.until.IsZero() && !now.Before(one.until) {
			delete(b.until, subject)
		}
	}
}

// changes is the number of the newest change.
func (b *bans) changes() uint64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.change
}

// replace makes the authority's answer the truth, but for what changed here
// after it was asked for. It returns the subjects whose ban is new.
func (b *bans) replace(asked uint64, said []pip.BannedSubject) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := make(map[string]ban, len(said))
	for subject, one := range b.until {
		if one.change > asked {
			next[subject] = one
		}
	}
	var fresh []string
	for _, s := range said {
		if _, changed := next[s.Subject]; changed || s.Subject == "" {
			continue
		}
		known := b.until[s.Subject]
		next[s.Subject] = ban{s.Until, known.change}
		if known.until.Before(s.Until) {
			fresh = append(fresh, s.Subject)
		}
	}
	b.until = next
	for subject, one := range next {
		b.put(subject, one)
	}
	return fresh
}

// learn takes from a feed what cuts a subject off, or for longer. It reports
// whether the feed would let in a subject that is banned here: that is for the
// authority to confirm.
func (b *bans) learn(asked uint64, said []pip.BannedSubject) (fresh []string, lifts bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	named := make(map[string]time.Time, len(said))
	for _, s := range said {
		named[s.Subject] = s.Until
		known := b.until[s.Subject]
		if s.Subject == "" || known.change > asked || !known.until.Before(s.Until) {
			continue
		}
		b.change++
		b.put(s.Subject, ban{s.Until, b.change})
		fresh = append(fresh, s.Subject)
	}
	now := time.Now()
	for subject, one := range b.until {
		lifts = lifts || one.until.After(now) && one.until.After(named[subject])
	}
	return fresh, lifts
}

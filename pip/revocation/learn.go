package revocation

import (
	"time"

	"github.com/wardgate/wardgate/pip"
)

// An Inquiry remembers when a source was asked who is cut off: the answer is
// no newer than that, and undoes nothing that was learnt in between.
type Inquiry struct {
	at     time.Duration // since the list was made
	change uint64
}

// Inquire begins an inquiry. Call it before asking.
func (l *List) Inquire() Inquiry {
	return Inquiry{at: time.Since(l.born), change: l.bans.changes()}
}

// Restore takes the authority's answer: sessions are added, and the bans are
// those that it names. Afterwards the list is as fresh as the inquiry.
func (l *List) Restore(in Inquiry, r pip.Revocations) error {
	ended, err := l.addAll(r.Sessions)
	l.notify(ended, l.bans.replace(in.change, r.Bans))
	if err != nil {
		return err
	}
	l.trust(in.at)
	return nil
}

// Learn takes a feed's answer, which only ever adds: a feed may lie behind its
// authority, or have lost what it knew. It reports whether the feed would let
// in a subject that is banned here, so that the authority should be asked.
func (l *List) Learn(in Inquiry, r pip.Revocations) (lifts bool, err error) {
	ended, err := l.addAll(r.Sessions)
	banned, lifts := l.bans.learn(in.change, r.Bans)
	l.notify(ended, banned)
	if err != nil {
		return lifts, err
	}
	l.trust(in.at)
	return lifts, nil
}

// addAll adds what it can, and returns the sessions that are new.
func (l *List) addAll(sessions []pip.EndedSession) ([]string, error) {
	var fresh []string
	var fault error
	for _, e := range sessions {
		added, err := l.add(e)
		if err != nil {
			fault = err
		}
		if added {
			fresh = append(fresh, e.Session)
		}
	}
	return fresh, fault
}

// trust moves the newest word of the authority forward, never back.
func (l *List) trust(at time.Duration) {
	word := max(1, int64(at))
	for {
		known := l.trusted.Load()
		if known >= word || l.trusted.CompareAndSwap(known, word) {
			return
		}
	}
}

// notify tells listeners of ended sessions, and of bans first: a ban ends sessions too, and what is
// under way in them is to break off for the reason that it was banned. Before
// the first word no session was let in, so that there is none to cut off.
func (l *List) notify(sessions, subjects []string) {
	if l.trusted.Load() == 0 {
		return
	}
	for _, s := range subjects {
		l.notifier.notify("", s)
	}
	for _, s := range sessions {
		l.notifier.notify(s, "")
	}
}

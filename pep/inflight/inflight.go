// Package inflight knows the exchanges under way that belong to a session or a
// subject, and breaks them off when one of the two is revoked.
package inflight

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pip"
)

// A Notifier tells of sessions and subjects that are revoked: one of the two
// is "".
type Notifier interface {
	OnRevoke(func(session, subject string))
}

// ErrRevoked ends an exchange whose session or subject was revoked under way.
var ErrRevoked = errors.New("revoked under way")

// A Set holds the exchanges under way. Requests are many and revocations few:
// a request only begins and ends, and Cancel looks at all of them. The zero Set
// is empty and ready.
type Set struct {
	mu  sync.Mutex
	all map[*Exchange]struct{}
}

// An Exchange is one request under way. A nil Exchange belongs to no session
// and no subject, and cannot be cancelled.
type Exchange struct {
	session, subject string

	mu        sync.Mutex
	revoked   string                  // code of why it was cancelled; "" while it was not
	cancel    context.CancelCauseFunc // nil before it is forwarded
	owner     any                     // what is judged again; nil before it is forwarded
	client    *http.ResponseController
	answering bool // the client gets a status
	uploading bool // the client sends for as long as it likes
	ended     bool
}

// Begin enters an exchange. It has to be called before the decision is asked
// for, so that no revocation falls between the answer and the entry. Without a
// session and a subject it returns nil.
func (s *Set) Begin(session, subject string) *Exchange {
	if session == "" && subject == "" {
		return nil
	}
	return s.enter(&Exchange{session: session, subject: subject})
}

// BeginOpen enters an exchange of no session and no subject that may last: it is judged again
// as others are.
func (s *Set) BeginOpen() *Exchange { return s.enter(&Exchange{}) }

func (s *Set) enter(e *Exchange) *Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[*Exchange]struct{}{}
	}
	s.all[e] = struct{}{}
	return e
}

// End takes an exchange out again.
func (s *Set) End(e *Exchange) {
	if e == nil {
		return
	}
	s.mu.Lock()
	delete(s.all, e)
	s.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ended = true
}

// Cancel breaks off what belongs to the session or the subject.
func (s *Set) Cancel(session, subject string) {
	why := code.SessionRevoked
	if kind, _ := pip.RestrictionOf(subject); session == "" && kind == pip.RestrictedAccount {
		why = code.SubjectBanned
	}
	for _, e := range s.of(session, subject) {
		e.cancelFor(why)
	}
}

func (s *Set) of(session, subject string) []*Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	// That all sessions are over is told by the name of a restriction.
	kind, _ := pip.RestrictionOf(subject)
	over := subject != "" && kind == pip.RestrictedSessions
	var found []*Exchange
	for e := range s.all {
		if over && e.session != "" || session != "" && e.session == session || subject != "" && e.subject == subject {
			found = append(found, e)
		}
	}
	return found
}

// cancelFor breaks the connection to the application, and when the client is
// being answered the one to the client: it may have stopped reading.
func (e *Exchange) cancelFor(why string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended || e.revoked != "" {
		return
	}
	e.revoked = why
	if e.cancel != nil {
		e.cancel(ErrRevoked)
	}
	if e.answering {
		// Where it is not supported, the connection ends with its handler.
		_ = e.client.SetWriteDeadline(time.Unix(1, 0))
	}
}

// Forward makes the exchange one that can be broken off, and reports whether it
// may be forwarded: it was not cancelled while it was judged. owner is what Again
// judges.
func (e *Exchange) Forward(cancel context.CancelCauseFunc, w http.ResponseWriter, owner any) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cancel, e.client, e.owner = cancel, http.NewResponseController(w), owner
	return e.revoked == ""
}

// Upload says that the client sends for as long as it likes. It has to be called after
// Forward.
func (e *Exchange) Upload() {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.uploading = true
}

// Answer reports whether the answer may go out, and counts it as gone then.
func (e *Exchange) Answer() bool {
	if e == nil {
		return true
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answering = e.revoked == ""
	return e.answering
}

// Revoked is the code of why the exchange was cancelled, "" when it was not, and
// whether the client had been sent a status by then.
func (e *Exchange) Revoked() (why string, answering bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.revoked, e.answering
}

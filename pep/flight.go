package pep

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// Cuts tells of sessions and subjects that are cut off: one of the two is "".
type Cuts interface {
	OnCut(func(session, subject string))
}

// errCut ends an exchange whose session or subject was cut off under way.
var errCut = errors.New("cut off under way")

// flights are the exchanges under way that belong to somebody. Requests are
// many and cuts are few: a request only enters and leaves, and a cut looks at
// all of them.
type flights struct {
	mu  sync.Mutex
	all map[*flight]struct{}
}

// A flight is one exchange under way. It is entered before the question is
// asked, so that no revocation falls between the answer and the entry.
type flight struct {
	session, subject string

	mu        sync.Mutex
	cut       string                  // why, once it is cut
	cancel    context.CancelCauseFunc // nil before it is forwarded
	client    *http.ResponseController
	answering bool // the client gets a status
	landed    bool
}

// board enters the exchange, if it belongs to somebody. What the policy
// administrator is asked is left out: it is what ends sessions, and whoever
// asked for that is to learn that it happened.
func (f *flights) board(x *exchange) {
	if x.asked || x.application() == administrator || x.subject == "" && x.credential.Session == "" {
		return
	}
	x.flight = &flight{session: x.credential.Session, subject: x.subject}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all[x.flight] = struct{}{}
}

// land takes an exchange out again.
func (f *flights) land(x *exchange) {
	if x.flight == nil {
		return
	}
	f.mu.Lock()
	delete(f.all, x.flight)
	f.mu.Unlock()
	x.flight.mu.Lock()
	defer x.flight.mu.Unlock()
	x.flight.landed = true
}

// cut ends what belongs to the session or the subject.
func (f *flights) cut(session, subject string) {
	why := "session_revoked"
	if session == "" {
		why = "subject_banned"
	}
	for _, one := range f.of(session, subject) {
		one.end(why)
	}
}

func (f *flights) of(session, subject string) []*flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []*flight
	for one := range f.all {
		if session != "" && one.session == session || subject != "" && one.subject == subject {
			found = append(found, one)
		}
	}
	return found
}

// end breaks the way from the application, and when the client is being
// answered the way to it: it may have stopped reading.
func (one *flight) end(why string) {
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.landed || one.cut != "" {
		return
	}
	one.cut = why
	if one.cancel != nil {
		one.cancel(errCut)
	}
	if one.answering {
		// Where it is not supported, the connection ends with its handler.
		_ = one.client.SetWriteDeadline(time.Unix(1, 0))
	}
}

// depart makes the flight one that can be broken, and reports whether it may
// go: it was not cut while it was judged.
func (one *flight) depart(cancel context.CancelCauseFunc, w http.ResponseWriter) bool {
	one.mu.Lock()
	defer one.mu.Unlock()
	one.cancel, one.client = cancel, http.NewResponseController(w)
	return one.cut == ""
}

// answer reports whether the answer may go out, and counts it as gone then.
func (one *flight) answer() bool {
	if one == nil {
		return true
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	one.answering = one.cut == ""
	return one.answering
}

// state is why the flight was cut, "" when it was not, and whether the client
// had been sent a status by then.
func (one *flight) state() (cut string, answering bool) {
	one.mu.Lock()
	defer one.mu.Unlock()
	return one.cut, one.answering
}

// forward sends an allowed request to its application, and breaks off when
// whoever asked is cut off.
func (p *Proxy) forward(w http.ResponseWriter, r *http.Request, x *exchange) {
	ctx := context.WithValue(r.Context(), exchangeKey{}, x)
	if x.flight != nil {
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		defer cancel(nil)
		if !x.flight.depart(cancel, w) {
			p.failed(w, r.WithContext(ctx), errCut)
			return
		}
		defer p.breakOff(x)
	}
	p.forwarder[x.application()].ServeHTTP(final{w}, r.WithContext(ctx))
}

// breakOff keeps evidence of an answer that was cut short, and breaks the
// client's connection: it must not take what it got for the whole.
func (p *Proxy) breakOff(x *exchange) {
	why, answering := x.flight.state()
	if why == "" || !answering {
		return
	}
	if err := p.record(context.Background(), p.cutEvent(x, why)); err != nil {
		p.Log.Error("cut not journalled", "decision", x.id, "error", err)
	}
	panic(http.ErrAbortHandler)
}

// refuseCut answers an exchange that was cut before the client got a status.
func (p *Proxy) refuseCut(w http.ResponseWriter, r *http.Request, x *exchange) {
	why, _ := x.flight.state()
	e := p.cutEvent(x, why)
	e.Status = statusOf([]string{why})
	if err := p.record(r.Context(), e); err != nil {
		p.Log.Error("cut not journalled", "decision", x.id, "error", err)
	}
	p.answer(w, x, e.Status, why)
}

func (p *Proxy) cutEvent(x *exchange, why string) pip.Event {
	e := x.event(pip.KindOutcome)
	e.Allow, e.Outcome, e.Detail, e.Reasons, e.Time = true, "unknown", "cut_off", []string{why}, p.Now()
	return e
}

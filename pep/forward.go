package pep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/inflight"
	"github.com/wardgate/wardgate/pep/obligation"
	"github.com/wardgate/wardgate/pep/upstream"
	"github.com/wardgate/wardgate/pep/upstream/balance"
	"github.com/wardgate/wardgate/pep/upstream/credential"
	"github.com/wardgate/wardgate/pep/upstream/http1"
)

var (
	errOutcome  = errors.New("the outcome is not journalled")
	errNotFinal = errors.New("the application answered with an interim status or left HTTP")
)

// forward sends an allowed request to its application, and breaks off when the
// session or the subject is revoked.
func (p *Proxy) forward(w http.ResponseWriter, r *http.Request, x *exchange) {
	x.fruitless = true // until something comes of it: a client that hangs up at once pays too
	ctx := context.WithValue(r.Context(), exchangeKey{}, x)
	if x.inflight != nil {
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		defer cancel(nil)
		x.underWay.ruling = judgement{due: x.now.Add(x.tables.underWay.Every), revision: x.tables.routes.Revision()}
		if !x.inflight.Forward(cancel, w, x) {
			p.failed(w, r.WithContext(ctx), inflight.ErrRevoked)
			return
		}
		defer p.breakOff(x)
	}
	if x.streams {
		r = p.openStream(ctx, w, r, x)
		defer p.closeStream(x)
		x.inflight.Upload()
	}
	out := upstream.Final{W: w}
	if !x.leaves() {
		x.applications.forwarder[x.application()].ServeHTTP(out, r.WithContext(ctx))
		return
	}
	open := &opening{Final: out, request: r.WithContext(ctx)}
	x.applications.forwarder[x.application()].ServeHTTP(open, open.request)
	p.closed(x, open)
}

// outcome keeps the evidence of an answer before its first byte leaves.
func (p *Proxy) outcome(res *http.Response) error {
	x := exchangeOf(res.Request.Context())
	if res.StatusCode == http.StatusSwitchingProtocols {
		return p.opened(res, x)
	}
	if res.StatusCode < http.StatusOK {
		return errNotFinal
	}
	x.fruitless = fruitless(res.StatusCode)
	ids, set := upstream.Patients(res.Header), res.Header["Set-Cookie"]
	if to := x.applications.Upstreams[x.application()]; to.External {
		upstream.Scrub(res.Header, to.AnswerHeaders)
		upstream.Redirect(res.Header, res.Request.URL)
		to.Headers.ApplyToAnswer(res.Header)
		x.confine(res.Header)
	} else if err := p.scrubOwn(res.Header, x); err != nil {
		return err
	}
	x.private(res.Header)
	if err := p.change(res, x); err != nil {
		return err
	}
	p.giveCookies(x, set, res.Header)
	return p.goesOut(res, x, ids)
}

// goesOut keeps the evidence of an answer that is ready, with whose data it holds.
func (p *Proxy) goesOut(res *http.Response, x *exchange, patients []string) error {
	if err := p.streamEnded(x); err != nil {
		return fmt.Errorf("%w: %w", errOutcome, err)
	}
	if err := p.cameOf(res.Request.Context(), x, &pdp.Outcome{Status: res.StatusCode, Patients: patients, Answered: true}); err != nil {
		return fmt.Errorf("%w: %w", errOutcome, err)
	}
	if !x.inflight.Answer() {
		return inflight.ErrRevoked
	}
	return nil
}

// scrubOwn does that for an answer of one of Wardgate's own services, and what the
// policy administrator says of the browser's cookie. An application's word is dropped.
func (p *Proxy) scrubOwn(h http.Header, x *exchange) error {
	var said []string
	if x.application() == administrator {
		said = h[assertion.BrowserHeader]
	}
	upstream.ScrubOwn(h, x.application() == administrator)
	keepCookies(h)
	return p.settle(x, said, h)
}

// change has the obligations change what goes out of an answer. A stream leaves
// in parts before it is known whole: what cannot be kept on one withholds it.
func (p *Proxy) change(res *http.Response, x *exchange) error {
	if upstream.Streams(res) && !x.effects.Ways.Has(obligation.Stream) {
		return fmt.Errorf("%w: it is a stream", obligation.ErrWithheld)
	}
	if len(x.effects.Answers) == 0 {
		return nil
	}
	limit := p.answerLimit(x)
	release, err := p.makeRoom(res, limit)
	if err != nil {
		return err
	}
	changed := false
	defer func() {
		if !changed { // also when a change panicked
			release()
		}
	}()
	// An answer is held whole until it has been changed: one that trickles would
	// be held for as long as its application likes.
	arriving := res.Body
	tooLate := time.AfterFunc(p.cfg.AnswerTime, func() { _ = arriving.Close() })
	defer tooLate.Stop()
	for _, a := range x.effects.Answers {
		if err := a.Change(res, limit); err != nil {
			return err
		}
	}
	changed = true
	res.Body = &roomy{ReadCloser: res.Body, release: release}
	return nil
}

// A roomy body gives its memory back once the client has it, or has gone.
type roomy struct {
	io.ReadCloser
	release func()
}

func (b *roomy) Close() error {
	b.release()
	return b.ReadCloser.Close()
}

const (
	// roomTime bounds the wait for memory to change an answer in.
	roomTime = 2 * time.Second
	// copies is how often an answer stands in memory while it is changed: as it
	// came, and as it goes.
	copies = 2
)

var errAnswersBusy = errors.New("too many answers are being changed")

// makeRoom reserves memory for an answer that is changed: all of them together
// have a budget, whatever one may take.
func (p *Proxy) makeRoom(res *http.Response, limit int64) (release func(), err error) {
	size := min(limit, p.cfg.AnswersMemory/copies)
	switch {
	case res.Request.Method == http.MethodHead || res.Body == http.NoBody:
		size = 0 // whatever length it states
	case res.ContentLength >= 0:
		size = min(size, res.ContentLength)
	}
	ctx, cancel := context.WithTimeout(res.Request.Context(), roomTime)
	defer cancel()
	if err := p.room.Acquire(ctx, copies*size); err != nil {
		return nil, errAnswersBusy
	}
	return sync.OnceFunc(func() { p.room.Release(copies * size) }), nil
}

// answerLimit is the largest answer of the application of x that is changed.
func (p *Proxy) answerLimit(x *exchange) int64 {
	if own := x.applications.Upstreams[x.application()].AnswerLimit; own > 0 {
		return own
	}
	return p.cfg.AnswerLimit
}

// failed answers when the application did not, or when its answer may not go
// out because there is no evidence of it.
func (p *Proxy) failed(w http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r.Context())
	x.fruitless = r.Context().Err() != nil // where the client is still there, it is no fault of the client's
	if errors.Is(err, inflight.ErrRevoked) || errors.Is(context.Cause(r.Context()), inflight.ErrRevoked) {
		p.refuseRevoked(w, r, x)
		return
	}
	p.cfg.Log.Error("not forwarded", "decision", x.id, "application", x.application(),
		"error", upstream.Cause(err, upstream.ErrUntold, balance.ErrOut, credential.ErrUnasked, http1.ErrBusy, http1.ErrBody, http1.ErrHead, errAnswersBusy, errOutcome, errNotFinal, errHandle, obligation.ErrWithheld))
	if errors.Is(err, errOutcome) {
		p.answer(w, x, p.refuse(code.JournalMissing))
		return
	}
	refused, outcome := p.refuse(code.ApplicationFailed), "unknown"
	flaw := x.flawOfStream()
	out, isOut := errors.AsType[*balance.OutError](err)
	switch {
	case isOut: // nothing was sent
		refused, outcome = p.refuse(code.ApplicationOut), "failure"
		refused.retry = out.Retry
	case errors.Is(err, obligation.ErrWithheld):
		refused, outcome = p.refuse(code.AnswerWithheld), "failure"
	case errors.Is(err, upstream.ErrUntold): // nothing was sent
		outcome = "failure"
	case errors.Is(err, http1.ErrBusy): // nothing was sent
		refused, outcome = p.refuse(code.ApplicationBusy), "failure"
	case errors.Is(err, errAnswersBusy):
		refused = p.refuse(code.AnswersBusy)
	case flaw != "":
		x.fruitless = true
		refused = p.refuse(flaw)
	}
	if err := p.cameOf(r.Context(), x, &pdp.Outcome{Status: refused.status, Outcome: outcome, Detail: refused.shown[0]}); err != nil {
		p.cfg.Log.Error("outcome not journalled", "decision", x.id, "error", err)
	}
	p.answer(w, x, refused)
}

// breakOff keeps evidence of an answer that was cut short, and breaks the
// client's connection: it must not take what it got for the whole.
func (p *Proxy) breakOff(x *exchange) {
	why, answering := x.inflight.Revoked()
	if why == "" || !answering {
		return
	}
	if err := p.cameOf(context.Background(), x, broken(why, 0)); err != nil {
		p.cfg.Log.Error("broken exchange not journalled", "decision", x.id, "error", err)
	}
	panic(http.ErrAbortHandler)
}

// refuseRevoked answers an exchange that was broken off before the client got
// a status.
func (p *Proxy) refuseRevoked(w http.ResponseWriter, r *http.Request, x *exchange) {
	why, _ := x.inflight.Revoked()
	refused := p.refuse(why)
	if err := p.cameOf(r.Context(), x, broken(why, refused.status)); err != nil {
		p.cfg.Log.Error("broken exchange not journalled", "decision", x.id, "error", err)
	}
	p.answer(w, x, refused)
}

// broken is what came of an exchange that was broken off. Whether the
// application did what was asked is not known.
func broken(why string, status int) *pdp.Outcome {
	return &pdp.Outcome{Status: status, Outcome: "unknown", Detail: "cut_off", Reasons: []string{why}}
}

// cameOf records what came of an allowed request.
func (p *Proxy) cameOf(ctx context.Context, x *exchange, o *pdp.Outcome) error {
	t := x.trace()
	return p.journal(ctx, t.CameOf(&x.decision, o, p.cfg.Now()))
}

package pep

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/netip"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pep/request"
	"github.com/wardgate/wardgate/pep/upstream"
)

// askedDetail marks the evidence of requests that another proxy would forward:
// Wardgate saw no more of the body than its digest says, and sees no outcome.
const askedDetail = "extauth"

// A Question is a request that another proxy holds. It has to describe the
// request exactly as that proxy would forward it.
type Question struct {
	Method string
	Target string // the request target as its bytes came, "/path?query"
	Host   string
	Header http.Header
	Client netip.Addr // zero when it is not known
	Body   Body

	// Flaw is a code for why the request cannot be described in one way, and
	// refuses it. "" means that it can.
	Flaw string
}

// A Body is what the other proxy shows of the request's body. The zero Body
// has been cut.
type Body struct {
	State BodyState
	Bytes []byte // of a whole body
}

// BodyState says how much of a body is shown.
type BodyState int

// The states. No route lets a cut body pass; what a body says is not judged
// when it is unseen, and the assertion is then about a request without one.
const (
	BodyCut BodyState = iota
	BodyUnseen
	BodyWhole
)

// A Check answers a Question. The zero Check denies.
type Check struct {
	Allow     bool
	Decision  string   // id, "" when there is no record
	Assertion string   // for the application, under assertion.Header; of an allowed request only
	Drop      []string // headers of the request that must not reach the application

	Problem problem.Document // of a denial
	Header  http.Header      // of a denial, beside the document's own
}

// Check answers whether a request that another proxy holds may pass. It takes
// the same way as a request that Wardgate forwards: obligations are met and
// the decision is durable before Check returns. What panics denies.
func (p *Proxy) Check(ctx context.Context, q *Question) (c Check) {
	defer func() {
		if fault := recover(); fault != nil {
			p.logPanic(fault)
			c = unavailableCheck()
		}
	}()
	x, err := p.begin(q.Client, q.Header.Get("User-Agent"))
	if err != nil {
		p.Log.Error("no randomness for a decision id", "error", err)
		return unavailableCheck()
	}
	x.asked = true
	answer := p.ruleOn(ctx, q, x)
	if !answer.allow {
		return x.denied(answer)
	}
	signed, err := p.sign(x, x.application())
	if err != nil {
		p.Log.Error("no assertion", "decision", x.id, "error", err)
		return x.denied(ruling{status: http.StatusServiceUnavailable, reasons: []string{"assertion_unavailable"}})
	}
	return Check{Allow: true, Decision: x.id, Assertion: signed, Drop: dropped(q.Header)}
}

func (p *Proxy) ruleOn(ctx context.Context, q *Question, x *exchange) ruling {
	r := q.request(ctx)
	if q.Flaw != "" {
		if turned, ok := p.admit(r, x); !ok {
			return turned
		}
		return p.refuse(ctx, x, http.StatusBadRequest, q.Flaw)
	}
	return p.judge(r, x, func(kind string) ([]byte, string) {
		switch {
		case q.Body.State == BodyUnseen:
			return nil, ""
		case q.Body.State == BodyWhole:
			return request.ReadBody(nil, r, kind, p.BodyLimit)
		case kind == "json":
			return nil, request.BodyUnreadable
		default:
			return nil, request.BodyUnexpected
		}
	})
}

// request is the question in the form in which the way of a request begins.
func (q *Question) request(ctx context.Context) *http.Request {
	r := &http.Request{
		Method:        q.Method,
		RequestURI:    q.Target,
		Host:          q.Host,
		Header:        q.Header,
		Body:          io.NopCloser(bytes.NewReader(q.Body.Bytes)),
		ContentLength: int64(len(q.Body.Bytes)),
	}
	return r.WithContext(ctx)
}

func (x *exchange) denied(r ruling) Check {
	d, header := x.denial(r.status, r.reasons)
	if r.retry > 0 {
		header.Set("Retry-After", r.retryAfter())
	}
	return Check{Decision: x.id, Problem: d, Header: header}
}

func unavailableCheck() Check {
	return Check{
		Problem: problem.New(http.StatusServiceUnavailable, "decision_unavailable"),
		Header:  http.Header{"Retry-After": {"1"}},
	}
}

// dropped names the headers that Wardgate would not forward itself.
func dropped(h http.Header) []string {
	var names []string
	kept := upstream.Header(h)
	for name := range h {
		if _, ok := kept[name]; !ok {
			names = append(names, name)
		}
	}
	return names
}

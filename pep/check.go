package pep

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/netip"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/upstream"
)

// A Question is a request that another proxy holds. It has to describe the
// request exactly as that proxy would forward it.
type Question struct {
	Method string
	Target string // the request target as its bytes came, "/path?query"
	Scheme string // "https" or "http", by which it came there
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
	Page    *Answer          // of a denial, for a person at a browser; nil for the document
}

// passedCheck lets a request pass, with what its application is told.
func (p *Proxy) passedCheck(x *exchange, q *Question) Check {
	signed, err := p.sign(x, x.application())
	if err != nil {
		p.cfg.Log.Error("no assertion", "decision", x.id, "error", err)
		return p.refusedCheck(x, p.refuse(code.AssertionMissing))
	}
	return Check{Allow: true, Decision: x.id, Assertion: signed, Drop: dropped(q.Header)}
}

func (p *Proxy) refusedCheck(x *exchange, r *refusal) Check {
	d, header := p.toCall(x, r)
	c := Check{Decision: x.id, Problem: d, Header: header, Page: p.toBrowser(x, r)}
	if x.over {
		p.forget(x, c.Header)
		if c.Page != nil {
			p.forget(x, c.Page.Header)
		}
	}
	return c
}

func (p *Proxy) unavailableCheck() Check {
	d, header := (&exchange{}).problem(p.refuse(code.DecisionMissing))
	return Check{Problem: d, Header: header}
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

// hidden is the code that refuses a body that is not shown whole, "" for none.
// bound says that the application takes no other body than the stated one: of a
// request to any other it has to be plain that there is none.
func (q *Question) hidden(kind string, bound bool) string {
	said := len(q.Header["Transfer-Encoding"]) > 0
	for _, length := range q.Header["Content-Length"] {
		said = said || length != "0"
	}
	safe := q.Method == http.MethodGet || q.Method == http.MethodHead
	switch {
	case q.Body.State == BodyUnseen && kind == pdp.BodyNone && said:
		return code.BodyUnexpected
	case q.Body.State == BodyUnseen && (bound || safe && !said):
		return ""
	case kind != pdp.BodyNone:
		return code.BodyUnreadable
	default:
		return code.BodyUnexpected
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

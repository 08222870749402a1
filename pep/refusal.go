package pep

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp"
)

// A refusal is why a request goes no further. A stage that returns none lets it
// go on.
type refusal struct {
	reasons []string // as the journal has them
	shown   []string // what the client is told of them
	status  int
	retry   time.Duration // after how long to come again; 0 leaves it to the status
	allow   string        // the methods that the path takes, of a refusal for its method

	// throttled is one of a caller without a live session who has used up the share:
	// nothing was asked, and it is counted instead of recorded.
	throttled bool
}

// refuse is the refusal for a code of the enforcement point's own.
func (p *Proxy) refuse(code string) *refusal {
	reason := p.own[code]
	shown := code
	if reason.Shown != "" {
		shown = reason.Shown
	}
	r := &refusal{reasons: []string{code}, shown: []string{shown}, status: reason.Status}
	if r.status == 0 { // a code without a row
		r.status = http.StatusForbidden
	}
	return r
}

// refuse is the refusal of a request that its decision denies. What the
// codes mean is for the tables of the revision that answered to say.
func (x *exchange) refuse() *refusal {
	r := &refusal{reasons: x.decision.Reasons}
	r.status, r.shown = x.tables.reasons.Answer(x.decision.Reasons)
	return r
}

// breaks reports whether what follows on the connection cannot be trusted to
// be another request. In HTTP/2 it would end the other streams too.
func (r *refusal) breaks(protoMajor int) bool {
	return protoMajor == 1 && (r.status == http.StatusRequestEntityTooLarge || r.status == http.StatusBadRequest)
}

// answer tells the client why its request goes no further.
func (p *Proxy) answer(w http.ResponseWriter, x *exchange, r *refusal) {
	to := p.toBrowser(x, r)
	d, header := p.toCall(x, r)
	if to != nil {
		header = to.Header
	}
	maps.Copy(w.Header(), header)
	if x.over {
		p.forget(x, w.Header())
	}
	p.forgetForeign(x, w.Header())
	if to == nil {
		problem.Write(w, d)
		return
	}
	w.WriteHeader(to.Status)
	_, _ = w.Write(to.Body) // a broken connection is the client's loss
}

// toCall is the problem document for a program, and the headers that go with it. A
// script of a page learns where its person logs in.
func (p *Proxy) toCall(x *exchange, r *refusal) (problem.Document, http.Header) {
	d, header := x.problem(r)
	if p.browsers != nil && r.status == http.StatusUnauthorized && !x.freshFactor(r) {
		d.LogIn = p.browsers.home.String() + logInPath
	}
	return d, header
}

// problem is what the client is told, and the headers that go with it.
func (x *exchange) problem(r *refusal) (problem.Document, http.Header) {
	d := problem.New(r.status, r.shown...)
	d.Decision = x.id
	header := http.Header{}
	switch r.status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", x.authenticateHeader(r))
	case http.StatusMethodNotAllowed:
		header.Set("Allow", r.allow)
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", "1")
	case http.StatusTooManyRequests:
		header.Set("Retry-After", rateWindow)
	}
	if r.retry > 0 {
		header.Set("Retry-After", seconds(r.retry))
	}
	return d, header
}

// rateWindow is how long, in seconds, requests count as many.
const rateWindow = "60"

// seconds is the value of Retry-After: whole seconds, at least one.
func seconds(d time.Duration) string {
	return strconv.Itoa(max(1, int((d+time.Second-1)/time.Second)))
}

// authenticateHeader follows RFC 6750 and, when a fresh factor would do, RFC 9470.
func (x *exchange) authenticateHeader(r *refusal) string {
	// There is a challenge only where the tables were asked.
	switch c := x.effects.Challenge; {
	case x.freshFactor(r):
		return fmt.Sprintf(`Bearer error="insufficient_user_authentication", acr_values="%s", max_age="%d"`, quoted(c.ACR), c.MaxAge)
	case x.credential.State == pdp.CredentialNone:
		return "Bearer"
	default:
		return `Bearer error="invalid_token"`
	}
}

// quoted makes text safe inside a quoted-string.
func quoted(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, s)
}

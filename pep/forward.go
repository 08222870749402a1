package pep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pep/inflight"
	"github.com/wardgate/wardgate/pep/upstream"
	"github.com/wardgate/wardgate/pip"
)

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// newForwarder proxies to one application. The outgoing request is written
// anew from what was judged: nothing of the incoming one goes on by itself.
func (p *Proxy) newForwarder(name string, a Upstream) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Transport: signing{proxy: p, application: name, next: a.Transport},
		Rewrite: func(pr *httputil.ProxyRequest) {
			x := exchangeOf(pr.In.Context())
			pr.Out.Method = x.target.Method
			pr.Out.URL = x.target.URL(a.URL)
			pr.Out.Host = a.URL.Host
			pr.Out.Header = upstream.Header(pr.In.Header)
			upstream.Unrepeatable(pr.Out.Header)
			if x.effects.Mask != nil {
				unconditional(x.target.Method, pr.Out.Header)
			}
			handDevice(pr.In, pr.Out.Header, name)
			if x.address.IsValid() {
				pr.Out.Header.Set("X-Forwarded-For", x.address.String())
			}
			pr.Out.Header.Set("X-Forwarded-Proto", scheme(pr.In))
			pr.Out.Trailer = nil
			pr.Out.TransferEncoding = nil
			pr.Out.ContentLength = int64(len(x.body))
			pr.Out.Body = http.NoBody
			if len(x.body) > 0 {
				// A connection that takes nothing of the request is exchanged for
				// another. What was sent in part is never sent again.
				pr.Out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(x.body)), nil }
				pr.Out.Body, _ = pr.Out.GetBody() // it cannot fail
			}
		},
		ModifyResponse: p.outcome,
		ErrorHandler:   p.failed,
		BufferPool:     &upstream.Buffers{},
		ErrorLog:       slog.NewLogLogger(p.Log.Handler(), slog.LevelWarn),
	}
}

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// signing states to the application what was decided. It stands where an error
// can still stop the request.
type signing struct {
	proxy       *Proxy
	application string
	next        http.RoundTripper
}

func (s signing) RoundTrip(r *http.Request) (*http.Response, error) {
	x := exchangeOf(r.Context())
	if s.proxy.Upstreams[s.application].External {
		if err := s.proxy.introduce(x, s.application, r.Header); err != nil {
			return nil, err
		}
	} else {
		signed, err := s.proxy.sign(x, s.application)
		if err != nil {
			return nil, err
		}
		r.Header.Set(assertion.Header, signed)
	}
	res, err := s.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	// The transport fills in trailers when the body has been read, which is
	// after the evidence was kept: the copy that goes on never gets them.
	answer := *res
	answer.Trailer = nil
	return &answer, nil
}

// sign states to one of Wardgate's own services what was decided. Whoever else
// is told who asks is told so under a signature that it can verify.
func (p *Proxy) sign(x *exchange, application string) (string, error) {
	if i := p.Identities[application]; i != nil {
		return p.state(x, i)
	}
	return p.Assertion.Sign(x.claims(), application, p.Now())
}

func (x *exchange) claims() assertion.Claims {
	who := &x.decision.Evidence.Who
	c := assertion.Claims{
		RegisteredClaims: jwt.RegisteredClaims{Subject: x.subject},
		Role:             who.Role,
		Staff:            who.Staff,
		Patient:          who.Patient,
		Department:       who.Department,
		Action:           x.match.Route.Action,
		Decision:         x.id,
		Method:           x.target.Method,
		Path:             x.target.Path,
		QueryDigest:      assertion.Digest([]byte(x.target.Query)),
		BodyDigest:       x.bodyDigest,
		Rows:             x.effects.Rows,
		Withhold:         x.effects.Withhold,
		WithholdFragile:  x.effects.WithholdFragile,
	}
	if x.match.Route.Application == administrator {
		c.Session, c.TokenID, c.Footprint = x.credential.Session, x.credential.TokenID, x.credential.Footprint
		c.UserAgent = strings.ToValidUTF8(x.userAgent, "\uFFFD") // a client may send any bytes
		if x.address.IsValid() {
			c.Address = x.address.String()
		}
	}
	return c
}

// administrator is the name of the policy administrator among the
// applications. It alone learns of sessions, addresses and devices.
const administrator = "admin"

// outcome keeps the evidence of an answer before its first byte leaves.
func (p *Proxy) outcome(res *http.Response) error {
	if res.StatusCode < http.StatusOK {
		return errNotFinal
	}
	x := exchangeOf(res.Request.Context())
	ids := upstream.Patients(res.Header)
	upstream.Scrub(res.Header, x.application() == administrator)
	if x.effects.Mask != nil {
		if err := p.mask(res, x.effects.Mask); err != nil {
			return err
		}
	}
	e := x.event(pip.KindOutcome)
	e.Status = res.StatusCode
	e.Allow = true
	e.Outcome = "success"
	if res.StatusCode >= http.StatusBadRequest {
		e.Outcome = "failure"
	}
	e.Patients = ids
	x.ground(&e)
	e.Time = p.Now()
	if err := p.record(res.Request.Context(), e); err != nil {
		return fmt.Errorf("%w: %w", errOutcome, err)
	}
	if !x.inflight.Answer() {
		return inflight.ErrRevoked
	}
	return nil
}

var (
	errOutcome  = errors.New("the outcome is not journalled")
	errNotFinal = errors.New("the application answered with an interim status or left HTTP")
)

// failed answers when the application did not, or when its answer may not go
// out because there is no evidence of it.
func (p *Proxy) failed(w http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r.Context())
	if errors.Is(err, inflight.ErrRevoked) || errors.Is(context.Cause(r.Context()), inflight.ErrRevoked) {
		p.refuseRevoked(w, r, x)
		return
	}
	p.Log.Error("not forwarded", "decision", x.id, "application", x.application(), "error", upstream.Cause(err, errOutcome, errNotFinal, errWithheld))
	if errors.Is(err, errOutcome) {
		p.answer(w, x, http.StatusServiceUnavailable, "journal_unavailable")
		return
	}
	e := x.event(pip.KindOutcome)
	e.Allow, e.Outcome, e.Status, e.Detail = true, "unknown", http.StatusBadGateway, "application_unavailable"
	if errors.Is(err, errWithheld) {
		e.Outcome, e.Detail = "failure", "answer_withheld"
	}
	e.Time = p.Now()
	if err := p.record(r.Context(), e); err != nil {
		p.Log.Error("outcome not journalled", "decision", x.id, "error", err)
	}
	p.answer(w, x, http.StatusBadGateway, e.Detail)
}

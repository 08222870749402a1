package pep

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/anonymous"
	"github.com/wardgate/wardgate/pep/inflight"
	"github.com/wardgate/wardgate/pep/obligation"
	"github.com/wardgate/wardgate/pep/request"
	"github.com/wardgate/wardgate/pep/route"
)

// An exchange is one request on its way.
type exchange struct {
	id         string // of the decision
	now        time.Time
	asked      bool // another proxy asks, and would forward
	target     request.Target
	body       []byte
	bodyDigest string
	address    netip.Addr
	userAgent  string
	subject    string
	credential pdp.Credential
	matched    bool
	match      route.Match
	decision   pdp.Decision
	effects    obligation.Effects
	caller     anonymous.Caller   // of a request without a valid session
	leave      func()             // ends slow work; nil when there is none
	inflight   *inflight.Exchange // nil when it cannot be revoked
}

// begin opens an exchange. Without randomness there is no decision id, and
// without that no evidence.
func (p *Proxy) begin(address netip.Addr, userAgent string) (*exchange, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	return &exchange{id: id.String(), now: p.Now(), address: address, userAgent: userAgent}, nil
}

// A ruling is what becomes of a request. The zero ruling denies.
type ruling struct {
	allow   bool
	status  int           // of a denial
	reasons []string      // of a denial
	retry   time.Duration // after how long to come again; 0 says nothing
}

// broken reports whether what follows on the connection cannot be trusted to
// be another request.
func (r ruling) broken() bool {
	return r.status == http.StatusRequestEntityTooLarge || r.status == http.StatusBadRequest
}

// judge takes one request to the point where it would be forwarded: it reads
// it one way, asks, discharges and journals. Whoever forwards, Wardgate itself
// or a proxy that asked, this is the only way to a ruling that allows.
func (p *Proxy) judge(r *http.Request, x *exchange, read bodyReader) ruling {
	ctx := r.Context()
	if turned, ok := p.admit(r, x); !ok {
		return turned
	}
	if p.Hosts != nil && !p.Hosts(r.Host) {
		return p.refuse(ctx, x, http.StatusMisdirectedRequest, "host_unknown")
	}
	var code string
	if x.target, code = request.ReadTarget(r); code != "" {
		return p.refuse(ctx, x, http.StatusBadRequest, code)
	}
	if request.Repeated(r.Header) {
		return p.refuse(ctx, x, http.StatusBadRequest, request.HeaderRepeated)
	}
	table, err := p.routes()
	if err != nil {
		p.Log.Error("route table refused", "error", err)
		return p.refuse(ctx, x, http.StatusServiceUnavailable, "routes_unavailable")
	}
	if code, status := x.route(table, read); code != "" {
		return p.refuse(ctx, x, status, code)
	}
	if turned, ok := p.queue(ctx, x); !ok {
		return turned
	}
	p.begun(x)
	p.decide(ctx, x, table)
	return p.enforce(ctx, x)
}

// route matches the request and reads the body that its route takes. It
// returns a code and a status when the body is refused.
func (x *exchange) route(table *route.Table, read bodyReader) (code string, status int) {
	x.match, x.matched = table.Match(x.target.Method, x.target.Path)
	if !x.matched {
		return "", 0
	}
	if !x.asked {
		// What is forwarded is the row's method: a HEAD may be a GET, whose body
		// net/http keeps from the client.
		x.target.Method = x.match.Route.Method
	}
	body, code := read(x.match.Route.Body)
	if code != "" {
		return code, bodyStatus(code)
	}
	x.body, x.bodyDigest = body, assertion.Digest(body)
	return "", 0
}

// A bodyReader reads the body that a route of this kind takes. It returns a
// code when the request has to be refused for its body.
type bodyReader func(kind string) (body []byte, code string)

// bodyStatus is the status of a refusal for a body.
func bodyStatus(code string) int {
	switch code {
	case request.BodyTooLarge:
		return http.StatusRequestEntityTooLarge
	case request.MediaTypeRefused:
		return http.StatusUnsupportedMediaType
	default:
		return http.StatusBadRequest
	}
}

// begun enters x among the exchanges under way, if it belongs to a session or a
// subject. What the policy administrator is asked is left out: it is what ends
// sessions, and the request that asked for that learns that it happened.
func (p *Proxy) begun(x *exchange) {
	if !x.asked && x.application() != administrator {
		x.inflight = p.inflight.Begin(x.credential.Session, x.subject)
	}
}

package pep

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/anonymous"
	"github.com/wardgate/wardgate/pep/inflight"
	"github.com/wardgate/wardgate/pep/obligation"
	"github.com/wardgate/wardgate/pep/request"
	"github.com/wardgate/wardgate/pep/route"
)

// administrator is the name of the policy administrator among the
// applications. It alone learns of sessions, addresses and devices.
const administrator = "admin"

// An exchange is one request on its way. Each stage fills in its own part.
type exchange struct {
	id       string // of the decision; "" when there is no record of it
	now      time.Time
	incoming *http.Request       // as it came; nothing of it goes on by itself
	address  netip.Addr          // of the client; zero when it is not known
	flaw     string              // the code of a request that was not read in one way before it came here
	asked    *Question           // of another proxy, which would forward; nil for a request that came here
	writer   http.ResponseWriter // nil for a question

	// authenticate and admit
	subject    string
	credential pdp.Credential
	caller     anonymous.Caller // of a request without a valid session

	// read
	target request.Target

	// route
	tables     *tables // of the revision that is asked
	matched    bool
	match      route.Match
	body       []byte
	bodyDigest string

	// wait
	leave func() // ends slow work; nil when there is none

	// ask
	inflight *inflight.Exchange // nil when it cannot be revoked
	decision pdp.Decision

	// discharge
	effects obligation.Effects
	revoked bool // the session was ended
}

// begin opens an exchange. Without randomness there is no decision id, and
// without that no evidence.
func (p *Proxy) begin(r *http.Request, address netip.Addr) (*exchange, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	return &exchange{id: id.String(), now: p.cfg.Now(), incoming: r, address: address}, nil
}

// end gives back what an exchange held.
func (p *Proxy) end(x *exchange) {
	p.inflight.End(x.inflight)
	if x.leave != nil {
		x.leave()
	}
}

// application is the name of the application that the request is for, "" when
// no route matched.
func (x *exchange) application() string {
	if !x.matched {
		return ""
	}
	return x.match.Route.Application
}

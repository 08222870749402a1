package pep

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/anonymous"
	"github.com/wardgate/wardgate/pep/inflight"
	"github.com/wardgate/wardgate/pep/jar"
	"github.com/wardgate/wardgate/pep/obligation"
	"github.com/wardgate/wardgate/pep/request"
	"github.com/wardgate/wardgate/pep/route"
	"github.com/wardgate/wardgate/pep/session"
	"github.com/wardgate/wardgate/pep/upstream"
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

	applications *applications // under which it is judged and forwarded, from here to its end

	// authenticate, of a browser
	at      session.Origin // that was asked
	browsed bool           // browsers have sessions there
	hosted  string         // the application whose own host it is; "" for none
	handle  string         // in the cookie; "" for none that opened
	drawn   string         // the nonce that the browser gets; "" for none yet
	over    bool           // the cookie is of no more use
	unread  string         // the code of a credential that has two readings, or is not known now
	unknown error          // why it is not known now

	// authenticate and admit
	subject    string
	credential pdp.Credential
	ended      string           // the code of why the session counts for nothing any more; "" when it does
	caller     anonymous.Caller // of a request without a valid session

	// read
	target request.Target

	// route
	opens      upstream.Handshake // of a WebSocket; the zero one for none
	tables     *tables            // of the revision that is asked
	matched    bool
	match      route.Match
	body       []byte
	bodyDigest string
	streams    bool   // the body is forwarded as it arrives, and not judged
	hold       func() // gives back the memory of a large body; nil when there is none

	// spend, and what came of it
	tried     func(fruitless bool, now time.Time) // nil when nothing is counted
	fruitless bool

	// wait
	leave func() // ends slow work; nil when there is none

	// ask
	inflight *inflight.Exchange // nil when it cannot be revoked
	decision pdp.Decision

	// discharge
	effects obligation.Effects
	revoked bool // the session was ended

	// forward, and while the answer is under way
	stream   *stream // the body, where it streams
	underWay underWay
	jar      *jar.Jar // the cookies of the application in this session; nil for none
}

// begin opens an exchange. Without randomness there is no decision id, and
// without that no evidence.
func (p *Proxy) begin(r *http.Request, address netip.Addr) (*exchange, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	return &exchange{id: id.String(), now: p.cfg.Now(), incoming: r, address: address, applications: p.held()}, nil
}

// end gives back what an exchange held.
func (p *Proxy) end(x *exchange) {
	defer x.applications.release()
	p.inflight.End(x.inflight)
	for _, back := range []func(){x.leave, x.hold} {
		if back != nil {
			back()
		}
	}
	if x.tried != nil {
		x.tried(x.fruitless, p.cfg.Now())
	}
}

// live reports whether the request came with a session that goes on, as far as this
// enforcement point knows.
func (x *exchange) live() bool { return x.subject != "" && x.ended == "" }

// application is the name of the application that the request is for, "" when
// no route matched.
func (x *exchange) application() string {
	if !x.matched {
		return ""
	}
	return x.match.Route.Application
}

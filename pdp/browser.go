package pdp

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"
)

// Where a decision point answers the enforcement points of its own house about
// browsers.
const (
	PathContinue  = "/internal/v1/browsers/continue" // POST a Continuation, get a Continued; 410 for ErrSessionOver
	PathGoesOn    = "/internal/v1/sessions/goes-on"  // POST an Ongoing, get a Going, or 410 for ErrSessionOver
	PathCookieKey = "/internal/v1/browsers/key"      // GET a CookieKey; follows with QueryWait
)

// A Continuation asks for the access token of a browser's session. It holds a
// secret: it prints as "redacted".
type Continuation struct {
	Handle    string     // what the policy administrator gave this browser on this host: 43 characters of base64url
	Host      string     // as in the Host header, lower case, with the port where it has one
	Address   netip.Addr // of the client
	UserAgent string
	Decision  string // id under which the request is journalled, "" when it has none
}

// String keeps the handle out of logs.
func (Continuation) String() string { return "redacted" }

// GoString keeps the handle out of logs.
func (Continuation) GoString() string { return "redacted" }

// LogValue keeps the handle out of logs.
func (Continuation) LogValue() slog.Value { return slog.StringValue("redacted") }

// Continued is what a browser's session is continued with. It holds a secret:
// it prints as "redacted".
type Continued struct {
	AccessToken string    // as a log-in without a browser gets it
	Expires     time.Time // when the token is over
	// RenewAfter is how long after this answer the token serves before the
	// session is to be continued again. It is a span and no time, so that clocks
	// which differ cause no storm. It ends no later than the token.
	RenewAfter time.Duration
}

// String keeps the token out of logs.
func (Continued) String() string { return "redacted" }

// GoString keeps the token out of logs.
func (Continued) GoString() string { return "redacted" }

// LogValue keeps the token out of logs.
func (Continued) LogValue() slog.Value { return slog.StringValue("redacted") }

// A Continuer continues the sessions of browsers, which hold no token. Any
// number of calls for one handle, in any number of processes, get one token
// while it is young. ErrSessionOver is a definite no; any other error means that
// it is not known now.
type Continuer interface {
	Continue(ctx context.Context, c Continuation) (Continued, error)
}

// An Ongoing names the session of an exchange that is under way: by its id, and where it came by
// cookie by the handle too. It holds a secret: it prints as "redacted".
type Ongoing struct {
	Session string
	Handle  string // as in a Continuation; "" for a session that came by token
	Host    string // of the handle
}

// String keeps the handle out of logs.
func (Ongoing) String() string { return "redacted" }

// GoString keeps the handle out of logs.
func (Ongoing) GoString() string { return "redacted" }

// LogValue keeps the handle out of logs.
func (Ongoing) LogValue() slog.Value { return slog.StringValue("redacted") }

// Going says that a session goes on.
type Going struct {
	// AskAfter is how long after this answer it holds; 0 leaves that to who asked. At a
	// workstation another person may be within a second.
	AskAfter time.Duration
}

// Sessions knows which go on. To be asked is no use of one, and continues none. ErrSessionOver
// is a definite no, and any other error means that it is not known now.
type Sessions interface {
	GoesOn(ctx context.Context, o Ongoing) (Going, error)
}

// ErrSessionOver says that there is no session behind a handle on this host, or
// none any more: the browser's cookie is of no more use.
var ErrSessionOver = errors.New("the session is over")

// A CookieKey seals and opens the cookies of browsers. It is the same for all
// enforcement points of a house.
type CookieKey struct {
	Secret []byte // CookieKeyBytes, for AES-256-GCM
}

// CookieKeyBytes is the length of a CookieKey.
const CookieKeyBytes = 32

// String keeps the key out of logs.
func (CookieKey) String() string { return "redacted" }

// GoString keeps the key out of logs.
func (CookieKey) GoString() string { return "redacted" }

// LogValue keeps the key out of logs.
func (CookieKey) LogValue() slog.Value { return slog.StringValue("redacted") }

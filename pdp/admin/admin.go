// Package admin is the Policy Administrator of NIST SP 800-207: it begins,
// refreshes, elevates and ends sessions, and is the only signer of session
// credentials. It proves nobody's identity itself: it asks an Authenticator
// who somebody is, then a Decider whether that somebody may have a session,
// and signs only when both say yes.
//
// Ending a session is written in SQL, which is the authority, and put on the
// revocation list, which enforcement points read.
package admin

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// The assurance levels of a token.
const (
	ACRTwoFactor = "urn:wardgate:acr:two-factor"
	ACRSteppedUp = "urn:wardgate:acr:stepped-up"
)

// Profile is what ID management knows of an account. Profile, Challenge and
// Proof name plain structs, so that ID management can have the same shapes
// without either package importing the other.
type Profile = struct {
	ID         string
	Username   string
	Email      string
	Role       string
	Standing   pip.Account
	Staff      string
	Patient    string
	Department string
}

// Challenge asks for a second factor.
type Challenge = struct {
	ID      string
	Methods []string
	Expires time.Time
}

// Proof states which factors the person behind Account has proven.
type Proof = struct {
	Account  Profile
	AMR      []string
	AuthTime time.Time
}

// An Authenticator proves who somebody is. An error with a method
// Refused() (reason, account string, wait time.Duration) is a definite no;
// every other error means that it could not tell.
type Authenticator interface {
	Password(ctx context.Context, email, password string) (Challenge, error)
	Verify(ctx context.Context, challenge, code string) (Proof, error)
	Resend(ctx context.Context, challenge string) error
	StepUp(ctx context.Context, account, session string) (Challenge, error)
	VerifyStepUp(ctx context.Context, account, session, challenge, code string) (Proof, error)
	Account(ctx context.Context, id string) (Profile, error)
}

// Footprints observes the device behind a request, and seals what was observed
// for the token with the id tokenID.
type Footprints interface {
	Observe(userAgent string, addr netip.Addr) pip.Footprint
	Seal(tokenID string, f pip.Footprint) (string, error)
}

// Revocations is the list that enforcement points read. An entry may be
// forgotten after until.
type Revocations interface {
	Revoke(ctx context.Context, session string, until time.Time) error
}

// Parts is what an Admin works with. All of it is required.
type Parts struct {
	Keys          *Keys
	Store         Store
	Authenticator Authenticator
	Decider       pdp.Decider
	Journal       pip.Journal
	Footprints    Footprints
	Revocations   Revocations
	Log           *slog.Logger
}

// Config is how an Admin signs. Issuer and Audience are required.
type Config struct {
	Issuer   string
	Audience string
	ClientID string // "wardgate" when empty
	Limits   Limits
	Now      func() time.Time // the wall clock when nil
}

// An Admin administers sessions.
type Admin struct {
	parts  Parts
	cfg    Config
	limits Limits
}

var _ pdp.Revoker = (*Admin)(nil)

// New returns an Admin, or an error that says what is missing.
func New(parts Parts, cfg Config) (*Admin, error) {
	if parts.Keys == nil || parts.Store == nil || parts.Authenticator == nil || parts.Decider == nil ||
		parts.Journal == nil || parts.Footprints == nil || parts.Revocations == nil || parts.Log == nil {
		return nil, errors.New("policy administrator: a part is missing")
	}
	if cfg.Issuer == "" || cfg.Audience == "" {
		return nil, errors.New("policy administrator: issuer and audience are needed")
	}
	if cfg.ClientID == "" {
		cfg.ClientID = "wardgate"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	limits := cfg.Limits.withDefaults()
	if parts.Keys.outlive < limits.tokenLife() {
		return nil, errors.New("policy administrator: keys retire before their tokens expire")
	}
	return &Admin{parts: parts, cfg: cfg, limits: limits}, nil
}

// A Client is where a request came from, as the enforcement point saw it.
type Client struct {
	Address   netip.Addr
	UserAgent string
	Decision  string // id of the enforcement point's decision, for the journal
}

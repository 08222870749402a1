// Package admin is the Policy Administrator of NIST SP 800-207: it begins,
// refreshes, elevates and ends sessions, and is the only signer of session
// credentials. It proves no identity itself: it asks an Authenticator who the
// client is, then a Decider whether that account may have a session, and signs
// only when both say yes.
//
// Ending a session is written in SQL, which is the authority, and put on the
// revocation list, which enforcement points read.
package admin

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/wardgate/wardgate/internal/required"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// The assurance levels of a token.
const (
	ACRTwoFactor = "urn:wardgate:acr:two-factor"
	ACRSteppedUp = "urn:wardgate:acr:stepped-up"
	// ACRPhishingResistant is the level of a log-in by a passkey (OpenID Connect EAP ACR
	// Values). A step-up by one is of the level of step-ups, and its amr says so.
	ACRPhishingResistant = "phr"
)

// An Authenticator proves who a client is. A *pip.Refusal is a definite no; every
// other error means that it could not tell.
type Authenticator interface {
	Password(ctx context.Context, email, password string, from pip.Origin) (pip.Challenge, error)
	// Passkey begins a log-in that names no account.
	Passkey(ctx context.Context) (pip.Challenge, error)
	// Verify ends a log-in. A code is one of letters and digits, or the JSON of a
	// passkey's answer; so it is in a step-up.
	Verify(ctx context.Context, challenge, code string, from pip.Origin) (pip.Proof, error)
	// Bar refuses log-ins that the limiter counts until then. A refusal names its
	// limiter.
	Bar(ctx context.Context, limiter string, until time.Time) error
	// Unbar lifts what wrong passwords and codes have closed for an account.
	Unbar(ctx context.Context, account string) error
	Resend(ctx context.Context, challenge string) error
	StepUp(ctx context.Context, account, session string) (pip.Challenge, error)
	VerifyStepUp(ctx context.Context, account, session, challenge, code string) (pip.Proof, error)
	Account(ctx context.Context, id string) (pip.Profile, error)
}

// Footprints observes the device behind a request, and seals what was observed
// for the token, or whatever else, with the id tokenID.
type Footprints interface {
	Observe(userAgent string, addr netip.Addr) pip.Footprint
	Seal(tokenID string, f pip.Footprint) (string, error)
	Open(tokenID, sealed string) (pip.Footprint, error)
}

// Revocations is the list that enforcement points read. An entry may be
// forgotten after until.
type Revocations interface {
	Revoke(ctx context.Context, session string, until time.Time) error
	Ban(ctx context.Context, subject string, until time.Time) error
	Unban(ctx context.Context, subject string) error
}

// Parts is what an Admin works with. All of it is required but Staff,
// without which no account can be linked to a staff record, and Registrar and Apps,
// without which there is no sign-up, no new password and no authenticator app.
type Parts struct {
	Keys          *Keys
	Store         Store
	Authenticator Authenticator
	Decider       pdp.Decider
	Journal       pip.Journal
	Footprints    Footprints
	Revocations   Revocations
	Sealer        Sealer
	Tables        func() *pdp.Tables // of the active rule book, asked each time
	Users         Users
	Staff         Staff
	Registrar     Registrar
	Notices       Notices
	Passes        Passes // nil issues none
	Apps          Apps
	Passkeys      Passkeys // nil keeps none
	Badges        Badges   // nil keeps none
	Log           *slog.Logger
}

// Config is how an Admin signs. Issuer and Audience are required.
type Config struct {
	Issuer   string
	Audience string
	ClientID string           // "wardgate" when empty
	Limits   func() Limits    // asked each time, so that a changed number is in force at once; the defaults when nil
	Now      func() time.Time // the wall clock when nil
}

// An Admin administers sessions.
type Admin struct {
	parts Parts
	cfg   Config
	bans  sync.Mutex // one ban after the other
}

var _ pdp.Revoker = (*Admin)(nil)

// New returns an Admin, or an error that says what is missing.
func New(parts Parts, cfg Config) (*Admin, error) {
	if err := required.Parts("policy administrator", map[string]bool{
		"Keys": parts.Keys != nil, "Store": parts.Store != nil, "Authenticator": parts.Authenticator != nil,
		"Decider": parts.Decider != nil, "Journal": parts.Journal != nil, "Footprints": parts.Footprints != nil,
		"Revocations": parts.Revocations != nil, "Log": parts.Log != nil, "Sealer": parts.Sealer != nil,
		"Users": parts.Users != nil, "Notices": parts.Notices != nil, "Tables": parts.Tables != nil, "Issuer": cfg.Issuer != "", "Audience": cfg.Audience != "",
	}); err != nil {
		return nil, err
	}
	if cfg.ClientID == "" {
		cfg.ClientID = "wardgate"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Limits == nil {
		cfg.Limits = func() Limits { return Limits{} }
	}
	a := &Admin{parts: parts, cfg: cfg}
	if a.tokenLife() < a.Limits().tokenLife() {
		return nil, errors.New("policy administrator: keys retire before their tokens expire")
	}
	return a, nil
}

// Now is what the administrator's clock shows.
func (a *Admin) Now() time.Time { return a.cfg.Now() }

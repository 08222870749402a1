package browser

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pip"
)

const (
	// CarryLife is how long a code may be redeemed.
	CarryLife = 30 * time.Second

	// carriesAtOnce bounds the codes that one session has within CarryLife, redeemed
	// ones among them.
	carriesAtOnce = 16
)

// The reasons of refusals.
const (
	reasonCarry  = "carry_invalid"
	reasonOrigin = "origin_unknown"
	reasonEnded  = "session_ended"
)

// A Carry is a code that carries a session to another host, as it is stored.
type Carry struct {
	Hash      string
	Session   string
	Host      string // to which it leads
	Nonce     string // Hash of what the browser holds there
	Over      time.Time
	Elevation admin.Elevation // that goes with it

	Workstation *pip.Workstation // that the browser is at; nil for none
}

// A CarryStore keeps codes.
type CarryStore interface {
	// Carry stores a code of a live session, or answers admin.ErrEnded, or
	// ErrTooMany when the session has limit codes that are not over at now.
	Carry(ctx context.Context, c Carry, now time.Time, limit int) error
	// Redeem uses a code up and returns it with the account of its session. Of any
	// number of callers one succeeds, and the others get ErrNone.
	Redeem(ctx context.Context, hash string, now time.Time) (c Carry, account string, err error)
}

// ErrTooMany says that a session has as many codes as it may.
var ErrTooMany = errors.New("too many codes at once")

// nonceForm is what Hash returns.
var nonceForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// A Passage is where a browser on the home wants to be carried.
type Passage struct {
	Handle   string // of the browser on the home
	To       string // the origin of an application, exactly as configured
	Nonce    string // Hash of the nonce that the browser got there
	Elevated bool   // the application asked for a fresh factor: an elevation on the home goes with it
}

// Carry returns a code with which the browser, on the host of p.To and with its
// nonce there, is given a handle of the same session. An elevation stays on the
// home unless the passage asks for it and the hospital's limits carry it.
func (b *Browsers) Carry(ctx context.Context, c admin.Client, p Passage) (code string, err error) {
	to, err := b.passable(c, p)
	if err != nil {
		return "", err
	}
	h, s, err := b.parts.Store.Handle(ctx, Hash(p.Handle))
	if err != nil && !errors.Is(err, ErrNone) {
		return "", fmt.Errorf("carry a session: %w", err)
	}
	now := b.parts.Admin.Now()
	if err != nil || h.Host != c.Host || !now.Before(h.Over) || !s.Live(now) || b.walkedAway(h, now) {
		return "", admin.Refuse(admin.Unproven, reasonEnded)
	}
	code, hash := newSecret()
	one := Carry{Hash: hash, Session: s.ID, Host: to, Nonce: p.Nonce, Over: now.Add(CarryLife), Workstation: h.Workstation}
	if p.Elevated {
		one.Elevation = b.carriedElevation(h.Elevation, now)
	}
	err = b.parts.Store.Carry(ctx, one, now, carriesAtOnce)
	switch {
	case err == nil:
		return code, nil
	case errors.Is(err, ErrTooMany):
		return "", &admin.Refusal{Kind: admin.TooSoon, Reasons: []string{"throttled"}, Wait: CarryLife}
	case errors.Is(err, admin.ErrEnded):
		return "", admin.Refuse(admin.Unproven, reasonEnded)
	default:
		return "", fmt.Errorf("carry a session: %w", err)
	}
}

// carriedElevation is what of an elevation counts elsewhere: the hospital's table says
// for how long, and it never lasts longer than at home.
func (b *Browsers) carriedElevation(e admin.Elevation, now time.Time) admin.Elevation {
	if until := now.Add(b.parts.Admin.Limits().Carried); until.Before(e.Until) {
		e.Until = until
	}
	if !e.Lasts(now) {
		return admin.Elevation{}
	}
	return e
}

// passable returns the host of the application to which a passage leads from the
// home.
func (b *Browsers) passable(c admin.Client, p Passage) (string, error) {
	known := b.origins.Load()
	if c.Host == "" || c.Host != known.home {
		return "", admin.Refuse(admin.Forbidden, reasonOrigin)
	}
	if !nonceForm.MatchString(p.Nonce) {
		return "", admin.Refuse(admin.Malformed, "nonce_malformed")
	}
	host, err := hostOf(p.To)
	if err != nil || host == known.home || known.hosts[host] != p.To {
		return "", admin.Refuse(admin.Forbidden, reasonOrigin)
	}
	return host, nil
}

// Redeem exchanges a code for a handle on the host c.Host, in the browser that
// holds the nonce there. Presenting a code uses it up. The policy is asked, as
// for any continuation, and the client has to be the one of the log-in.
func (b *Browsers) Redeem(ctx context.Context, c admin.Client, code, nonce string) (handle string, err error) {
	if err := b.known(c.Host); err != nil {
		return "", err
	}
	if len(code) != secretText {
		return "", admin.Refuse(admin.Unproven, reasonCarry)
	}
	now := b.parts.Admin.Now()
	carry, account, err := b.parts.Store.Redeem(ctx, Hash(code), now)
	if errors.Is(err, ErrNone) {
		return "", admin.Refuse(admin.Unproven, reasonCarry)
	}
	if err != nil {
		return "", fmt.Errorf("redeem a code: %w", err)
	}
	if !carry.fits(c.Host, nonce, now) {
		return "", b.refused(ctx, c, carry, account, reasonCarry)
	}
	handle, err = b.open(ctx, Handle{Session: carry.Session, Host: carry.Host, Elevation: carry.Elevation, Workstation: carry.Workstation})
	if errors.Is(err, admin.ErrEnded) || errors.Is(err, ErrNoWorkstation) {
		return "", b.refused(ctx, c, carry, account, reasonEnded)
	}
	if err != nil {
		return "", fmt.Errorf("redeem a code: %w", err)
	}
	if err := b.arrived(ctx, c, carry, account, handle); err != nil {
		return "", errors.Join(err, b.parts.Store.DropHandle(context.WithoutCancel(ctx), Hash(handle)))
	}
	return handle, nil
}

// fits reports whether a code may be redeemed there now.
func (c *Carry) fits(host, nonce string, now time.Time) bool {
	same := subtle.ConstantTimeCompare([]byte(Hash(nonce)), []byte(c.Nonce)) == 1
	return same && c.Host == host && now.Before(c.Over)
}

// arrived has the session go on with its new handle, and journals it.
func (b *Browsers) arrived(ctx context.Context, c admin.Client, carry Carry, account, handle string) error {
	_, err := b.Continue(ctx, pdp.Continuation{
		Handle: handle, Host: c.Host, Address: c.Address, UserAgent: c.UserAgent, Decision: c.Decision,
	})
	if errors.Is(err, pdp.ErrSessionOver) {
		return b.refused(ctx, c, carry, account, reasonEnded)
	}
	if err != nil {
		return fmt.Errorf("redeem a code: %w", err)
	}
	return b.parts.Admin.Carried(ctx, c, account, carry.Session, carry.Host)
}

// refused journals why a genuine code was not redeemed. It happens once for each:
// the code is used up.
func (b *Browsers) refused(ctx context.Context, c admin.Client, carry Carry, account, reason string) error {
	if err := b.parts.Admin.Carried(ctx, c, account, carry.Session, carry.Host, reason); err != nil {
		return err
	}
	return admin.Refuse(admin.Unproven, reason)
}

package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// ActionCarry is how the journal names that a session was carried to another host.
const ActionCarry = "session.carry"

// An Elevation is a fresh factor that was proven in a session. The zero one is
// none.
type Elevation struct {
	AMR   []string
	At    time.Time // when it was proven
	Until time.Time
}

// Lasts reports whether the elevation holds at now.
func (e *Elevation) Lasts(now time.Time) bool { return now.Before(e.Until) }

// An Extension continues a session whose client holds no refresh token.
type Extension struct {
	Session   string
	Host      string    // where the client uses it, for the journal
	Elevation Elevation // that the token has while it lasts

	// Workstation is where the client is, nil for none. There a token lives no longer than
	// Limits.WalkAway, and the session, which badge and PIN resume, is idle for as long as
	// Limits.Shift.
	Workstation *pip.Workstation

	// Keep stores what was signed, of any number of callers at once for one only:
	// the others get an error and grant nothing. The session is then idle until
	// IdleUntil at the latest.
	Keep func(ctx context.Context, t Tokens, at, idleUntil time.Time) error
}

// Extend signs a new access token for a live session, as Refresh does: the
// client is the one of the log-in, and the policy is asked. What denies ends
// the session and is a *Refusal, and so is a session that is over; every other
// error means that it is not known now, and that nothing was granted.
func (a *Admin) Extend(ctx context.Context, c Client, x Extension) (Tokens, error) {
	now := a.cfg.Now()
	s, err := a.extended(ctx, c, x.Session, now)
	if err != nil {
		return Tokens{}, err
	}
	login := s.ACR
	s.At = x.Workstation
	if x.Elevation.Lasts(now) {
		s.ACR, s.AMR, s.AuthTime = ACRSteppedUp, x.Elevation.AMR, x.Elevation.At
	}
	if err := a.mayExtend(ctx, c, s, now); err != nil {
		return Tokens{}, err
	}
	role, err := a.activeRole(ctx, c, s)
	if err != nil {
		return Tokens{}, err
	}
	limits := a.Limits()
	life, idle := limits.Access, limits.Idle
	if s.At != nil {
		life, idle = min(life, limits.WalkAway), max(idle, limits.Shift)
	}
	if s.ACR != login {
		life = min(life, x.Elevation.Until.Sub(now))
	}
	tokens, err := a.sign(s, role, s.ACR, s.AuthTime, now, life)
	if err != nil {
		return Tokens{}, fmt.Errorf("extend a session: %w", err)
	}
	tokens.RefreshAfter = min(tokens.RefreshAfter, tokens.ExpiresIn)
	if err := x.Keep(ctx, tokens, now, now.Add(idle)); err != nil {
		return Tokens{}, err
	}
	if err := a.refreshed(ctx, c, s, x.Host, now); err != nil {
		return Tokens{}, err
	}
	return tokens, nil
}

// mayExtend is mayContinue for a client that is not asked where it is: that it no
// longer says so is no drift.
func (a *Admin) mayExtend(ctx context.Context, c Client, s Session, now time.Time) error {
	s.Footprint.Coordinates = nil
	return a.mayContinue(ctx, c, s, now)
}

// extended reads a session that goes on, and ends one whose time is over.
func (a *Admin) extended(ctx context.Context, c Client, id string, now time.Time) (Session, error) {
	s, err := a.parts.Store.Session(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return Session{}, Refuse(Unproven, reasonOvertaken)
	}
	if err != nil {
		return Session{}, fmt.Errorf("extend a session: %w", err)
	}
	switch {
	case !s.Ended.IsZero():
		return Session{}, Refuse(Unproven, reasonOvertaken)
	case !s.Live(now):
		return Session{}, a.endFor(ctx, c, s, reasonExpired)
	}
	if err := a.unseal(&s); err != nil {
		return Session{}, fmt.Errorf("extend a session: %w", err)
	}
	return s, nil
}

// activeRole is the role of the account behind a session. An account that is not
// active ends it.
func (a *Admin) activeRole(ctx context.Context, c Client, s Session) (string, error) {
	profile, err := a.parts.Authenticator.Account(ctx, s.Account)
	if err != nil {
		return "", fmt.Errorf("read the account of a session: %w", err)
	}
	if profile.Standing != pip.AccountActive {
		return "", a.endFor(ctx, c, s, reasonInactive)
	}
	return profile.Role, nil
}

// Elevate takes the fresh factor of a step-up, for a session whose client holds
// no token. It signs nothing: Extend does.
func (a *Admin) Elevate(ctx context.Context, c Client, account, session, host, challenge, code string) (Elevation, error) {
	_, proof, now, err := a.proveStepUp(ctx, c, account, session, challenge, code)
	if err != nil {
		return Elevation{}, err
	}
	if err := a.elevated(ctx, c, proof, session, host, now); err != nil {
		return Elevation{}, err
	}
	return Elevation{AMR: proof.AMR, At: proof.AuthTime, Until: now.Add(a.Limits().Elevation)}, nil
}

// Carried journals what became of carrying a session to a host. Without a reason
// it was carried, and it may be told to no client before this has returned nil.
func (a *Admin) Carried(ctx context.Context, c Client, account, session, host string, reasons ...string) error {
	e := a.event(c, ActionCarry, account, session, a.cfg.Now())
	e.Outcome, e.Allow, e.Detail = "success", true, host
	if len(reasons) > 0 {
		e.Outcome, e.Allow, e.Reasons = "failure", false, reasons
	}
	if err := a.parts.Journal.Append(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("carry a session: %w", err)
	}
	return nil
}

// Over turns the refusal to continue a session into pdp.ErrSessionOver. Any other
// error stays what it is.
func Over(err error) error {
	if r, ok := errors.AsType[*Refusal](err); ok && r.Kind == Unproven {
		return fmt.Errorf("%w: %w", pdp.ErrSessionOver, r)
	}
	return err
}

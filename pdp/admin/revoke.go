package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
)

// maxReason is the longest reason that is kept. A longer one is cut: it must
// never keep a session from ending.
const maxReason = 64

// Revoke ends a session for the sentinel, an enforcement point or an operator.
// An id that is not known is no error. The revocation list learns of it first,
// so that a failing database does not keep the session alive.
func (a *Admin) Revoke(ctx context.Context, session, reason string) error {
	cut := a.cut(ctx, session, a.cfg.Now())
	ended := a.end(ctx, Client{}, session, "", reason)
	if r := (*Refusal)(nil); errors.As(ended, &r) {
		ended = nil
	}
	return errors.Join(cut, ended)
}

// LogOut ends the session itself.
func (a *Admin) LogOut(ctx context.Context, c Client, account, session string) error {
	if account == "" || session == "" {
		return Refuse(Unproven, problem.SessionMissing)
	}
	return a.end(ctx, c, session, account, "logged_out")
}

// Supersede ends the session that a browser had before it got another one. That it has
// ended already is no fault.
func (a *Admin) Supersede(ctx context.Context, c Client, account, session string) error {
	err := a.end(context.WithoutCancel(ctx), c, session, account, "superseded")
	if r := (*Refusal)(nil); errors.As(err, &r) {
		return nil
	}
	return err
}

// LogOutAll ends all live sessions of the account.
func (a *Admin) LogOutAll(ctx context.Context, c Client, account string) error {
	return a.endAll(ctx, c, account, "logged_out_everywhere")
}

// RevokeAccount ends all live sessions of the account on another's request.
func (a *Admin) RevokeAccount(ctx context.Context, account, reason string) error {
	return a.endAll(ctx, Client{}, account, reason)
}

func (a *Admin) endAll(ctx context.Context, c Client, account, reason string) error {
	if account == "" {
		return Refuse(Unproven, problem.SessionMissing)
	}
	return a.endOthers(ctx, c, account, "", reason)
}

// endOthers ends all live sessions of the account but one, and the log-ins that are
// under way. That those could not be told keeps no session from ending.
func (a *Admin) endOthers(ctx context.Context, c Client, account, but, reason string) error {
	told := a.parts.Store.EndFrom(ctx, account)
	live, err := a.parts.Store.LiveOf(ctx, account, a.cfg.Now())
	if err != nil {
		return fmt.Errorf("end sessions of %s: %w", account, errors.Join(err, told))
	}
	faults := []error{told}
	for _, s := range live {
		if s.ID != but {
			faults = append(faults, a.end(ctx, c, s.ID, account, reason))
		}
	}
	return errors.Join(faults...)
}

// EndOwn ends one session of the account. Another account's session and one that
// does not exist are the same refusal.
func (a *Admin) EndOwn(ctx context.Context, c Client, account, session string) error {
	if account == "" {
		return Refuse(Unproven, problem.SessionMissing)
	}
	return a.end(ctx, c, session, account, "ended_by_owner")
}

// Sessions returns the live sessions of the account, newest first.
func (a *Admin) Sessions(ctx context.Context, account string) ([]Session, error) {
	if account == "" {
		return nil, Refuse(Unproven, problem.SessionMissing)
	}
	live, err := a.parts.Store.LiveOf(ctx, account, a.cfg.Now())
	if err != nil {
		return nil, err
	}
	for i := range live {
		if err := a.unseal(&live[i]); err != nil {
			return nil, fmt.Errorf("sessions of %s: %w", account, err)
		}
	}
	return live, nil
}

// end writes the end of a session, puts it on the revocation list and journals
// it. Ending an ended session puts it on the list again, so that a call that
// failed half-way can be repeated.
func (a *Admin) end(ctx context.Context, c Client, session, account, reason string) error {
	now := a.cfg.Now()
	reason = reason[:min(len(reason), maxReason)]
	changed, err := a.parts.Store.End(ctx, session, account, reason, now)
	if errors.Is(err, ErrNotFound) {
		return Refuse(Missing, "not_found")
	}
	if err != nil {
		return fmt.Errorf("end session %s: %w", session, err)
	}
	if err := a.cut(ctx, session, now); err != nil {
		return err
	}
	if !changed {
		return nil
	}
	e := a.event(c, actionEnd, account, session, now)
	e.Outcome, e.Allow, e.Detail = "success", true, reason
	e.Alarm = a.reasons().Alarm([]string{reason})
	if err := a.parts.Journal.Append(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("end session %s: %w", session, err)
	}
	return nil
}

func (a *Admin) cut(ctx context.Context, session string, now time.Time) error {
	if err := a.parts.Revocations.Revoke(ctx, session, now.Add(a.tokenLife())); err != nil {
		return fmt.Errorf("revoke session %s: %w", session, err)
	}
	return nil
}

// Snapshot returns who is cut off: what every revocation list must hold at the
// least. With a mark of an earlier snapshot, its sessions are those that ended
// since; with any other they are all whose tokens may still live.
func (a *Admin) Snapshot(ctx context.Context, since pip.Mark) (pip.Revocations, error) {
	now := a.cfg.Now()
	c, err := a.parts.Store.Revoked(ctx, since, now.Add(-a.tokenLife()), now)
	if err != nil {
		return pip.Revocations{}, fmt.Errorf("snapshot of revocations: %w", err)
	}
	r := pip.Revocations{
		Mark: c.Mark, Since: c.Since,
		Sessions: make([]pip.EndedSession, 0, len(c.Ended)), Bans: make([]pip.BannedSubject, 0, len(c.Bans)),
	}
	for i := range c.Ended {
		r.Sessions = append(r.Sessions, pip.EndedSession{Session: c.Ended[i].ID, Until: c.Ended[i].lastSigned().Add(a.tokenLife())})
	}
	for _, b := range c.Bans {
		r.Bans = append(r.Bans, pip.BannedSubject{Subject: b.Account, Until: b.Until})
	}
	return r, nil
}

// Sweep forgets what is over: sessions and their footprints twelve hours after
// their end, and devices, networks and log-ins that are no longer remembered.
// Call it now and then.
func (a *Admin) Sweep(ctx context.Context) error {
	now, limits := a.cfg.Now(), a.Limits()
	return errors.Join(
		a.parts.Store.Sweep(ctx, now.Add(-limits.Absolute), now),
		a.parts.Store.Forget(ctx, now.Add(-limits.DeviceMemory), now.Add(-limits.NetworkMemory), now.Add(-limits.LogInMemory)))
}

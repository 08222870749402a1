package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
)

// StepUp asks the owner of a live session for a fresh factor.
func (a *Admin) StepUp(ctx context.Context, account, session string) (pip.Challenge, error) {
	if _, err := a.liveSession(ctx, account, session, a.cfg.Now()); err != nil {
		return pip.Challenge{}, err
	}
	challenge, err := a.parts.Authenticator.StepUp(ctx, account, session)
	if r, _ := refused(err); r != nil {
		return pip.Challenge{}, r
	}
	return challenge, err
}

// VerifyStepUp answers with an access token of a higher level for the same
// session. It lives for Limits.Elevation and is never refreshed: a refresh
// falls back to the level of the log-in. Its amr says what was proven now, which
// may be another factor than at the log-in.
func (a *Admin) VerifyStepUp(ctx context.Context, c Client, account, session, challenge, code string) (Tokens, error) {
	s, proof, now, err := a.proveStepUp(ctx, c, account, session, challenge, code)
	if err != nil {
		return Tokens{}, err
	}
	s.AMR = proof.AMR
	tokens, err := a.sign(s, proof.Account.Role, ACRSteppedUp, proof.AuthTime, now, a.Limits().Elevation)
	if err != nil {
		return Tokens{}, fmt.Errorf("step up: %w", err)
	}
	if err := a.elevated(ctx, c, proof, session, "", now); err != nil {
		return Tokens{}, err
	}
	return tokens, nil
}

// proveStepUp takes the fresh factor, and returns the live session that it is for.
func (a *Admin) proveStepUp(ctx context.Context, c Client, account, session, challenge, code string) (Session, pip.Proof, time.Time, error) {
	if _, err := a.liveSession(ctx, account, session, a.cfg.Now()); err != nil {
		return Session{}, pip.Proof{}, time.Time{}, err
	}
	proof, err := a.parts.Authenticator.VerifyStepUp(ctx, account, session, challenge, code)
	if err != nil {
		return Session{}, pip.Proof{}, time.Time{}, a.unproven(ctx, c, actionElevate, session, err)
	}
	// Read again: the session may have ended while the code was checked.
	now := a.cfg.Now()
	s, err := a.liveSession(ctx, account, session, now)
	proof.AMR = steppedUp(s.AMR, proof.AMR)
	return s, proof, now, err
}

// elevated journals a step-up, on which host when a browser made it.
func (a *Admin) elevated(ctx context.Context, c Client, proof pip.Proof, session, host string, now time.Time) error {
	e := a.event(c, actionElevate, proof.Account.ID, session, now)
	e.Role, e.Outcome, e.Allow, e.Detail = proof.Account.Role, "success", true, host
	if err := a.parts.Journal.Append(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("step up: %w", err)
	}
	return nil
}

// GoesOn reports whether a session does; an error says that it is not known.
func (a *Admin) GoesOn(ctx context.Context, session string) (bool, error) {
	s, err := a.parts.Store.Session(ctx, session)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read session: %w", err)
	}
	return s.Live(a.cfg.Now()), nil
}

// liveSession returns the session if it is live and the account's.
func (a *Admin) liveSession(ctx context.Context, account, session string, now time.Time) (Session, error) {
	if account == "" || session == "" {
		return Session{}, Refuse(Unproven, problem.SessionMissing)
	}
	s, err := a.parts.Store.Session(ctx, session)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Session{}, fmt.Errorf("read session: %w", err)
	}
	if err != nil || s.Account != account || !s.Live(now) {
		return Session{}, Refuse(Unproven, "session_ended")
	}
	if err := a.unseal(&s); err != nil {
		return Session{}, fmt.Errorf("read session: %w", err)
	}
	return s, nil
}

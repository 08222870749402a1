package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

const (
	actionContinue = "session.continue"
	actionRefresh  = "session.refresh"
)

// Refresh exchanges a refresh token for a new pair. A token that was used
// before ends the session: one of the two who presented it is a thief. Only the
// client that sent an idempotency key, and repeats it at once, gets the stored
// answer again. The checks come in the order replayed, drifted, too early; a
// token that came too early stays valid.
func (a *Admin) Refresh(ctx context.Context, c Client, token string) (Tokens, error) {
	hash := hashRefresh(token)
	r, s, err := a.parts.Store.Refresh(ctx, hash)
	if errors.Is(err, ErrNotFound) {
		return Tokens{}, Refuse(Unproven, "refresh_invalid")
	}
	if err != nil {
		return Tokens{}, fmt.Errorf("refresh: %w", err)
	}
	if err := a.unseal(&s); err != nil {
		return Tokens{}, fmt.Errorf("refresh: %w", err)
	}
	now := a.cfg.Now()
	if !r.Used.IsZero() {
		return a.repeat(ctx, c, s, r, now)
	}
	if !s.Live(now) {
		return Tokens{}, a.endFor(ctx, c, s, reasonExpired)
	}
	if err := a.mayContinue(ctx, c, s, now); err != nil {
		return Tokens{}, err
	}
	if wait := r.Issued.Add(a.Limits().RefreshAfter).Sub(now); wait > 0 {
		return Tokens{}, &Refusal{Kind: TooSoon, Reasons: []string{"refresh_too_early"}, Wait: wait}
	}
	return a.rotate(ctx, c, s, hash, now)
}

// repeat answers a refresh token that was used before. The record comes first: that of the
// first answer may be what failed.
func (a *Admin) repeat(ctx context.Context, c Client, s Session, r Refresh, now time.Time) (Tokens, error) {
	tokens, found, err := a.answered(ctx, r.Hash, c.Retry, r.Used, now)
	if err != nil {
		return Tokens{}, fmt.Errorf("refresh: %w", err)
	}
	if !found {
		return Tokens{}, a.endFor(ctx, c, s, reasonReplayed)
	}
	if !s.Live(now) {
		return Tokens{}, a.endFor(ctx, c, s, reasonExpired)
	}
	if err := a.mayContinue(ctx, c, s, now); err != nil {
		return Tokens{}, err
	}
	if err := a.refreshed(ctx, c, s, "", now); err != nil {
		return Tokens{}, err
	}
	return tokens, nil
}

// mayContinue compares the whole footprint with the one at log-in, and asks the
// policy about the account behind the session. What denies ends the session;
// what could not be found out ends nothing and issues nothing.
func (a *Admin) mayContinue(ctx context.Context, c Client, s Session, now time.Time) error {
	here := a.observe(c)
	if !sameDevice(s.Footprint, here) {
		return a.endFor(ctx, c, s, reasonDrifted)
	}
	d, err := a.parts.Decider.Decide(ctx, pdp.Request{
		Subject:  pdp.Subject{Type: pdp.SubjectUser, ID: s.Account},
		Action:   pdp.Action{Name: actionContinue},
		Resource: pdp.Resource{Type: "session", ID: s.ID},
		Context: pdp.Context{
			Time: now, Address: c.Address, UserAgent: c.UserAgent,
			Credential: pdp.Credential{State: pdp.CredentialValid, ACR: s.ACR, AMR: s.AMR, AuthTime: s.AuthTime},
			Journey:    journey(s.Footprint, here, now.Sub(s.Created)),
		},
	})
	if err != nil {
		return fmt.Errorf("decide on a refresh: %w", err)
	}
	if d.Allow {
		alarms, err := alarmsOf(d.Obligations)
		if err != nil {
			return fmt.Errorf("decide on a refresh: %w", err)
		}
		a.raise(ctx, c, s.Account, s.ID, d, alarms, now)
		return nil
	}
	if a.undecided(d.Reasons) {
		return fmt.Errorf("decide on a refresh: %s", strings.Join(d.Reasons, ", "))
	}
	return a.endFor(ctx, c, s, d.Reasons[0])
}

func (a *Admin) rotate(ctx context.Context, c Client, s Session, hash string, now time.Time) (Tokens, error) {
	role, err := a.activeRole(ctx, c, s)
	if err != nil {
		return Tokens{}, err
	}
	tokens, err := a.sign(s, role, s.ACR, s.AuthTime, now, a.Limits().Access)
	if err != nil {
		return Tokens{}, fmt.Errorf("refresh: %w", err)
	}
	next, nextHash := newRefresh()
	tokens.Refresh = next
	rotation := Rotation{Session: s.ID, Old: hash, New: nextHash, At: now, IdleUntil: now.Add(a.Limits().Idle)}
	if c.Retry != "" {
		if rotation.Answer, err = a.sealAnswer(hash, c.Retry, tokens); err != nil {
			return Tokens{}, fmt.Errorf("refresh: %w", err)
		}
		rotation.ForgetAnswer = now.Add(a.Limits().RetryWithin)
	}
	err = a.parts.Store.Rotate(ctx, rotation)
	switch {
	case err == nil:
		if err := a.refreshed(ctx, c, s, "", now); err != nil {
			return Tokens{}, err
		}
		return tokens, nil
	case errors.Is(err, ErrUsed):
		return a.lost(ctx, c, s, hash, now)
	case errors.Is(err, ErrEnded):
		return Tokens{}, Refuse(Unproven, reasonExpired)
	default:
		return Tokens{}, fmt.Errorf("refresh: %w", err)
	}
}

// refreshed journals that a session got a new token, on which host when a browser
// did. A refresh token was used up for it, which a copy of the database from before
// would let be used again.
func (a *Admin) refreshed(ctx context.Context, c Client, s Session, host string, now time.Time) error {
	e := a.event(c, actionRefresh, s.Account, s.ID, now)
	e.Outcome, e.Allow, e.Detail = "success", true, host
	if err := a.parts.Journal.Append(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	return nil
}

// lost answers a client that presented the token at the same moment as the winner.
func (a *Admin) lost(ctx context.Context, c Client, s Session, hash string, now time.Time) (Tokens, error) {
	r, _, err := a.parts.Store.Refresh(ctx, hash)
	if err != nil {
		return Tokens{}, fmt.Errorf("refresh: %w", err)
	}
	return a.repeat(ctx, c, s, r, now)
}

// sameDevice compares what does not change when a device moves: a clinician
// who walks out of the building keeps the session.
func sameDevice(before, now pip.Footprint) bool {
	return before.OS == now.OS && before.Browser == now.Browser
}

// endFor ends s and returns the refusal that says why, or the fault that kept
// it from ending. That the caller hung up does not save the session.
func (a *Admin) endFor(ctx context.Context, c Client, s Session, reason string) error {
	err := a.end(context.WithoutCancel(ctx), c, s.ID, s.Account, reason)
	if err != nil {
		return err
	}
	return Refuse(Unproven, reason)
}

package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// The reasons why a session ends, as they are stored and journalled.
const (
	reasonReplayed = "refresh_replayed"
	reasonDrifted  = "device_changed"
	reasonExpired  = "session_expired"
	reasonInactive = "account_inactive"
)

// Refresh exchanges a refresh token for a new pair. A token that was used
// before ends the session: one of the two who presented it is a thief. The
// checks come in the order replayed, drifted, too early; a token that came too
// early stays valid.
func (a *Admin) Refresh(ctx context.Context, c Client, token string) (Tokens, error) {
	hash := hashRefresh(token)
	r, s, err := a.parts.Store.Refresh(ctx, hash)
	if errors.Is(err, ErrNotFound) {
		return Tokens{}, refuse(Unproven, "refresh_invalid")
	}
	if err != nil {
		return Tokens{}, fmt.Errorf("refresh: %w", err)
	}
	now := a.cfg.Now()
	if !r.Used.IsZero() {
		return Tokens{}, a.endFor(ctx, c, s, reasonReplayed)
	}
	if !s.Live(now) {
		return Tokens{}, a.endFor(ctx, c, s, reasonExpired)
	}
	if !sameDevice(s.Footprint, a.parts.Footprints.Observe(c.UserAgent, c.Address)) {
		return Tokens{}, a.endFor(ctx, c, s, reasonDrifted)
	}
	if wait := r.Issued.Add(a.limits.RefreshAfter).Sub(now); wait > 0 {
		return Tokens{}, &Refusal{Kind: TooSoon, Reasons: []string{"refresh_too_early"}, Wait: wait}
	}
	return a.rotate(ctx, c, s, hash, now)
}

func (a *Admin) rotate(ctx context.Context, c Client, s Session, hash string, now time.Time) (Tokens, error) {
	profile, err := a.parts.Authenticator.Account(ctx, s.Account)
	if err != nil {
		return Tokens{}, fmt.Errorf("refresh: %w", err)
	}
	if profile.Standing != pip.AccountActive {
		return Tokens{}, a.endFor(ctx, c, s, reasonInactive)
	}
	tokens, err := a.sign(s, profile.Role, s.ACR, s.AuthTime, now, a.limits.Access)
	if err != nil {
		return Tokens{}, fmt.Errorf("refresh: %w", err)
	}
	next, nextHash := newRefresh()
	tokens.Refresh = next
	err = a.parts.Store.Rotate(ctx, Rotation{
		Session: s.ID, Old: hash, New: nextHash, At: now, IdleUntil: now.Add(a.limits.Idle),
	})
	switch {
	case err == nil:
		return tokens, nil
	case errors.Is(err, ErrUsed):
		return Tokens{}, a.endFor(ctx, c, s, reasonReplayed)
	case errors.Is(err, ErrEnded):
		return Tokens{}, refuse(Unproven, reasonExpired)
	default:
		return Tokens{}, fmt.Errorf("refresh: %w", err)
	}
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
	return refuse(Unproven, reason)
}

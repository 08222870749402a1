package identity

import (
	"context"
	"errors"
	"fmt"

	"github.com/wardgate/wardgate/pip"
	"time"
)

const (
	unknownMark = "unknown/"
	deviceMark  = "/device/"
)

// limiterOf names the limiter for a log-in of account, or of the e-mail behind
// index that has none. For such an e-mail half of all networks count as
// familiar, by a keyed coin: otherwise a second network would tell it from an
// account that signs in from the first.
func (a *Authenticator) limiterOf(ctx context.Context, account, index string, from pip.Origin) (string, error) {
	limiter, unknown := account, account == ""
	if unknown {
		limiter = unknownMark + index
	}
	if from.Familiar == nil {
		return limiter, nil
	}
	familiar, err := from.Familiar(ctx, limiter)
	if err != nil {
		return "", fmt.Errorf("familiar origin: %w", err)
	}
	if unknown {
		familiar = ""
		heads, err := a.accounts.vault.Coin(index, from.Network)
		if err != nil {
			return "", err
		}
		if heads && from.Network != "" {
			familiar = "network/" + from.Network
		}
	}
	if familiar != "" {
		limiter += "/" + familiar
	}
	return limiter, nil
}

// limiterOfChallenge names the limiter for answering the challenge of a log-in, or
// returns ErrThrottled while that limiter is barred.
func (a *Authenticator) limiterOfChallenge(ctx context.Context, challenge string, from pip.Origin) (string, error) {
	seen, err := a.store.Challenge(ctx, challenge)
	if errors.Is(err, ErrNotFound) || err == nil && seen.Purpose != PurposeLogIn {
		return "", ErrCode
	}
	if err != nil {
		return "", fmt.Errorf("verify code: %w", err)
	}
	limiter, err := a.limiterOf(ctx, seen.Account, "", from)
	if err != nil {
		return "", fmt.Errorf("verify code: %w", err)
	}
	var wait time.Duration
	err = a.store.UpdateLimiter(ctx, limiter, func(g *Limiter) { wait = g.BarredUntil.Sub(a.now()) })
	if err != nil {
		return "", fmt.Errorf("verify code: %w", err)
	}
	if wait > 0 {
		return "", &pip.Refusal{Reason: "throttled", Account: seen.Account, Wait: wait}
	}
	return limiter, nil
}

// Bar closes a limiter that a Refusal named until then.
func (a *Authenticator) Bar(ctx context.Context, limiter string, until time.Time) error {
	if limiter == "" {
		return errors.New("bar log-ins: no limiter")
	}
	if err := a.store.UpdateLimiter(ctx, limiter, func(g *Limiter) { g.Bar(until) }); err != nil {
		return fmt.Errorf("bar log-ins: %w", err)
	}
	return nil
}

package identity

import (
	"context"
	"errors"
	"fmt"

	"github.com/wardgate/wardgate/pip"
)

// Passkey begins a log-in of somebody who names no account: a passkey will say whose
// it is. Nothing is looked up or stored, so that the answer tells nothing and costs
// nothing. Call it with Config.Passkeys set alone.
func (a *Authenticator) Passkey(ctx context.Context) (pip.Challenge, error) {
	if a.passkeys == nil {
		return pip.Challenge{}, ErrMethod
	}
	return a.passkeys.Ask(ctx)
}

// verifyUnnamed answers a challenge of Passkey. The origin is asked about the account
// before the answer is judged, as for every log-in; a bar of an origin after wrong
// passwords does not concern it, for there is nothing to guess.
func (a *Authenticator) verifyUnnamed(ctx context.Context, challenge, answer string, from pip.Origin) (pip.Proof, error) {
	if a.passkeys == nil || !IsAssertion(answer) {
		return pip.Proof{}, ErrCode
	}
	account, err := a.passkeys.Owner(ctx, answer)
	if err != nil {
		return pip.Proof{}, fmt.Errorf("verify passkey: %w", err)
	}
	if _, err := a.caller(ctx, account, a.passkeys.Method(), from); err != nil {
		return pip.Proof{}, fmt.Errorf("verify passkey: %w", err)
	}
	if account == "" {
		return pip.Proof{}, ErrCode
	}
	now := a.now()
	amr, err := a.passkeys.Prove(ctx, challenge, account, answer)
	if err != nil {
		return pip.Proof{}, fmt.Errorf("verify passkey: %w", err)
	}
	if amr == "" {
		return pip.Proof{}, ErrCode
	}
	// Read behind the proof: an account that was ended meanwhile proves nothing.
	owner, err := a.store.Account(ctx, account)
	if errors.Is(err, ErrNotFound) {
		return pip.Proof{}, ErrCode
	}
	if err != nil {
		return pip.Proof{}, fmt.Errorf("verify passkey: %w", err)
	}
	proof, err := a.prove(ctx, owner, []string{amr, amrSeveral}, now)
	if err != nil {
		return pip.Proof{}, err
	}
	if err := a.store.ForgetFailures(context.WithoutCancel(ctx), account); err != nil {
		return pip.Proof{}, fmt.Errorf("verify passkey: %w", err)
	}
	return proof, nil
}

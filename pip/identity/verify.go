package identity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// Verify answers the challenge of a log-in: with the proof, or with ErrCode.
// However many answers arrive at once, from however many processes on one
// store, at most Limits.CodeAttempts are evaluated and at most one succeeds.
//
// While the limiter of from is barred nothing is evaluated, or whoever holds
// several challenges could go on guessing at the next one.
func (a *Authenticator) Verify(ctx context.Context, challenge, code string, from pip.Origin) (pip.Proof, error) {
	limiter, err := a.limiterOfChallenge(ctx, challenge, from)
	if err != nil {
		return pip.Proof{}, err
	}
	proof, err := a.verify(ctx, challenge, code, func(p Pending) bool { return p.Purpose == PurposeLogIn })
	var r *pip.Refusal
	if errors.As(err, &r) && r.Account != "" {
		limited := *r
		limited.Limiter = limiter
		return pip.Proof{}, &limited
	}
	return proof, err
}

// VerifyStepUp answers the challenge that StepUp gave to this very session.
func (a *Authenticator) VerifyStepUp(ctx context.Context, account, session, challenge, code string) (pip.Proof, error) {
	return a.verify(ctx, challenge, code, func(p Pending) bool {
		return p.Purpose == PurposeStepUp && session != "" && p.Session == session && p.Account == account
	})
}

func (a *Authenticator) verify(ctx context.Context, challenge, code string, fits func(Pending) bool) (pip.Proof, error) {
	seen, err := a.store.Challenge(ctx, challenge)
	if errors.Is(err, ErrNotFound) || err == nil && !fits(seen) {
		return pip.Proof{}, ErrCode
	}
	if err != nil {
		return pip.Proof{}, fmt.Errorf("verify code: %w", err)
	}
	refused := &pip.Refusal{Reason: "code_invalid", Account: seen.Account}
	now := a.now()
	p, counted, err := a.store.CountAttempt(ctx, challenge, a.limits().CodeAttempts, now)
	if err != nil {
		return pip.Proof{}, fmt.Errorf("verify code: %w", err)
	}
	if !counted {
		return pip.Proof{}, refused
	}
	refused.Failures = p.Attempts
	amr, err := a.check(ctx, p, code)
	if err != nil {
		return pip.Proof{}, fmt.Errorf("verify code: %w", err)
	}
	if amr == "" {
		return pip.Proof{}, refused
	}
	won, err := a.store.SpendChallenge(ctx, challenge, p.Kept)
	if err != nil {
		return pip.Proof{}, fmt.Errorf("verify code: %w", err)
	}
	if !won {
		return pip.Proof{}, refused
	}
	return a.prove(ctx, p.Account, amr, now)
}

// check asks each factor that the account can use. One attempt is one answer to
// all of them: with an app and a mailed code it is right for either.
func (a *Authenticator) check(ctx context.Context, p Pending, code string) (amr string, err error) {
	usable, err := a.usable(ctx, p.Account)
	if err != nil {
		return "", err
	}
	for _, f := range usable {
		if failed := a.compute(ctx, func() { amr, err = f.Check(ctx, p, code) }); failed != nil || err != nil || amr != "" {
			return amr, errors.Join(failed, err)
		}
	}
	return "", nil
}

// prove states what was proven. An account that was disabled since the
// challenge began proves nothing; whether a pending one may do anything is for
// the policy to say.
func (a *Authenticator) prove(ctx context.Context, account, amr string, now time.Time) (pip.Proof, error) {
	profile, err := a.accounts.Account(ctx, account)
	if err != nil {
		return pip.Proof{}, fmt.Errorf("verify code: %w", err)
	}
	if profile.Standing != pip.AccountActive && profile.Standing != pip.AccountPending {
		return pip.Proof{}, &pip.Refusal{Reason: "code_invalid", Account: account}
	}
	return pip.Proof{Account: profile, AMR: []string{amrPassword, amr}, AuthTime: now}, nil
}

// Resend sends a new code for an open challenge; the old code is void, the
// attempts already used stay used. It returns ErrThrottled when the last code
// is too young, and when there were too many.
func (a *Authenticator) Resend(ctx context.Context, challenge string) error {
	p, err := a.store.Challenge(ctx, challenge)
	if errors.Is(err, ErrNotFound) || err == nil && p.Purpose != PurposeLogIn && p.Purpose != PurposeStepUp {
		return ErrCode
	}
	if err != nil {
		return fmt.Errorf("resend code: %w", err)
	}
	now := a.now()
	if p.Spent || p.Attempts >= a.limits().CodeAttempts || !p.Expires.After(now) {
		return &pip.Refusal{Reason: "code_invalid", Account: p.Account}
	}
	if p.Resends >= a.limits().Resends {
		return &pip.Refusal{Reason: "throttled", Account: p.Account, Wait: max(p.Created.Add(challengeSpan).Sub(now), time.Second)}
	}
	if wait := p.Sent.Add(a.limits().ResendEvery).Sub(now); wait > 0 {
		return &pip.Refusal{Reason: "throttled", Account: p.Account, Wait: wait}
	}
	profile, err := a.accounts.Account(ctx, p.Account)
	if err != nil {
		return fmt.Errorf("resend code: %w", err)
	}
	q, err := a.prepare(ctx, a.factor, profile)
	if err != nil {
		return fmt.Errorf("resend code: %w", err)
	}
	p.Kept, p.Sent, p.Expires = q.Kept, now, now.Add(a.limits().CodeLife)
	renewed, err := a.store.RenewChallenge(ctx, p, a.limits().CodeAttempts)
	if err != nil {
		return fmt.Errorf("resend code: %w", err)
	}
	if !renewed {
		return &pip.Refusal{Reason: "throttled", Account: p.Account, Wait: a.limits().ResendEvery}
	}
	if err := q.Deliver(ctx); err != nil {
		return fmt.Errorf("resend code: %w", err)
	}
	return nil
}

package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wardgate/wardgate/pip"
)

// Verify answers the challenge of a log-in: with the proof, or with ErrCode. An
// answer is a code, or the JSON of a passkey's assertion.
// However many answers arrive at once, from however many processes on one
// store, at most Limits.CodeAttempts are evaluated and at most one succeeds.
//
// While the limiter of from is barred nothing is evaluated, or a client with
// several challenges could go on guessing at the next one.
func (a *Authenticator) Verify(ctx context.Context, challenge, code string, from pip.Origin) (pip.Proof, error) {
	if strings.HasPrefix(challenge, Unnamed) {
		return a.verifyUnnamed(ctx, challenge, code, from)
	}
	seen, c, err := a.answering(ctx, challenge, from)
	if err != nil {
		return pip.Proof{}, err
	}
	proof, err := a.answer(ctx, c, seen, code)
	var r *pip.Refusal
	if errors.As(err, &r) && r.Account != "" {
		limited := *r
		limited.Limiter = c.limiter()
		return pip.Proof{}, &limited
	}
	return proof, err
}

// VerifyStepUp answers the challenge that StepUp gave to this very session.
func (a *Authenticator) VerifyStepUp(ctx context.Context, account, session, challenge, code string) (pip.Proof, error) {
	return a.verify(ctx, inSession(account, session), challenge, code, func(p Pending) bool {
		return p.Purpose == PurposeStepUp && session != "" && p.Session == session && p.Account == account
	})
}

func (a *Authenticator) verify(ctx context.Context, from caller, challenge, code string, fits func(Pending) bool) (pip.Proof, error) {
	seen, err := a.store.Opened(ctx, challenge)
	if errors.Is(err, ErrNotFound) || err == nil && !fits(seen.Pending) {
		return pip.Proof{}, ErrCode
	}
	if err != nil {
		return pip.Proof{}, fmt.Errorf("verify code: %w", err)
	}
	return a.answer(ctx, from, seen, code)
}

// answer judges a code for a challenge that was found and fits.
func (a *Authenticator) answer(ctx context.Context, from caller, seen Opened, code string) (pip.Proof, error) {
	refused := &pip.Refusal{Reason: "code_invalid", Account: seen.Account}
	now := a.now()
	p, usable, err := a.attempt(ctx, seen.Pending, now)
	if err != nil {
		return pip.Proof{}, fmt.Errorf("verify code: %w", err)
	}
	if len(usable) == 0 {
		return pip.Proof{}, refused
	}
	refused.Failures = p.Attempts
	amr, err := a.check(ctx, from, p, usable, code)
	if err != nil {
		return pip.Proof{}, fmt.Errorf("verify code: %w", err)
	}
	if amr == "" {
		return pip.Proof{}, refused
	}
	won, err := a.store.SpendChallenge(ctx, seen.ID, p.Kept)
	if err != nil {
		return pip.Proof{}, fmt.Errorf("verify code: %w", err)
	}
	if !won {
		return pip.Proof{}, refused
	}
	proof, err := a.prove(ctx, seen.Owner, proven(amr, p.Purpose), now)
	if err != nil {
		return pip.Proof{}, err
	}
	// The owner is here: whatever was guessed at so far has been in vain.
	if err := a.store.ForgetFailures(context.WithoutCancel(ctx), p.Account); err != nil {
		return pip.Proof{}, fmt.Errorf("verify code: %w", err)
	}
	return proof, nil
}

// attempt uses up an attempt of the challenge, and finds out meanwhile which
// factors may be asked for it: none without an attempt.
func (a *Authenticator) attempt(ctx context.Context, seen Pending, now time.Time) (p Pending, usable []Factor, err error) {
	var counted bool
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		p, counted, err = a.store.CountAttempt(ctx, seen, a.limits().CodeAttempts, now)
		return err
	})
	group.Go(func() (err error) {
		usable, err = a.usable(ctx, seen.Account)
		return err
	})
	if err := group.Wait(); err != nil || !counted {
		return Pending{}, nil, err
	}
	return p, usable, nil
}

// check asks each factor that the account can use. One attempt is one answer to
// all of them. It is counted as wrong before it is evaluated: after too many in
// a row an authenticator is asked no more, until the owner proves another one.
func (a *Authenticator) check(ctx context.Context, from caller, p Pending, usable []Factor, code string) (amr string, err error) {
	if IsAssertion(code) {
		return a.checkPasskey(ctx, p, usable, code)
	}
	usable = slices.DeleteFunc(usable, a.isPasskeys)
	barred := 0
	for _, f := range usable {
		counted, err := a.store.CountFailure(ctx, from.failures(f.Method(), a.limits()), a.now())
		if err != nil {
			return "", err
		}
		if !counted {
			barred++
			continue
		}
		if amr, err = f.Check(ctx, p, code); err != nil || amr != "" {
			return amr, err
		}
	}
	if passed, err := a.checkPass(ctx, from, p, code); err != nil || passed {
		return AmrPass, err
	}
	if barred > 0 && barred == len(usable) {
		return "", &pip.Refusal{Reason: "authenticator_barred", Account: p.Account, Failures: p.Attempts}
	}
	return "", nil
}

// checkPasskey asks the passkeys of an account that has any. No one guesses a
// signature: a wrong one uses up an attempt of the challenge, and closes nothing to
// the owner.
func (a *Authenticator) checkPasskey(ctx context.Context, p Pending, usable []Factor, answer string) (amr string, err error) {
	if !slices.ContainsFunc(usable, a.isPasskeys) {
		return "", nil
	}
	return a.passkeys.Check(ctx, p, answer)
}

func (a *Authenticator) isPasskeys(f Factor) bool {
	return a.passkeys != nil && f.Method() == a.passkeys.Method()
}

// proven are the words for what was proven by a factor that answered a challenge. At
// a log-in there was a password before it; a step-up adds to whatever began the
// session, and a passkey is two factors by itself.
func proven(amr string, purpose Purpose) []string {
	switch {
	case amr != AmrPasskey:
		return []string{amrPassword, amr}
	case purpose == PurposeLogIn:
		return []string{amrPassword, amr, amrSeveral}
	default:
		return []string{amr, amrSeveral}
	}
}

// checkPass takes the code of a pass, at a log-in alone. Wrong ones are counted
// apart from those of other factors.
func (a *Authenticator) checkPass(ctx context.Context, from caller, p Pending, code string) (bool, error) {
	if a.passes == nil || p.Purpose != PurposeLogIn || !a.passes.Fits(code) {
		return false, nil
	}
	counted, err := a.store.CountFailure(ctx, from.failures(AmrPass, a.limits()), a.now())
	if err != nil || !counted {
		return false, err
	}
	return a.passes.Check(ctx, p.Account, code)
}

// prove states what was proven. An account that was disabled since the
// challenge began proves nothing; whether a pending one may do anything is for
// the policy to say. The owner was read with the challenge, which ends when
// an officer changes the account: the caller who has won it knows that none did since.
func (a *Authenticator) prove(ctx context.Context, owner Record, amr []string, now time.Time) (pip.Proof, error) {
	profile, err := a.accounts.profile(owner)
	if err != nil {
		return pip.Proof{}, fmt.Errorf("verify code: %w", err)
	}
	if profile.Standing != pip.AccountActive && profile.Standing != pip.AccountPending {
		return pip.Proof{}, &pip.Refusal{Reason: "code_invalid", Account: owner.ID}
	}
	proof := pip.Proof{Account: profile, AMR: amr, AuthTime: now}
	if slices.Contains(amr, AmrPass) {
		if proof.Until, proof.Sponsors, err = a.passes.Used(ctx, owner.ID); err != nil {
			return pip.Proof{}, fmt.Errorf("verify code: %w", err)
		}
	}
	return proof, nil
}

// Resend sends a new code for an open challenge; the old code is void, the
// attempts already used stay used. It returns ErrThrottled when the last code
// is too young, and when there were too many, and ErrMethod when the account has
// a factor beside which a mailed code proves nothing.
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
	usable, err := a.usable(ctx, p.Account)
	if err != nil {
		return fmt.Errorf("resend code: %w", err)
	}
	if usable[0] != a.factor {
		return &pip.Refusal{Reason: "method_unavailable", Account: p.Account}
	}
	profile, err := a.accounts.Account(ctx, p.Account)
	if err != nil {
		return fmt.Errorf("resend code: %w", err)
	}
	q, err := a.factor.Prepare(ctx, profile)
	if err != nil {
		return fmt.Errorf("resend code: %w", err)
	}
	if err := a.mayMail(ctx, p.Purpose, caller{subject: p.Account, origin: p.Origin}, now); err != nil {
		return err
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

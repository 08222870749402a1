package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity/password"
)

// Forgot begins to replace a password: it mails a code to that address if an
// account has it, and returns a challenge to every caller, after the same work.
// Each origin has a budget of mails for an address: one a minute, five an hour.
// A challenge beyond it has no right answer, and the earlier ones stay open, as
// do those that were begun elsewhere.
func (r *Registrar) Forgot(ctx context.Context, email string, from pip.Origin) (pip.Challenge, error) {
	address, err := ParseEmail(email)
	if err != nil {
		return pip.Challenge{}, err
	}
	challenge, err := r.ask(ctx, address, from)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("forgot password: %w", err)
	}
	return challenge, nil
}

func (r *Registrar) ask(ctx context.Context, address string, from pip.Origin) (pip.Challenge, error) {
	index, err := r.vault.Index(address)
	if err != nil {
		return pip.Challenge{}, err
	}
	account, err := r.auth.store.AccountByEmail(ctx, index)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return pip.Challenge{}, err
	}
	if account.Standing != pip.AccountActive && account.Standing != pip.AccountPending {
		account = Record{}
	}
	caller, err := r.auth.caller(ctx, account.ID, index, from)
	if err != nil {
		return pip.Challenge{}, err
	}
	now := r.auth.now()
	counted, err := r.auth.countMail(ctx, PurposeReset, caller, now)
	if err != nil {
		return pip.Challenge{}, err
	}
	if !counted {
		account = Record{}
	}
	code, kept, err := newCode(r.vault)
	if err != nil {
		return pip.Challenge{}, err
	}
	c := Pending{
		ID: rand.Text(), Account: account.ID, Purpose: PurposeReset, Method: methodEmail, Kept: kept, Origin: caller.origin,
		Created: now, Expires: now.Add(r.auth.limits().CodeLife), Sent: now,
	}
	if err := r.auth.store.AddChallenge(ctx, c); err != nil {
		return pip.Challenge{}, err
	}
	m := resetMail(address, code, begun(caller, from.Network, now))
	m.Void = account.ID == ""
	if err := r.mailer.Send(ctx, m); err != nil {
		return pip.Challenge{}, err
	}
	return pip.Challenge{ID: c.ID, Methods: []string{c.Method}, Expires: c.Expires}, nil
}

// Reset replaces the password behind a challenge of Forgot and returns whose it
// was; or Malformed, or ErrCode. Three wrong codes kill the challenge and set
// no bar; success lifts no bar.
//
// End must end all sessions of the account. It runs before the password
// changes, so that a password never changes while old sessions go on, and once
// more afterwards, for a log-in that was under way. Record runs before both: with its
// error nothing changes.
func (r *Registrar) Reset(ctx context.Context, a pip.ResetAnswer, from pip.Origin, record, end func(ctx context.Context, account string) error) (string, error) {
	if faults := passwordFaults(a.Password); faults != nil {
		return "", &problem.Malformed{Fields: faults}
	}
	var c caller
	p, err := r.answer(ctx, a.Challenge, PurposeReset, a.Code, func(p Pending) (counted bool, err error) {
		// One without an account is counted too: that is the same work.
		if c, err = r.auth.caller(ctx, p.Account, p.ID, from); err != nil {
			return false, err
		}
		return r.auth.store.CountFailure(ctx, c.failures(methodEmail, r.auth.limits()), r.auth.now())
	})
	if err != nil {
		return "", err
	}
	if p.Account == "" {
		return "", ErrCode
	}
	// The code is used up: that the caller hangs up must not waste it.
	if err := r.replace(context.WithoutCancel(ctx), c, a.Password, record, end); err != nil {
		return "", fmt.Errorf("reset password: %w", err)
	}
	return p.Account, nil
}

// replace replaces the password of an account whose owner has proven a code.
// What was counted for its old password and for its mailbox begins anew.
func (r *Registrar) replace(ctx context.Context, c caller, chosen string, record, end func(ctx context.Context, account string) error) error {
	var hash string
	var err error
	if failed := r.auth.compute(ctx, c.proven(), func() { hash, err = password.HashWith(r.auth.hasher, chosen) }); failed != nil || err != nil {
		return errors.Join(failed, err)
	}
	for _, step := range []func(context.Context, string) error{record, end} {
		if err := step(ctx, c.subject); err != nil {
			return err
		}
	}
	if err := r.auth.store.SetPassword(ctx, c.subject, hash); err != nil {
		return err
	}
	if err := r.auth.store.ForgetFailures(ctx, c.subject, passwordAuthenticator, methodEmail); err != nil {
		return err
	}
	return end(ctx, c.subject)
}

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

// Forgot begins to replace a password: it mails a code to whoever has an
// account with that address, and returns a challenge to everybody, after the
// same work. One mail a minute and five an hour go to one address; a further
// challenge can be answered by nobody, and the earlier ones stay open.
func (r *Registrar) Forgot(ctx context.Context, email string) (pip.Challenge, error) {
	address, err := ParseEmail(email)
	if err != nil {
		return pip.Challenge{}, err
	}
	index, err := r.vault.Index(address)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("forgot password: %w", err)
	}
	now := r.auth.now()
	counted, err := r.countMail(ctx, "forgot/"+index, now)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("forgot password: %w", err)
	}
	account, err := r.auth.store.AccountByEmail(ctx, index)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return pip.Challenge{}, fmt.Errorf("forgot password: %w", err)
	}
	if !counted || account.Standing != pip.AccountActive && account.Standing != pip.AccountPending {
		account = Record{}
	}
	code, kept, err := r.code(ctx)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("forgot password: %w", err)
	}
	c := Pending{
		ID: rand.Text(), Account: account.ID, Purpose: PurposeReset, Method: methodEmail, Kept: kept,
		Created: now, Expires: now.Add(r.auth.limits().CodeLife), Sent: now,
	}
	if err := r.auth.store.AddChallenge(ctx, c); err != nil {
		return pip.Challenge{}, fmt.Errorf("forgot password: %w", err)
	}
	m := resetMail(address, code)
	m.Void = account.ID == ""
	if err := r.mailer.Send(ctx, m); err != nil {
		return pip.Challenge{}, fmt.Errorf("forgot password: %w", err)
	}
	return pip.Challenge{ID: c.ID, Methods: []string{c.Method}, Expires: c.Expires}, nil
}

// Reset replaces the password behind a challenge of Forgot and returns whose it
// was; or Malformed, or ErrCode. Three wrong codes kill the challenge and bar
// nobody; success lifts no bar.
//
// End must end all sessions of the account. It runs before the password
// changes, so that a password never changes while old sessions go on, and once
// more afterwards, for a log-in that was under way.
func (r *Registrar) Reset(ctx context.Context, challenge, code, chosen string, end func(ctx context.Context, account string) error) (string, error) {
	if faults := passwordFaults(chosen); faults != nil {
		return "", &problem.Malformed{Fields: faults}
	}
	p, err := r.answer(ctx, challenge, PurposeReset, code)
	if err != nil {
		return "", err
	}
	if p.Account == "" {
		return "", ErrCode
	}
	// The code is used up: that the caller hangs up must not waste it.
	ctx = context.WithoutCancel(ctx)
	var hash string
	if failed := r.auth.compute(ctx, func() { hash, err = password.HashWith(r.auth.hasher, chosen) }); failed != nil || err != nil {
		return "", fmt.Errorf("reset password: %w", errors.Join(failed, err))
	}
	if err := end(ctx, p.Account); err != nil {
		return "", fmt.Errorf("reset password: %w", err)
	}
	if err := r.auth.store.SetPassword(ctx, p.Account, hash); err != nil {
		return "", fmt.Errorf("reset password: %w", err)
	}
	if err := end(ctx, p.Account); err != nil {
		return "", fmt.Errorf("reset password: %w", err)
	}
	return p.Account, nil
}

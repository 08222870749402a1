package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity/password"
	"github.com/wardgate/wardgate/pip/identity/vault"
)

// signUpLife is how long a sign-up waits for its address to be proven.
const signUpLife = 15 * time.Minute

// ErrEnrolment says that a number and an enrolment code claim no record.
var ErrEnrolment error = &pip.Refusal{Reason: "enrolment_invalid"}

// Enrolments turns a patient's number and enrolment code into the id of the
// patient's record, once. A definite no is ErrEnrolment.
type Enrolments interface {
	Enrol(ctx context.Context, number, code string, now time.Time) (patient string, err error)
}

// A Registrar opens accounts, and replaces forgotten passwords. What it answers
// never tells whether an account exists: that is told by mail, to whoever can
// read the mail of that address.
type Registrar struct {
	auth   *Authenticator
	vault  *vault.Vault
	mailer Mailer
	enrol  Enrolments
}

// NewRegistrar shares accounts, store, limits and cores with auth.
func NewRegistrar(auth *Authenticator, mailer Mailer, enrol Enrolments) *Registrar {
	return &Registrar{
		auth: auth, vault: auth.accounts.vault, mailer: mailer, enrol: enrol,
	}
}

// countMail counts one more mail for key; one too many changes nothing.
func (r *Registrar) countMail(ctx context.Context, key string, now time.Time) (bool, error) {
	l := r.auth.limits()
	return r.auth.store.CountMail(ctx, key, MailLimit{Every: l.ResendEvery, Most: l.Resends, Span: challengeSpan}, now)
}

// said is what is sealed of a sign-up. A void one proves nothing: its address
// or its username is taken, which was told by mail.
type said struct {
	pip.SignUpForm
	Void bool
}

// SignUp begins to open an account: it keeps what was said and mails a code. It
// returns Malformed, or nil whether or not there is such an account, after the
// same work. One mail a minute and five an hour go to one address; further
// calls change nothing, and answer alike.
func (r *Registrar) SignUp(ctx context.Context, s pip.SignUpForm) error {
	if faults := checkSignUp(&s, r.auth.accounts.roles()); len(faults) > 0 {
		return &problem.Malformed{Fields: faults}
	}
	index, err := r.vault.Index(s.Email)
	if err != nil {
		return fmt.Errorf("sign up: %w", err)
	}
	now := r.auth.now()
	if counted, err := r.countMail(ctx, "sign_up/"+index, now); err != nil || !counted {
		return err
	}
	secret, err := r.secrets(ctx, s.Password)
	if err != nil {
		return fmt.Errorf("sign up: %w", err)
	}
	known, taken, err := r.conflicts(ctx, index, s.Username)
	if err != nil {
		return fmt.Errorf("sign up: %w", err)
	}
	if err := r.keep(ctx, said{SignUpForm: s, Void: known || taken}, index, secret, now); err != nil {
		return fmt.Errorf("sign up: %w", err)
	}
	m := signUpMail(s.Email, secret.code)
	switch {
	case known:
		m = knownMail(s.Email)
	case taken:
		m = takenMail(s.Email)
	}
	if err := r.mailer.Send(ctx, m); err != nil {
		return fmt.Errorf("sign up: %w", err)
	}
	return nil
}

type secrets struct{ passwordHash, code, kept string }

// secrets does the slow work of a sign-up.
func (r *Registrar) secrets(ctx context.Context, chosen string) (s secrets, err error) {
	failed := r.auth.compute(ctx, func() {
		if s.passwordHash, err = password.HashWith(r.auth.hasher, chosen); err == nil {
			s.code, s.kept, err = r.newCode()
		}
	})
	return s, errors.Join(failed, err)
}

// code draws a code and hashes it when a core is free.
func (r *Registrar) code(ctx context.Context) (code, kept string, err error) {
	failed := r.auth.compute(ctx, func() { code, kept, err = r.newCode() })
	return code, kept, errors.Join(failed, err)
}

// newCode draws a code and hashes it. Call it within compute.
func (r *Registrar) newCode() (code, kept string, err error) {
	if code, err = drawCode(); err != nil {
		return "", "", err
	}
	hash, err := r.auth.hasher.Hash([]byte(code), codeCost)
	if err != nil {
		return "", "", fmt.Errorf("hash code: %w", err)
	}
	return code, string(hash), nil
}

// conflicts says whether the address or the username belongs to an account.
func (r *Registrar) conflicts(ctx context.Context, index, username string) (known, taken bool, err error) {
	_, err = r.auth.store.AccountByEmail(ctx, index)
	if known = err == nil; !known && !errors.Is(err, ErrNotFound) {
		return false, false, err
	}
	taken, err = r.auth.store.UsernameTaken(ctx, username)
	return known, taken, err
}

// keep stores the sign-up, sealed, and the challenge that proves its address.
func (r *Registrar) keep(ctx context.Context, s said, index string, secret secrets, now time.Time) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	s.Password = "" // its hash alone is kept
	plain, err := json.Marshal(s)
	if err != nil {
		return errors.New("encode sign-up")
	}
	sealed, err := r.vault.Seal(signUpPlace(id.String()), plain)
	if err != nil {
		return err
	}
	a := SignUp{
		ID: id.String(), EmailIndex: index, Sealed: sealed, PasswordHash: secret.passwordHash,
		Created: now, Expires: now.Add(signUpLife),
	}
	c := Pending{
		ID: a.ID, Purpose: PurposeSignUp, Method: methodEmail, Kept: secret.kept,
		Created: now, Expires: a.Expires, Sent: now,
	}
	if err := r.auth.store.AddChallenge(ctx, c); err != nil {
		return err
	}
	return r.auth.store.AddSignUp(ctx, a)
}

func signUpPlace(id string) string { return "signups/sealed/" + id }

// Sweep forgets sign-ups that nobody verified in time. Call it now and then.
func (r *Registrar) Sweep(ctx context.Context) error {
	return r.auth.store.SweepSignUps(ctx, r.auth.now())
}

package identity

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

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
// never tells whether an account exists: only a mail to that address tells.
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

// said is what is sealed of a sign-up. A void one proves nothing: its address
// has an account, whose owner is told by mail.
type said struct {
	pip.SignUpForm
	Void bool
}

// SignUp begins to open an account: it keeps what was said and mails a code. It
// returns the name of this sign-up, for the one who began it alone: the code of
// the mail opens this one and no other, however many others begin for the same
// address. It returns Malformed, or a name whether or not there is such an
// account, after the same work.
//
// Each origin has a budget of mails for an address: one a minute, five an hour.
// What goes beyond begins nothing, and is answered alike.
func (r *Registrar) SignUp(ctx context.Context, s pip.SignUpForm, from pip.Origin) (flow string, err error) {
	if faults := checkSignUp(&s, r.auth.accounts.roles()); len(faults) > 0 {
		return "", &problem.Malformed{Fields: faults}
	}
	flow, err = r.begin(ctx, s, from)
	if err != nil {
		return "", fmt.Errorf("sign up: %w", err)
	}
	return flow, nil
}

func (r *Registrar) begin(ctx context.Context, s pip.SignUpForm, from pip.Origin) (string, error) {
	index, err := r.vault.Index(s.Email)
	if err != nil {
		return "", err
	}
	account, err := r.auth.store.AccountByEmail(ctx, index)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", err
	}
	c, err := r.auth.caller(ctx, account.ID, index, from)
	if err != nil {
		return "", err
	}
	now := r.auth.now()
	flow := rand.Text()
	if counted, err := r.auth.countMail(ctx, PurposeSignUp, c, now); err != nil || !counted {
		return flow, err
	}
	secret, err := r.secrets(ctx, c, s.Password)
	if err != nil {
		return "", err
	}
	a := SignUp{ID: flow, Network: from.Network, EmailIndex: index, PasswordHash: secret.passwordHash, Created: now, Expires: now.Add(signUpLife)}
	if err := r.keep(ctx, a, said{SignUpForm: s, Void: account.ID != ""}, secret.kept, c); err != nil {
		return "", err
	}
	m := signUpMail(s.Email, secret.code, begun(c, from.Network, now))
	if account.ID != "" {
		m = knownMail(s.Email)
		counted, err := r.auth.noticed(ctx, account.ID, now)
		if err != nil {
			return "", err
		}
		m.Void = !counted
	}
	return flow, r.mailer.Send(ctx, m)
}

type secrets struct{ passwordHash, code, kept string }

// secrets does the slow work of a sign-up.
func (r *Registrar) secrets(ctx context.Context, c caller, chosen string) (s secrets, err error) {
	if s.code, s.kept, err = newCode(r.vault); err != nil {
		return secrets{}, err
	}
	failed := r.auth.compute(ctx, c.line(), func() { s.passwordHash, err = password.HashWith(r.auth.hasher, chosen) })
	return s, errors.Join(failed, err)
}

// keep stores the sign-up, sealed, and the challenge that proves its address.
func (r *Registrar) keep(ctx context.Context, a SignUp, s said, kept string, c caller) error {
	s.Password = "" // its hash alone is kept
	plain, err := json.Marshal(s)
	if err != nil {
		return errors.New("encode sign-up")
	}
	if a.Sealed, err = r.vault.Seal(signUpPlace(a.ID), plain); err != nil {
		return err
	}
	p := Pending{
		ID: a.ID, Purpose: PurposeSignUp, Method: methodEmail, Kept: kept, Origin: c.origin,
		Created: a.Created, Expires: a.Expires, Sent: a.Created,
	}
	if err := r.auth.store.AddChallenge(ctx, p); err != nil {
		return err
	}
	return r.auth.store.AddSignUp(ctx, a)
}

func signUpPlace(id string) string { return "signups/sealed/" + id }

// Sweep forgets sign-ups that were not verified in time. Call it now and then.
func (r *Registrar) Sweep(ctx context.Context) error {
	return r.auth.store.SweepSignUps(ctx, r.auth.now())
}

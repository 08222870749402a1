package identity

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/wardgate/wardgate/pip"
)

// VerifySignUp proves the address of a sign-up and opens the account: one that
// needs a patient record becomes active with the record that the enrolment code
// claims, every other one waits for approval. Whatever does not fit, the
// enrolment code included, is ErrCode; a wrong e-mailed code never touches the
// enrolment code.
//
// The sign-up is the one that the answer names by what SignUp returned, or the
// newest for its address that was begun in the caller's network: never one that
// somebody began elsewhere, with a password that the owner does not know.
//
// Record is called with the account as it will be, before it is that: with its error
// there is none, and the person begins anew.
func (r *Registrar) VerifySignUp(ctx context.Context, answer pip.SignUpAnswer, from pip.Origin, record func(context.Context, pip.Profile) error) (pip.Profile, error) {
	a, err := r.begunBy(ctx, answer, from)
	if errors.Is(err, ErrNotFound) {
		a.ID, err = "", nil // the work of comparing is done in any case
	}
	if err != nil {
		return pip.Profile{}, fmt.Errorf("verify sign-up: %w", err)
	}
	if _, err := r.answer(ctx, a.ID, PurposeSignUp, answer.Code, nil); err != nil {
		return pip.Profile{}, err
	}
	s, err := r.reveal(&a)
	if err != nil {
		return pip.Profile{}, fmt.Errorf("verify sign-up: %w", err)
	}
	role := r.auth.accounts.roles()[s.Role]
	if s.Void || !role.SignUp { // the rule book may have changed meanwhile
		return pip.Profile{}, ErrCode
	}
	// The code is used up: that the caller hangs up must not leave half an account.
	return r.open(context.WithoutCancel(ctx), &a, s, role, record)
}

// begunBy returns the sign-up that the answer is about, or ErrNotFound.
func (r *Registrar) begunBy(ctx context.Context, answer pip.SignUpAnswer, from pip.Origin) (SignUp, error) {
	now := r.auth.now()
	if answer.Flow != "" {
		return r.auth.store.SignUp(ctx, answer.Flow, now)
	}
	address, err := ParseEmail(answer.Email)
	if err != nil {
		return SignUp{}, err
	}
	index, err := r.vault.Index(address)
	if err != nil {
		return SignUp{}, err
	}
	return r.auth.store.SignUpFrom(ctx, index, from.Network, now)
}

// answer uses up one attempt of the challenge, and the challenge itself when the
// code is right. It returns ErrCode for everything that is not. With mayTry,
// what that forbids is not evaluated.
func (r *Registrar) answer(ctx context.Context, id string, purpose Purpose, code string, mayTry func(Pending) (bool, error)) (Pending, error) {
	store := r.auth.store
	seen, err := store.Challenge(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && seen.Purpose != purpose {
		seen, err = Pending{}, nil
	}
	if err != nil {
		return Pending{}, fmt.Errorf("verify code: %w", err)
	}
	p, counted, err := store.CountAttempt(ctx, seen, r.auth.limits().CodeAttempts, r.auth.now())
	if err != nil {
		return Pending{}, fmt.Errorf("verify code: %w", err)
	}
	if counted && mayTry != nil {
		if counted, err = mayTry(p); err != nil {
			return Pending{}, fmt.Errorf("verify code: %w", err)
		}
	}
	same, err := sameCode(r.vault, p.Kept, code)
	if err != nil {
		return Pending{}, fmt.Errorf("verify code: %w", err)
	}
	if !same || !counted {
		return Pending{}, ErrCode
	}
	won, err := store.SpendChallenge(ctx, p.ID, p.Kept)
	if err != nil {
		return Pending{}, fmt.Errorf("verify code: %w", err)
	}
	if !won {
		return Pending{}, ErrCode
	}
	return p, nil
}

func (r *Registrar) reveal(a *SignUp) (said, error) {
	plain, err := r.vault.Open(signUpPlace(a.ID), a.Sealed)
	if err != nil {
		return said{}, err
	}
	var s said
	if err := json.Unmarshal(plain, &s); err != nil {
		return said{}, fmt.Errorf("sign-up %s is not readable", a.ID)
	}
	return s, nil
}

// open adds the account, pending, before it claims the patient's record: of any
// number of sign-ups for one address or username only one gets as far as to use
// up an enrolment code. What it cannot claim, it takes back; should the machine
// stop in between, the account stays pending and the security role sees it.
func (r *Registrar) open(ctx context.Context, a *SignUp, s said, role pip.Role, record func(context.Context, pip.Profile) error) (pip.Profile, error) {
	account, err := r.add(ctx, NewAccount{
		Username: s.Username, Email: s.Email, PasswordHash: a.PasswordHash, Role: s.Role, Standing: pip.AccountPending,
	})
	if errors.Is(err, ErrTaken) {
		return pip.Profile{}, errors.Join(ErrCode, r.auth.store.RemoveSignUp(ctx, a.ID))
	}
	if err != nil {
		return pip.Profile{}, fmt.Errorf("verify sign-up: %w", err)
	}
	if role.Record == pip.RecordPatient {
		account, err = r.claim(ctx, account, s, record)
	} else {
		err = record(ctx, account)
	}
	if err != nil {
		return pip.Profile{}, errors.Join(err, r.auth.store.RemoveUnclaimed(ctx, account.ID), r.auth.store.RemoveSignUp(ctx, a.ID))
	}
	if err := r.auth.store.RemoveSignUp(ctx, a.ID); err != nil {
		return pip.Profile{}, fmt.Errorf("verify sign-up: %w", err)
	}
	return account, nil
}

// add adds the account. A user name that somebody else has, or that no sign-up gets, gets
// a few letters more: that it is taken is no business of the one who asks for it, and the owner of
// the address is not kept waiting for it.
func (r *Registrar) add(ctx context.Context, n NewAccount) (account pip.Profile, err error) {
	wanted := n.Username
	for range 4 {
		taken, err := r.auth.store.UsernameTaken(ctx, n.Username)
		if err != nil {
			return pip.Profile{}, err
		}
		if !taken && !meansAnother(n.Username) {
			if account, err = r.auth.accounts.Add(ctx, n); !errors.Is(err, ErrTaken) {
				return account, err
			}
			if taken, err = r.auth.store.UsernameTaken(ctx, n.Username); err != nil {
				return pip.Profile{}, err
			}
			if !taken { // so the address is
				return pip.Profile{}, ErrTaken
			}
		}
		n.Username = wanted[:min(len(wanted), maxUsername-1-nameTail)] + "." + strings.ToLower(rand.Text()[:nameTail])
	}
	return pip.Profile{}, ErrTaken
}

const (
	maxUsername = 64
	nameTail    = 6 // letters of five bits each
)

// claim returns the account in any case, so that it can be taken back.
func (r *Registrar) claim(ctx context.Context, account pip.Profile, s said, record func(context.Context, pip.Profile) error) (pip.Profile, error) {
	patient, err := r.enrol.Enrol(ctx, s.Number, s.Code, r.auth.now())
	if errors.Is(err, ErrEnrolment) || err == nil && patient == "" {
		return account, ErrCode
	}
	if err != nil {
		return account, fmt.Errorf("claim record: %w", err)
	}
	opened := account
	opened.Standing, opened.Patient = pip.AccountActive, patient
	if err := record(ctx, opened); err != nil {
		return account, err
	}
	claimed, err := r.auth.store.ClaimRecord(ctx, account.ID, patient)
	if err != nil {
		return account, fmt.Errorf("claim record: %w", err)
	}
	if !claimed {
		return account, errors.New("claim record: the account has changed")
	}
	return opened, nil
}

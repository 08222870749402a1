package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/wardgate/wardgate/pip"
)

// nobodysCode has the cost of a real code's hash and belongs to no known code.
var decoyCode = []byte("$2a$10$" + strings.Repeat(".", 53))

// VerifySignUp proves the address of the newest sign-up for it and opens the
// account: one that needs a patient record becomes active with the record that
// the enrolment code claims, every other one waits for approval. Whatever does not fit, the
// enrolment code included, is ErrCode; a wrong e-mailed code never touches the
// enrolment code.
func (r *Registrar) VerifySignUp(ctx context.Context, email, code string) (pip.Profile, error) {
	address, err := ParseEmail(email)
	if err != nil {
		return pip.Profile{}, err
	}
	index, err := r.vault.Index(address)
	if err != nil {
		return pip.Profile{}, fmt.Errorf("verify sign-up: %w", err)
	}
	a, err := r.auth.store.SignUp(ctx, index, r.auth.now())
	if errors.Is(err, ErrNotFound) {
		return pip.Profile{}, r.inVain(ctx, code)
	}
	if err != nil {
		return pip.Profile{}, fmt.Errorf("verify sign-up: %w", err)
	}
	if _, err := r.answer(ctx, a.ID, PurposeSignUp, code); err != nil {
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
	return r.open(context.WithoutCancel(ctx), &a, s, role)
}

// inVain does the work of comparing a code, and refuses.
func (r *Registrar) inVain(ctx context.Context, code string) error {
	if !IsCode(code) {
		return ErrCode
	}
	if err := r.auth.compute(ctx, func() { r.auth.hasher.Same(decoyCode, []byte(code)) }); err != nil {
		return fmt.Errorf("verify code: %w", err)
	}
	return ErrCode
}

// answer uses up one attempt of the challenge, and the challenge itself when the
// code is right. It returns ErrCode for everything that is not.
func (r *Registrar) answer(ctx context.Context, id string, purpose Purpose, code string) (Pending, error) {
	store := r.auth.store
	seen, err := store.Challenge(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && seen.Purpose != purpose {
		return Pending{}, r.inVain(ctx, code)
	}
	if err != nil {
		return Pending{}, fmt.Errorf("verify code: %w", err)
	}
	p, counted, err := store.CountAttempt(ctx, id, r.auth.limits().CodeAttempts, r.auth.now())
	if err != nil {
		return Pending{}, fmt.Errorf("verify code: %w", err)
	}
	if !counted || !IsCode(code) {
		return Pending{}, ErrCode
	}
	var same bool
	if err := r.auth.compute(ctx, func() { same = r.auth.hasher.Same([]byte(p.Kept), []byte(code)) }); err != nil {
		return Pending{}, fmt.Errorf("verify code: %w", err)
	}
	if !same {
		return Pending{}, ErrCode
	}
	won, err := store.SpendChallenge(ctx, id, p.Kept)
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
// stop in between, the account stays pending and somebody with the security
// role sees it.
func (r *Registrar) open(ctx context.Context, a *SignUp, s said, role pip.Role) (pip.Profile, error) {
	account, err := r.auth.accounts.Add(ctx, NewAccount{
		Username: s.Username, Email: s.Email, PasswordHash: a.PasswordHash, Role: s.Role, Standing: pip.AccountPending,
	})
	if errors.Is(err, ErrTaken) {
		return pip.Profile{}, errors.Join(ErrCode, r.auth.store.RemoveSignUp(ctx, a.ID))
	}
	if err != nil {
		return pip.Profile{}, fmt.Errorf("verify sign-up: %w", err)
	}
	if role.Record == pip.RecordPatient {
		if account, err = r.claim(ctx, account, s); err != nil {
			return pip.Profile{}, errors.Join(err, r.auth.store.RemoveUnclaimed(ctx, account.ID), r.auth.store.RemoveSignUp(ctx, a.ID))
		}
	}
	if err := r.auth.store.RemoveSignUp(ctx, a.ID); err != nil {
		return pip.Profile{}, fmt.Errorf("verify sign-up: %w", err)
	}
	return account, nil
}

// claim returns the account in any case, so that it can be taken back.
func (r *Registrar) claim(ctx context.Context, account pip.Profile, s said) (pip.Profile, error) {
	patient, err := r.enrol.Enrol(ctx, s.Number, s.Code, r.auth.now())
	if errors.Is(err, ErrEnrolment) || err == nil && patient == "" {
		return account, ErrCode
	}
	if err != nil {
		return account, fmt.Errorf("claim record: %w", err)
	}
	claimed, err := r.auth.store.ClaimRecord(ctx, account.ID, patient)
	if err != nil {
		return account, fmt.Errorf("claim record: %w", err)
	}
	if !claimed {
		return account, errors.New("claim record: the account has changed")
	}
	account.Standing, account.Patient = pip.AccountActive, patient
	return account, nil
}

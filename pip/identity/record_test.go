package identity_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity/passkey/passkeytest"
)

// unwritten, unnamed and unopened are journals that take everything.
func unwritten(context.Context) error { return nil }

func unnamed(context.Context, string) error { return nil }

func unopened(context.Context, pip.Profile) error { return nil }

var errJournal = errors.New("the disk is full")

func fullOf(context.Context, string) error { return errJournal }

func full(context.Context) error { return errJournal }

// An app that could not be put on record is no factor, and the one that it was to replace
// still is; the same code does once the record is written.
func TestAppWithoutARecordIsNone(t *testing.T) {
	d := newPassDesk(t)
	account := d.another("fresh", "fresh@hospital.test")
	secret, _, err := d.apps.Offer(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	old := d.secret
	d.secret = secret
	if codes, err := d.apps.Confirm(t.Context(), account, d.code(0), full); !errors.Is(err, errJournal) || codes != nil {
		t.Errorf("got %v, %v", codes, err)
	}
	if ready, err := d.apps.Ready(t.Context(), account); ready || err != nil {
		t.Errorf("it is a factor: %t, %v", ready, err)
	}
	if _, err := d.apps.Confirm(t.Context(), account, d.code(0), unwritten); err != nil {
		t.Errorf("with a record: %v", err)
	}
	if _, _, err = d.apps.OfferAnew(t.Context(), d.account); err != nil {
		t.Fatal(err)
	}
	next, _, err := d.apps.OfferAnew(t.Context(), d.account)
	if err != nil {
		t.Fatal(err)
	}
	d.secret = next
	if _, err := d.apps.Confirm(t.Context(), d.account, d.code(0), full); !errors.Is(err, errJournal) {
		t.Errorf("got %v", err)
	}
	d.clock.Pass(time.Minute)
	if _, err := d.verify(d.begin().ID, d.code(0)); err == nil {
		t.Error("the new app opens the account")
	}
	d.secret = old
	if _, err := d.verify(d.begin().ID, d.code(0)); err != nil {
		t.Errorf("the old app: %v", err)
	}
}

func TestPasskeyWithoutARecordIsNone(t *testing.T) {
	h := newHolder(t)
	c, err := h.keys.Offer(t.Context(), h.account, "s-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.keys.Add(t.Context(), h.account, "s-1", c.ID, "second", created(t, passkeytest.New(home), c), fullOf); !errors.Is(err, errJournal) {
		t.Errorf("got %v", err)
	}
	if list, err := h.keys.List(t.Context(), h.account); err != nil || len(list) != 1 {
		t.Errorf("got %d passkeys, %v", len(list), err)
	}
}

func TestPasswordWithoutARecordStays(t *testing.T) {
	o := newOffice(t)
	c := o.forgot(email)
	var e ended
	if _, err := o.people.Reset(t.Context(), pip.ResetAnswer{Challenge: c.ID, Code: o.mail.Code(t), Password: fresh}, pip.Origin{}, fullOf, e.end); !errors.Is(err, errJournal) {
		t.Errorf("got %v", err)
	}
	r, err := o.store.Account(t.Context(), o.accounts()[0].ID)
	if err != nil || r.PasswordHash != hash() || len(e.accounts) != 0 {
		t.Errorf("it has changed, or sessions of %v ended (%v)", e.accounts, err)
	}
}

// An account that could not be put on record is none, whether it would be active or wait.
func TestAccountWithoutARecordIsNone(t *testing.T) {
	for name, form := range map[string]pip.SignUpForm{"staff": nurse(), "a patient": patient("pat")} {
		o := newOffice(t)
		before := len(o.accounts())
		flow := o.signUpFrom(form, pip.Origin{})
		answer := pip.SignUpAnswer{Flow: flow, Code: o.mail.Code(t)}
		var said pip.Profile
		_, err := o.people.VerifySignUp(t.Context(), answer, pip.Origin{}, func(_ context.Context, p pip.Profile) error { said = p; return errJournal })
		if !errors.Is(err, errJournal) || said.ID == "" || said.Patient == "" && name == "a patient" {
			t.Errorf("%s: got %v, told of %+v", name, err, said)
		}
		if n := len(o.accounts()); n != before {
			t.Errorf("%s: there are %d accounts, and were %d", name, n, before)
		}
		if _, err := o.people.VerifySignUp(t.Context(), answer, pip.Origin{}, unopened); err == nil {
			t.Errorf("%s: the code does twice", name)
		}
	}
}

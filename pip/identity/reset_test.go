package identity_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
)

// ended remembers whose sessions were ended.
type ended struct {
	accounts []string
	fail     error
}

func (e *ended) end(_ context.Context, account string) error {
	e.accounts = append(e.accounts, account)
	return e.fail
}

func (o *office) forgot(address string) pip.Challenge {
	o.t.Helper()
	c, err := o.people.Forgot(o.t.Context(), address, pip.Origin{})
	if err != nil {
		o.t.Fatalf("forgot: %v", err)
	}
	return c
}

func TestResetReplacesThePassword(t *testing.T) {
	o := newOffice(t)
	account := o.accounts()[0].ID
	c := o.forgot(email)
	var e ended
	got, err := o.people.Reset(t.Context(), pip.ResetAnswer{Challenge: c.ID, Code: o.mail.Code(t), Password: fresh}, pip.Origin{}, unnamed, e.end)
	if err != nil || got != account {
		t.Fatalf("got %q, %v, want %q", got, err, account)
	}
	if !slices.Equal(e.accounts, []string{account, account}) {
		t.Errorf("sessions ended of %v, want %q before and after", e.accounts, account)
	}
	r, err := o.store.Account(t.Context(), account)
	if err != nil || !o.hasher.Same([]byte(r.PasswordHash), []byte(fresh)) {
		t.Errorf("the password is not the new one (%v)", err)
	}
	if _, err := o.people.Reset(t.Context(), pip.ResetAnswer{Challenge: c.ID, Code: o.mail.Code(t), Password: fresh + "!"}, pip.Origin{}, unnamed, e.end); !errors.Is(err, identity.ErrCode) {
		t.Errorf("second use: got %v, want %v", err, identity.ErrCode)
	}
}

// A log-in that waits for its code does not survive the old password.
func TestResetEndsOpenLogIns(t *testing.T) {
	o := newOffice(t)
	login := o.login()
	code := o.mail.Code(t)
	c := o.forgot(email)
	if _, err := o.people.Reset(t.Context(), pip.ResetAnswer{Challenge: c.ID, Code: o.mail.Code(t), Password: fresh}, pip.Origin{}, unnamed, (&ended{}).end); err != nil {
		t.Fatal(err)
	}
	p, err := o.store.Challenge(t.Context(), login.ID)
	if err != nil || !p.Spent || code == "" {
		t.Errorf("the log-in is still open (%v)", err)
	}
}

func TestResetKeepsThePasswordWhenSessionsDoNotEnd(t *testing.T) {
	o := newOffice(t)
	c := o.forgot(email)
	e := ended{fail: errors.New("no route to sessions")}
	var refusal *pip.Refusal
	if _, err := o.people.Reset(t.Context(), pip.ResetAnswer{Challenge: c.ID, Code: o.mail.Code(t), Password: fresh}, pip.Origin{}, unnamed, e.end); err == nil || errors.As(err, &refusal) {
		t.Errorf("got %v, want a fault", err)
	}
	r, err := o.store.Account(t.Context(), o.accounts()[0].ID)
	if err != nil || r.PasswordHash != hash() {
		t.Errorf("the password has changed (%v)", err)
	}
}

func TestForgotLooksTheSameForEverybody(t *testing.T) {
	o := newOffice(t)
	for _, address := range []string{email, "nobody@hospital.test", email} {
		c := o.forgot(address)
		if c.ID == "" || c.Expires != o.clock.Now().Add(5*time.Minute) || !slices.Equal(c.Methods, []string{"email"}) {
			t.Errorf("%s: got %+v", address, c)
		}
		if done := o.hasher.Done(); done != "" {
			t.Errorf("%s: did %q", address, done)
		}
		for range 4 {
			if _, err := o.people.Reset(t.Context(), pip.ResetAnswer{Challenge: c.ID, Code: "123123", Password: fresh}, pip.Origin{}, unnamed, (&ended{}).end); !errors.Is(err, identity.ErrCode) {
				t.Errorf("%s: got %v, want %v", address, err, identity.ErrCode)
			}
		}
		if done := o.hasher.Done(); done != "" {
			t.Errorf("%s: did %q for four wrong codes", address, done)
		}
	}
	if n := o.mail.Delivered(); n != 1 {
		t.Errorf("%d mails, want 1: nobody gets none, and the third came within a minute", n)
	}
}

// Three wrong codes kill the challenge and bar nobody.
func TestWrongResetCodesBarNobody(t *testing.T) {
	o := newOffice(t)
	c := o.forgot(email)
	code := o.mail.Code(t)
	for range 3 {
		if _, err := o.people.Reset(t.Context(), pip.ResetAnswer{Challenge: c.ID, Code: wrong(code), Password: fresh}, pip.Origin{}, unnamed, (&ended{}).end); !errors.Is(err, identity.ErrCode) {
			t.Errorf("got %v, want %v", err, identity.ErrCode)
		}
	}
	if _, err := o.people.Reset(t.Context(), pip.ResetAnswer{Challenge: c.ID, Code: code, Password: fresh}, pip.Origin{}, unnamed, (&ended{}).end); !errors.Is(err, identity.ErrCode) {
		t.Errorf("fourth: got %v, want %v", err, identity.ErrCode)
	}
	o.login()
}

func TestResetCodesStayWhatTheyAre(t *testing.T) {
	o := newOffice(t)
	c := o.forgot(email)
	code := o.mail.Code(t)
	if err := o.auth.Resend(t.Context(), c.ID); !errors.Is(err, identity.ErrCode) {
		t.Errorf("resend: got %v, want %v", err, identity.ErrCode)
	}
	nobody := o.forgot("nobody@hospital.test")
	if err := o.auth.Resend(t.Context(), nobody.ID); !errors.Is(err, identity.ErrCode) {
		t.Errorf("resend to nobody: got %v, want %v", err, identity.ErrCode)
	}
	var m *problem.Malformed
	if _, err := o.people.Reset(t.Context(), pip.ResetAnswer{Challenge: c.ID, Code: code, Password: "password123"}, pip.Origin{}, unnamed, (&ended{}).end); !errors.As(err, &m) {
		t.Errorf("common password: got %v, want a list of fields", err)
	}
	if _, err := o.people.Reset(t.Context(), pip.ResetAnswer{Challenge: o.login().ID, Code: o.mail.Code(t), Password: fresh}, pip.Origin{}, unnamed, (&ended{}).end); !errors.Is(err, identity.ErrCode) {
		t.Errorf("with the code of a log-in: got %v, want %v", err, identity.ErrCode)
	}
	if _, err := o.people.Reset(t.Context(), pip.ResetAnswer{Challenge: c.ID, Code: code, Password: fresh}, pip.Origin{}, unnamed, (&ended{}).end); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

func TestParallelResetsWinOnce(t *testing.T) {
	o := newOffice(t)
	store, accounts, _ := o.process()
	other := o.registrar(store, accounts)
	c := o.forgot(email)
	code := o.mail.Code(t)
	if won := race(60, func(i int) bool {
		people := o.people
		if i%2 == 1 {
			people = other
		}
		_, err := people.Reset(t.Context(), pip.ResetAnswer{Challenge: c.ID, Code: code, Password: fresh}, pip.Origin{}, unnamed, (&ended{}).end)
		return err == nil
	}); won != 1 {
		t.Errorf("%d won, want 1", won)
	}
}

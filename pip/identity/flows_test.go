package identity_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/vault"
)

// from is a network of which no account knows anything.
func from(n int) pip.Origin { return pip.Origin{Network: fmt.Sprintf("203.0.%d.0/24", n)} }

// familiar is an origin that every account knows, by this name.
func familiar(name string) pip.Origin {
	return pip.Origin{Network: "198.51.100.0/24", Familiar: func(context.Context, string) (string, error) { return name, nil }}
}

// quick returns an authenticator whose hashes cost nothing.
func (o *office) quick() *identity.Authenticator {
	o.t.Helper()
	if err := o.store.SetPassword(o.t.Context(), o.accounts()[0].ID, string(imitate([]byte(passphrase), 12))); err != nil {
		o.t.Fatal(err)
	}
	return identity.NewAuthenticator(o.reg, o.store, identity.NewEmailCode(o.mail, o.vault), identity.Config{Now: o.clock.Now, Hasher: o.hasher})
}

func (m *mailbox) newest(t *testing.T) string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mails[len(m.mails)-1].Text
}

func TestASignUpIsBoundToWhoBeganIt(t *testing.T) {
	const strangers = "a password of the stranger"
	for name, named := range map[string]bool{"by its name": true, "by the network": false} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			theirs := nurse()
			theirs.Password = strangers
			o.signUpFrom(theirs, from(1))
			strange := o.mail.Code(t)
			flow := o.signUpFrom(nurse(), from(2))
			own := o.mail.Code(t)
			if !strings.Contains(o.mail.newest(t), "from the network 203.0.2.0/24") {
				t.Errorf("the mail does not say from where: %s", o.mail.newest(t))
			}
			o.signUpFrom(theirs, from(3))

			answer := pip.SignUpAnswer{Email: "nia@hospital.test"}
			if named {
				answer = pip.SignUpAnswer{Flow: flow}
			}
			answer.Code = strange
			if _, err := o.people.VerifySignUp(t.Context(), answer, from(2), unopened); !errors.Is(err, identity.ErrCode) && strange != own {
				t.Errorf("the stranger's code: got %v, want %v", err, identity.ErrCode)
			}
			answer.Code = own
			p, err := o.people.VerifySignUp(t.Context(), answer, from(2), unopened)
			if err != nil {
				t.Fatal(err)
			}
			r, err := o.store.Account(t.Context(), p.ID)
			if err != nil || !o.hasher.Same([]byte(r.PasswordHash), []byte(fresh)) {
				t.Errorf("the password is not the owner's (%v)", err)
			}
		})
	}
}

func TestANotedSignUpNeedsItsNetworkOrItsName(t *testing.T) {
	o := newOffice(t)
	o.signUpFrom(nurse(), from(1))
	answer := pip.SignUpAnswer{Email: nurse().Email, Code: o.mail.Code(t)}
	if _, err := o.people.VerifySignUp(t.Context(), answer, from(2), unopened); !errors.Is(err, identity.ErrCode) {
		t.Errorf("from elsewhere: got %v, want %v", err, identity.ErrCode)
	}
	if _, err := o.people.VerifySignUp(t.Context(), answer, from(1), unopened); err != nil {
		t.Errorf("from there: %v", err)
	}
}

func TestAStrangersForgotVoidsNothing(t *testing.T) {
	o := newOffice(t)
	for i := range 12 {
		for range 6 {
			if _, err := o.people.Forgot(t.Context(), email, from(i)); err != nil {
				t.Fatal(err)
			}
			o.clock.Pass(time.Minute)
		}
	}
	before := o.mail.Delivered()
	c, err := o.people.Forgot(t.Context(), email, from(99))
	if err != nil || o.mail.Delivered() != before+1 {
		t.Fatalf("no mail for the owner (%v)", err)
	}
	code := o.mail.Code(t)
	for i := range 12 {
		if _, err := o.people.Forgot(t.Context(), email, from(i)); err != nil {
			t.Fatal(err)
		}
	}
	answer := pip.ResetAnswer{Challenge: c.ID, Code: code, Password: fresh}
	if _, err := o.people.Reset(t.Context(), answer, from(99), unnamed, (&ended{}).end); err != nil {
		t.Errorf("the owner's code: %v", err)
	}
	if most := 12*3 + 24 + 1; o.mail.Delivered() > most {
		t.Errorf("%d mails in one day, want at most %d", o.mail.Delivered(), most)
	}
}

// Right passwords from elsewhere close nothing to their owner.
func TestLogInsElsewhereShutNobodyOut(t *testing.T) {
	w := newOffice(t)
	w.auth = w.quick()
	var refused error
	for i := range 60 {
		if _, err := w.auth.Password(t.Context(), email, passphrase, from(i%12)); err != nil {
			refused = err
		}
	}
	if !errors.Is(refused, identity.ErrThrottled) {
		t.Errorf("sixty log-ins: got %v, want %v at last", refused, identity.ErrThrottled)
	}
	for _, owner := range []pip.Origin{familiar("device/d-1"), familiar("on_site/10.0.0.7"), familiar("network/198.51.100.0/24"), from(99)} {
		c, err := w.auth.Password(t.Context(), email, passphrase, owner)
		if err != nil {
			t.Fatal(err)
		}
		proof, err := w.auth.Verify(t.Context(), c.ID, w.mail.Code(t), owner)
		if err != nil {
			t.Fatal(err)
		}
		step, err := w.auth.StepUp(t.Context(), proof.Account.ID, "session-1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.auth.VerifyStepUp(t.Context(), proof.Account.ID, "session-1", step.ID, w.mail.Code(t)); err != nil {
			t.Fatal(err)
		}
	}
}

// guess answers challenges of log-ins wrongly, from one network after another,
// and says how often that was evaluated.
func (p *phone) guess(t *testing.T, times int) (evaluated int) {
	t.Helper()
	for i := range times {
		p.clock.Pass(20 * time.Minute)
		c, err := p.auth.Password(t.Context(), ringer, passphrase, from(i))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := p.auth.Verify(t.Context(), c.ID, wrong(p.code(0)), from(i)); errors.Is(err, identity.ErrCode) {
				evaluated++
			} else if !errors.Is(err, identity.ErrBarred) {
				t.Fatal(err)
			}
		}
	}
	return evaluated
}

func TestWrongCodesInARowCloseAnAuthenticatorToStrangers(t *testing.T) {
	laptop := familiar("device/d-1")
	reopen := map[string]func(t *testing.T, p *phone){
		"the owner logs in": func(t *testing.T, p *phone) {
			c, err := p.auth.Password(t.Context(), ringer, passphrase, laptop)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.auth.Verify(t.Context(), c.ID, p.code(0), laptop); err != nil {
				t.Errorf("the owner's device: %v", err)
			}
		},
		"an officer lifts it": func(t *testing.T, p *phone) {
			if err := p.auth.Unbar(t.Context(), p.account); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, open := range reopen {
		t.Run(name, func(t *testing.T) {
			p := newPhone(t)
			if n := p.guess(t, 40); n > 20 {
				t.Errorf("%d wrong codes were evaluated, want at most 20", n)
			}
			c, err := p.auth.Password(t.Context(), ringer, passphrase, from(200))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.auth.Verify(t.Context(), c.ID, p.code(0), from(200)); !errors.Is(err, identity.ErrBarred) {
				t.Errorf("the right code: got %v, want %v", err, identity.ErrBarred)
			}
			open(t, p)
			p.clock.Pass(time.Minute)
			if _, err := p.auth.Verify(t.Context(), c.ID, p.code(0), from(200)); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// TestWrongCodesInOneSessionCloseThatSession alone.
func TestWrongCodesInOneSessionCloseThatSession(t *testing.T) {
	p := newPhone(t)
	evaluated := 0
	for range 20 {
		p.clock.Pass(10 * time.Minute)
		c, err := p.auth.StepUp(t.Context(), p.account, "stolen")
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := p.auth.VerifyStepUp(t.Context(), p.account, "stolen", c.ID, wrong(p.code(0))); errors.Is(err, identity.ErrCode) {
				evaluated++
			} else if !errors.Is(err, identity.ErrBarred) {
				t.Fatal(err)
			}
		}
	}
	if evaluated > 20 {
		t.Errorf("%d wrong codes were evaluated, want at most 20", evaluated)
	}
	c, err := p.auth.StepUp(t.Context(), p.account, "own")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.auth.VerifyStepUp(t.Context(), p.account, "own", c.ID, p.code(0)); err != nil {
		t.Errorf("another session: %v", err)
	}
}

// After a hundred wrong passwords in a row even the right one is wrong for
// strangers. They cannot tell: the answers go on as for an address without an account.
func TestWrongPasswordsInARowCloseThePasswordToStrangers(t *testing.T) {
	o := newOffice(t)
	auth := o.quick()
	for i := range 100 {
		if _, err := auth.Password(t.Context(), email, "wrong horse battery", from(i)); !errors.Is(err, identity.ErrCredentials) {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	if _, err := auth.Password(t.Context(), email, passphrase, from(200)); !errors.Is(err, identity.ErrCredentials) {
		t.Errorf("the right one: got %v, want %v", err, identity.ErrCredentials)
	}
	laptop := familiar("device/d-1")
	c, err := auth.Password(t.Context(), email, passphrase, laptop)
	if err != nil {
		t.Fatalf("from a known device: %v", err)
	}
	if _, err := auth.Verify(t.Context(), c.ID, o.mail.Code(t), laptop); err != nil {
		t.Fatal(err)
	}
	if _, err := auth.Password(t.Context(), email, passphrase, from(201)); err != nil {
		t.Errorf("after the owner was there: %v", err)
	}
}

// A person who asks for a user name is not told that it is taken.
func TestATakenUserNameIsNoOracle(t *testing.T) {
	o := newOffice(t)
	s := nurse()
	s.Username = "doctor" // has an account
	o.signUp(s)
	if text := o.mail.newest(t); !strings.Contains(text, "Your code is") || strings.Contains(text, "free") {
		t.Errorf("the mail tells: %s", text)
	}
	p, err := o.people.VerifySignUp(t.Context(), pip.SignUpAnswer{Email: s.Email, Code: o.mail.Code(t)}, pip.Origin{}, unopened)
	if err != nil || !strings.HasPrefix(p.Username, "doctor.") || len(p.Username) != len("doctor.")+6 {
		t.Errorf("got %q, %v", p.Username, err)
	}
}

// An application that knows people by their user names may have an administrator by one of
// these, or a person by an account's id: a sign-up gets none, as if it were taken.
func TestASignUpGetsNoNameThatMeansAnother(t *testing.T) {
	o := newOffice(t)
	doctor := o.accounts()[0].ID
	for _, name := range []string{"admin", "Root", "wardgate", doctor, strings.ReplaceAll(doctor, "-", "")} {
		s := nurse()
		s.Username, s.Email = name, name+"@hospital.test"
		o.signUp(s)
		p, err := o.people.VerifySignUp(t.Context(), pip.SignUpAnswer{Email: s.Email, Code: o.mail.Code(t)}, pip.Origin{}, unopened)
		if err != nil || !strings.HasPrefix(p.Username, strings.ToLower(name)+".") {
			t.Errorf("%s: got %q, %v", name, p.Username, err)
		}
	}
	if p := o.add("o@hospital.test", "root", pip.AccountActive); p.Username != "root" {
		t.Errorf("an operator gives any name: got %q", p.Username)
	}
}

// What is kept of a code confirms no guess without the key.
func TestCodesAtRestAreKeyed(t *testing.T) {
	w := newWorld(t)
	c := w.login()
	code := w.mail.Code(t)
	p, err := w.store.Challenge(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	salt, kept, _ := strings.Cut(p.Kept, "/")
	other, err := vault.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]*vault.Vault{"its own key": w.vault, "another key": other} {
		mark, err := v.Mark("codes/"+salt, code)
		if err != nil || (mark == kept) != (v == w.vault) {
			t.Errorf("under %s: the same is %v (%v)", name, mark == kept, err)
		}
	}
}

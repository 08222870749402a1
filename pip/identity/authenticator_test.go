package identity_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/password"
)

func TestLogInProvesTwoFactors(t *testing.T) {
	w := newWorld(t)
	c := w.login()
	if c.Expires != w.clock.Now().Add(5*time.Minute) || len(c.Methods) != 1 || c.Methods[0] != "email" {
		t.Errorf("challenge: got %v", c)
	}
	proof, err := w.auth.Verify(t.Context(), c.ID, w.mail.Code(t), pip.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	if proof.Account.Email != email || proof.Account.Role != "doctor" || strings.Join(proof.AMR, " ") != "pwd email" || !proof.AuthTime.Equal(w.clock.Now()) {
		t.Errorf("proof: got %v %v", proof.AMR, proof.AuthTime)
	}
	if _, err := w.auth.Verify(t.Context(), c.ID, w.mail.Code(t), pip.Origin{}); !errors.Is(err, identity.ErrCode) {
		t.Errorf("second use: got %v, want %v", err, identity.ErrCode)
	}
}

func TestPasswordRefusesAllAlike(t *testing.T) {
	w := newWorld(t)
	w.add("gone@hospital.test", "gone", pip.AccountDisabled)
	cases := []struct{ name, email, passphrase string }{
		{"wrong password", email, "wrong horse battery"},
		{"unknown e-mail", "nobody@hospital.test", passphrase},
		{"disabled account", "gone@hospital.test", passphrase},
		{"longer than bcrypt sees", email, passphrase + strings.Repeat("x", 72)},
		{"repeated behind a NUL", email, passphrase + "\x00" + passphrase},
		{"empty", email, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w.clock.Pass(time.Hour)
			challenge, err := w.auth.Password(t.Context(), c.email, c.passphrase, pip.Origin{})
			if !errors.Is(err, identity.ErrCredentials) || challenge.ID != "" {
				t.Errorf("got %v, want %v", err, identity.ErrCredentials)
			}
		})
	}
	if n := w.mail.Count(); n != 0 {
		t.Errorf("%d mails were sent, want none", n)
	}
}

func TestPasswordLongestIsComparedWhole(t *testing.T) {
	if _, err := password.Hash(strings.Repeat("x", 73)); !errors.Is(err, password.ErrMalformed) {
		t.Errorf("73 bytes: got %v, want %v", err, password.ErrMalformed)
	}
	if _, err := password.Hash("short"); !errors.Is(err, password.ErrMalformed) {
		t.Errorf("5 characters: got %v, want %v", err, password.ErrMalformed)
	}
	if _, err := password.Hash("a\x00aaaaaaaaaaaa"); !errors.Is(err, password.ErrMalformed) {
		t.Errorf("NUL: got %v, want %v", err, password.ErrMalformed)
	}
}

func TestWrongPasswordsBarKnownAndUnknownAlike(t *testing.T) {
	w := newWorld(t)
	for _, address := range []string{email, "nobody@hospital.test"} {
		var limiter string
		for i := range 3 {
			_, err := w.auth.Password(t.Context(), address, "wrong horse battery", pip.Origin{})
			var r *pip.Refusal
			if !errors.Is(err, identity.ErrCredentials) || !errors.As(err, &r) || r.Failures != i+1 {
				t.Fatalf("%s, try %d: got %v, want %v", address, i+1, err, identity.ErrCredentials)
			}
			limiter = r.Limiter
		}
		_, err := w.auth.Password(t.Context(), strings.ToUpper(address), passphrase, pip.Origin{})
		if !errors.Is(err, identity.ErrThrottled) {
			t.Fatalf("%s, before the bar: got %v, want %v", address, err, identity.ErrThrottled)
		}
		if err := w.auth.Bar(t.Context(), limiter, w.clock.Now().Add(15*time.Minute)); err != nil {
			t.Fatal(err)
		}
		_, err = w.auth.Password(t.Context(), strings.ToUpper(address), passphrase, pip.Origin{})
		var r *pip.Refusal
		if !errors.As(err, &r) || !errors.Is(err, identity.ErrThrottled) || r.Wait != 15*time.Minute {
			t.Fatalf("%s, barred: got %v", address, err)
		}
	}
	w.clock.Pass(15*time.Minute - time.Second)
	if _, err := w.auth.Password(t.Context(), email, passphrase, pip.Origin{}); !errors.Is(err, identity.ErrThrottled) {
		t.Errorf("a second too early: got %v", err)
	}
	w.clock.Pass(time.Second)
	w.login()
}

func TestWrongPasswordsFarApartBarNobody(t *testing.T) {
	w := newWorld(t)
	for range 4 {
		if _, err := w.auth.Password(t.Context(), email, "wrong horse battery", pip.Origin{}); !errors.Is(err, identity.ErrCredentials) {
			t.Fatalf("got %v, want %v", err, identity.ErrCredentials)
		}
		w.clock.Pass(91 * time.Second)
	}
	w.login()
}

// Many guesses at once are no way around the count.
func TestParallelPasswordsAreCountedBeforeTheyAreChecked(t *testing.T) {
	w := newWorld(t)
	_, _, other := w.process()
	var evaluated atomic.Int64
	var wg sync.WaitGroup
	for i := range 60 {
		auth := w.auth
		if i%2 == 1 {
			auth = other
		}
		wg.Go(func() {
			if _, err := auth.Password(t.Context(), email, "wrong horse battery", pip.Origin{}); errors.Is(err, identity.ErrCredentials) {
				evaluated.Add(1)
			} else if !errors.Is(err, identity.ErrThrottled) {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if n := evaluated.Load(); n > 3 {
		t.Errorf("%d passwords were checked, want at most 3", n)
	}
}

// A thousand guesses from two processes, the right code among them.
func TestParallelCodesAreEvaluatedThreeTimes(t *testing.T) {
	w := newWorld(t)
	_, _, other := w.process()
	c := w.login()
	code := w.mail.Code(t)
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range 1000 {
		auth, guess := w.auth, wrong(code)
		if i%2 == 1 {
			auth = other
		}
		if i%3 == 0 {
			guess = code
		}
		wg.Go(func() {
			_, err := auth.Verify(t.Context(), c.ID, guess, pip.Origin{})
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, identity.ErrCode) {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if n := won.Load(); n > 1 {
		t.Errorf("%d guesses won, want at most 1", n)
	}
	p, err := w.store.Challenge(t.Context(), c.ID)
	if err != nil || p.Attempts > 3 {
		t.Errorf("%d attempts were evaluated, want at most 3 (%v)", p.Attempts, err)
	}
	if _, err := w.auth.Verify(t.Context(), c.ID, code, pip.Origin{}); !errors.Is(err, identity.ErrCode) {
		t.Errorf("afterwards: got %v, want %v", err, identity.ErrCode)
	}
}

func TestVerifyComparesExactly(t *testing.T) {
	cases := map[string]func(string) string{
		"blank before":        func(c string) string { return " " + c },
		"blank behind":        func(c string) string { return c + " " },
		"repeated behind NUL": func(c string) string { return c + "\x00" + c },
		"empty":               func(string) string { return "" },
		"other digits":        func(c string) string { return strings.Replace(c, c[:1], "١", 1) },
	}
	w := newWorld(t)
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			c := w.login()
			if _, err := w.auth.Verify(t.Context(), c.ID, spoil(w.mail.Code(t)), pip.Origin{}); !errors.Is(err, identity.ErrCode) {
				t.Errorf("got %v, want %v", err, identity.ErrCode)
			}
		})
	}
}

func TestCodeEnds(t *testing.T) {
	w := newWorld(t)
	c := w.login()
	code := w.mail.Code(t)
	w.clock.Pass(5 * time.Minute)
	if _, err := w.auth.Verify(t.Context(), c.ID, code, pip.Origin{}); !errors.Is(err, identity.ErrCode) {
		t.Errorf("after five minutes: got %v, want %v", err, identity.ErrCode)
	}
	w.clock.Pass(-2 * time.Minute)
	if _, err := w.auth.Verify(t.Context(), c.ID, code, pip.Origin{}); !errors.Is(err, identity.ErrCode) {
		t.Errorf("after the clock stepped back: got %v, want %v", err, identity.ErrCode)
	}
	if _, err := w.auth.Verify(t.Context(), "no such challenge", code, pip.Origin{}); !errors.Is(err, identity.ErrCode) {
		t.Errorf("unknown challenge: got %v, want %v", err, identity.ErrCode)
	}
}

func TestResendReplacesTheCodeAndKeepsTheCount(t *testing.T) {
	w := newWorld(t)
	c := w.login()
	first := w.mail.Code(t)
	if err := w.auth.Resend(t.Context(), c.ID); !errors.Is(err, identity.ErrThrottled) {
		t.Fatalf("at once: got %v, want %v", err, identity.ErrThrottled)
	}
	for range 2 {
		if _, err := w.auth.Verify(t.Context(), c.ID, wrong(first), pip.Origin{}); !errors.Is(err, identity.ErrCode) {
			t.Fatalf("got %v, want %v", err, identity.ErrCode)
		}
	}
	w.clock.Pass(time.Minute)
	if err := w.auth.Resend(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.auth.Verify(t.Context(), c.ID, w.mail.Code(t), pip.Origin{}); err != nil {
		t.Errorf("new code, third attempt: %v", err)
	}
	if err := w.auth.Resend(t.Context(), c.ID); !errors.Is(err, identity.ErrCode) {
		t.Errorf("after use: got %v, want %v", err, identity.ErrCode)
	}
}

func TestResendFiveTimes(t *testing.T) {
	w := newWorld(t)
	c := w.login()
	for i := range 5 {
		w.clock.Pass(time.Minute)
		if err := w.auth.Resend(t.Context(), c.ID); err != nil {
			t.Fatalf("resend %d: %v", i+1, err)
		}
	}
	w.clock.Pass(time.Minute)
	if err := w.auth.Resend(t.Context(), c.ID); !errors.Is(err, identity.ErrThrottled) {
		t.Errorf("sixth: got %v, want %v", err, identity.ErrThrottled)
	}
}

func TestStepUpIsBoundToItsSession(t *testing.T) {
	w := newWorld(t)
	login := w.login()
	proof, err := w.auth.Verify(t.Context(), login.ID, w.mail.Code(t), pip.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	id := proof.Account.ID
	c, err := w.auth.StepUp(t.Context(), id, "session-1")
	if err != nil {
		t.Fatal(err)
	}
	code := w.mail.Code(t)
	if _, err := w.auth.Verify(t.Context(), c.ID, code, pip.Origin{}); !errors.Is(err, identity.ErrCode) {
		t.Errorf("as a log-in: got %v, want %v", err, identity.ErrCode)
	}
	if _, err := w.auth.VerifyStepUp(t.Context(), id, "session-2", c.ID, code); !errors.Is(err, identity.ErrCode) {
		t.Errorf("for another session: got %v, want %v", err, identity.ErrCode)
	}
	if _, err := w.auth.VerifyStepUp(t.Context(), id, "session-1", c.ID, code); err != nil {
		t.Errorf("for its own session: %v", err)
	}
}

func TestOpenChallengesAreBounded(t *testing.T) {
	w := newWorld(t)
	p := w.add("other@hospital.test", "other", pip.AccountActive)
	for range 30 {
		if _, err := w.auth.StepUp(t.Context(), p.ID, "session-1"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.auth.StepUp(t.Context(), p.ID, "session-1"); !errors.Is(err, identity.ErrThrottled) {
		t.Errorf("got %v, want %v", err, identity.ErrThrottled)
	}
}

// A store or a mail server that fails is never a statement about the person.
func TestFaultsProveNothing(t *testing.T) {
	w := newWorld(t)
	w.mail.fail = true
	_, err := w.auth.Password(t.Context(), email, passphrase, pip.Origin{})
	var refusal *pip.Refusal
	if err == nil || errors.As(err, &refusal) {
		t.Errorf("mail fails: got %v, want a fault", err)
	}
	w.mail.fail = false
	c := w.login()
	code := w.mail.Code(t)
	w.store.Close()
	if _, err := w.auth.Verify(t.Context(), c.ID, code, pip.Origin{}); err == nil || errors.As(err, &refusal) {
		t.Errorf("store fails: got %v, want a fault", err)
	}
	if _, err := w.auth.Password(t.Context(), email, passphrase, pip.Origin{}); err == nil || errors.As(err, &refusal) {
		t.Errorf("store fails: got %v, want a fault", err)
	}
}

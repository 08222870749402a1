package admin_test

import (
	"errors"
	"testing"
)

// TestABarredStrangerIsNotHeard: neither the right password nor a wrong one is
// looked at, and an e-mail that nobody has gets the same answer. A device that
// the account has signed in from is heard.
func TestABarredStrangerIsNotHeard(t *testing.T) {
	w := newWorld(t)
	tokens := w.login()
	w.policy.barred = true
	for name, who := range map[string][2]string{
		"right password": {email, passphrase},
		"wrong password": {email, "wrong horse battery"},
		"nobody":         {"nobody@hospital.test", passphrase},
	} {
		a := w.post("/auth/login", map[string]string{"email": who[0], "password": who[1]})
		if a.Status != 429 || a.reason() != "throttled" || a.text("challenge") != "" {
			t.Errorf("%s: got %d %s, want 429 throttled", name, a.Status, a.Raw)
		}
	}
	a := w.post("/auth/login", map[string]string{"email": email, "password": passphrase, "device": tokens.text("device")})
	if a.Status != 200 {
		t.Errorf("known device: got %d %s, want 200", a.Status, a.Raw)
	}
}

func TestWithoutAnAnswerNobodyTries(t *testing.T) {
	w := newWorld(t)
	w.policy.silent = errors.New("timeout")
	if a := w.post("/auth/login", map[string]string{"email": email, "password": passphrase}); a.Status != 503 {
		t.Errorf("got %d %s, want 503", a.Status, a.Raw)
	}
}

package identity_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
)

// Nobody can tell an unknown e-mail from a wrong password by the work.
func TestPasswordDoesTheSameWorkForEverybody(t *testing.T) {
	w := newWorld(t)
	w.add("gone@hospital.test", "gone", pip.AccountDisabled)
	hasher := &counting{}
	auth := identity.NewAuthenticator(w.reg, w.store, identity.NewEmailCode(w.mail), identity.Config{Now: w.clock.Now, Hasher: hasher})
	for _, address := range []string{email, "nobody@hospital.test", "gone@hospital.test"} {
		for _, guess := range []string{"wrong horse battery", strings.Repeat("x", 80)} {
			if _, err := auth.Password(t.Context(), address, guess, pip.Origin{}); !errors.Is(err, identity.ErrCredentials) {
				t.Errorf("%s: got %v, want %v", address, err, identity.ErrCredentials)
			}
			if done := hasher.Done(); done != "compare $2a$12$" {
				t.Errorf("%s: did %q", address, done)
			}
		}
	}
}

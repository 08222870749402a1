package identity_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
)

// An unknown e-mail cannot be told from a wrong password by the work.
func TestPasswordDoesTheSameWorkForEverybody(t *testing.T) {
	w := newWorld(t)
	w.add("gone@hospital.test", "gone", pip.AccountDisabled)
	hasher := &counting{}
	auth := identity.NewAuthenticator(w.reg, w.store, identity.NewEmailCode(w.mail, w.vault), identity.Config{Now: w.clock.Now, Hasher: hasher})
	for _, address := range []string{email, "nobody@hospital.test", "gone@hospital.test"} {
		for _, guess := range []string{"wrong horse battery", strings.Repeat("x", 80)} {
			if _, err := auth.Password(t.Context(), address, guess, pip.Origin{}); !errors.Is(err, identity.ErrCredentials) {
				t.Errorf("%s: got %v, want %v", address, err, identity.ErrCredentials)
			}
			if done := hasher.Done(); done != "compare $2a$05$" {
				t.Errorf("%s: did %q", address, done)
			}
		}
	}
}

// What an address without an account asks of the database is what one with an
// account asks, question by question: a stranger cannot tell them apart by the time.
func TestTheDatabaseIsAskedTheSameForEverybody(t *testing.T) {
	o := newOffice(t)
	faults := &sqldbtest.Faults{}
	o.db = func() *sqldb.DB { return sqldbtest.OpenFaulty(t, filepath.Join(t.TempDir(), "identity.db"), faults) }
	o.store, o.reg, o.auth = o.process()
	o.people = o.registrar(o.store, o.reg)
	o.add(email, "doctor", pip.AccountActive)
	o.add("gone@hospital.test", "gone", pip.AccountDisabled)
	ask := map[string]func(address string) error{
		"forgot": func(address string) error {
			_, err := o.people.Forgot(t.Context(), address, pip.Origin{})
			return err
		},
		"wrong password": func(address string) error {
			if _, err := o.auth.Password(t.Context(), address, "wrong horse battery", pip.Origin{}); !errors.Is(err, identity.ErrCredentials) {
				return fmt.Errorf("got %w, want %w", err, identity.ErrCredentials)
			}
			return nil
		},
	}
	for name, ask := range ask {
		for round := range 2 { // of which the second meets what the first has left
			asked := map[string][]string{}
			for _, address := range []string{email, "nobody@hospital.test", "gone@hospital.test"} {
				faults.Fail(0, nil)
				if err := ask(address); err != nil {
					t.Fatalf("%s, %s: %v", name, address, err)
				}
				asked[address] = faults.Asked()
				if len(asked[address]) < 3 || !slices.Equal(asked[address], asked[email]) {
					t.Errorf("%s, round %d, %s: asked\n%s\nfor the account\n%s", name, round+1, address,
						strings.Join(asked[address], "\n"), strings.Join(asked[email], "\n"))
				}
			}
			o.clock.Pass(time.Hour)
		}
	}
}

package identity_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/badge"
)

// Of a hundred wrong PINs at once, in two processes, three are looked at; then the right
// one is refused until the badge is opened.
func TestPINsAreCountedBeforeTheyAreCompared(t *testing.T) {
	w := newWorld(t)
	account := w.add("nurse@hospital.test", "nurse", pip.AccountActive).ID
	second, _, _ := w.process()
	all := []*badge.Badges{badge.New(w.store, w.vault, w.clock.Now), badge.New(second, w.vault, w.clock.Now)}
	b := all[0]
	if err := b.Set(t.Context(), account, "AB-1234", "2580"); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Prove(t.Context(), " ab-12 34 ", "2580"); err != nil || got != account {
		t.Fatalf("got %q, %v", got, err)
	}
	var looked atomic.Int64
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			_, err := all[i%2].Prove(t.Context(), "AB-1234", "0852")
			var r *pip.Refusal
			if !errors.As(err, &r) {
				t.Errorf("got %v", err)
			} else if r.Account != "" {
				looked.Add(1)
			}
		})
	}
	group.Wait()
	if looked.Load() != badge.Tries {
		t.Errorf("%d PINs were looked at, want %d", looked.Load(), badge.Tries)
	}
	if _, err := b.Prove(t.Context(), "AB-1234", "2580"); !errors.Is(err, badge.ErrRefused) {
		t.Errorf("a shut badge: got %v", err)
	}
	if err := b.Open(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Prove(t.Context(), "AB-1234", "2580"); err != nil {
		t.Errorf("after a whole log-in: got %v", err)
	}
}

// In a database that lies behind, no badge is open, and none that was changed since is one.
func TestRestoredBadgesAreShut(t *testing.T) {
	w := newWorld(t)
	kept, changed := w.add("nurse@hospital.test", "nurse", pip.AccountActive).ID, w.add("other@hospital.test", "other", pip.AccountActive).ID
	b := badge.New(w.store, w.vault, w.clock.Now)
	for account, number := range map[string]string{kept: "AB-1234", changed: "CD-1234"} {
		if err := b.Set(t.Context(), account, number, "2580"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.store.Restore(t.Context(), identity.Restoration{Now: w.clock.Now(), Badges: []string{changed}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Prove(t.Context(), "AB-1234", "2580"); !errors.Is(err, badge.ErrRefused) {
		t.Errorf("got %v, want it shut", err)
	}
	if number, pin, err := b.Has(t.Context(), changed); err != nil || number || pin {
		t.Errorf("a changed badge is there: %t %t %v", number, pin, err)
	}
	if err := b.Set(t.Context(), changed, "AB-1234", ""); !errors.Is(err, badge.ErrTaken) {
		t.Errorf("got %v, want that it is another's", err)
	}
}

// Of a badge and a PIN that are chosen together, both are set or neither is.
func TestHalfABadgeIsNotSet(t *testing.T) {
	w := newWorld(t)
	b := badge.New(w.store, w.vault, w.clock.Now)
	one, other := w.add("nurse@hospital.test", "nurse", pip.AccountActive).ID, w.add("other@hospital.test", "other", pip.AccountActive).ID
	if err := b.Set(t.Context(), other, "CD-1234", "2580"); err != nil {
		t.Fatal(err)
	}
	refuse := func(number, pin string, want error) {
		t.Helper()
		if err := b.Set(t.Context(), one, number, pin); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	refuse("AB-1234", "1234", badge.ErrPIN)
	refuse("CD-1234", "2580", badge.ErrTaken)
	refuse("!", "2580", badge.ErrNumber)
	refuse("", "", badge.ErrNumber)
	if number, pin, err := b.Has(t.Context(), one); err != nil || number || pin {
		t.Errorf("refused, and there: %t %t %v", number, pin, err)
	}
	if err := errors.Join(b.Set(t.Context(), one, "", "2580"), b.Set(t.Context(), one, "AB-1234", "")); err != nil {
		t.Fatal(err)
	}
	refuse("EF-1234", "1111", badge.ErrPIN)
	refuse("CD-1234", "9753", badge.ErrTaken)
	if got, err := b.Prove(t.Context(), "AB-1234", "2580"); err != nil || got != one {
		t.Errorf("what was there before: got %q, %v", got, err)
	}
}

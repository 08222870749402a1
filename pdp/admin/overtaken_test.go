package admin_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
)

// overtaking has something happen while the policy is asked about a session: behind
// the proof, before the session is stored.
type overtaking struct {
	*policy
	action string
	happen func()
}

func (o overtaking) Decide(ctx context.Context, q pdp.Request) (pdp.Decision, error) {
	if q.Action.Name == o.action {
		o.happen()
	}
	return o.policy.Decide(ctx, q)
}

// What ends all sessions of an account ends those that are about to begin, too: the
// password, the app or the mailbox that they were proven by is none any more.
func TestALogInUnderWayDoesNotOutliveAnEndOfAllSessions(t *testing.T) {
	for name, order := range map[string]func(w *world) error{
		"a new password":  func(w *world) error { return w.admin.RevokeAccount(t.Context(), w.account.ID, "password_reset") },
		"log out of all":  func(w *world) error { return w.admin.LogOutAll(t.Context(), admin.Client{}, w.account.ID) },
		"an officer":      func(w *world) error { return w.admin.RevokeUser(t.Context(), admin.Client{}, "operator", w.account.ID) },
		"another address": func(w *world) error { return w.change(admin.Changes{Email: "new@hospital.test"}) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.withDecider(overtaking{w.policy, "session.create", func() {
				if err := order(w); err != nil {
					t.Error(err)
				}
			}})
			first := w.post("/auth/login", map[string]string{"email": email, "password": passphrase})
			second := w.post("/auth/login/verify", map[string]string{"challenge": first.text("challenge"), "code": w.mail.Code()})
			if second.Status != http.StatusUnauthorized || second.reason() != "session_ended" || second.text("access_token") != "" {
				t.Errorf("got %d %s", second.Status, second.Raw)
			}
			w.allEnded()
		})
	}
}

// An order of before counts against no log-in of after.
func TestAnEndOfAllSessionsHindersNoLaterLogIn(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.login()
		if err := w.admin.LogOutAll(t.Context(), admin.Client{}, w.account.ID); err != nil {
			t.Fatal(err)
		}
	}
	w.login()
}

// The mailbox of before may be somebody else's, and so may what began with its codes.
func TestANewAddressEndsTheSessions(t *testing.T) {
	w := newWorld(t)
	w.login()
	session := w.claims.Session
	if err := w.change(admin.Changes{Username: "doc"}); err != nil || w.revoked.Has(session) {
		t.Errorf("another username: %v, session ended %t", err, w.revoked.Has(session))
	}
	if err := w.change(admin.Changes{Email: "new@hospital.test"}); err != nil || !w.revoked.Has(session) {
		t.Errorf("another address: %v, session ended %t", err, w.revoked.Has(session))
	}
	w.allEnded()
}

// A machine whose keys are taken away, or that is disabled, while it logs in.
func TestAMachineUnderWayDoesNotOutliveItsKey(t *testing.T) {
	for name, c := range map[string]struct {
		order  func(w *world, machine string) error
		reason string
	}{
		"its keys": {func(w *world, machine string) error {
			return w.admin.DropMachineKeys(t.Context(), admin.Client{}, "operator", machine)
		}, "session_ended"},
		"its account": {func(w *world, machine string) error {
			return w.admin.Disable(t.Context(), admin.Client{}, "operator", machine)
		}, "account_inactive"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			siem, err := w.people.Add(t.Context(), identity.NewAccount{
				Username: "siem", Email: "siem@machine.invalid", PasswordHash: hash(), Role: "machine", Standing: pip.AccountActive,
			})
			if err != nil {
				t.Fatal(err)
			}
			key, err := w.admin.NewMachineKey(t.Context(), admin.Client{}, "operator", siem.ID)
			if err != nil {
				t.Fatal(err)
			}
			if a := w.post("/auth/machine", map[string]string{"key": key}); a.Status != http.StatusOK {
				t.Fatalf("before: got %d %s", a.Status, a.Raw)
			}
			w.withDecider(overtaking{w.policy, "machine.log_in", func() {
				if err := c.order(w, siem.ID); err != nil {
					t.Error(err)
				}
			}})
			if a := w.post("/auth/machine", map[string]string{"key": key}); a.Status != http.StatusUnauthorized || a.reason() != c.reason {
				t.Errorf("got %d %s", a.Status, a.Raw)
			}
			live, err := w.store.LiveOf(t.Context(), siem.ID, w.clock.Now())
			if err != nil || len(live) != 0 {
				t.Errorf("%d sessions live, %v", len(live), err)
			}
		})
	}
}

// An app that replaces a lost one ends what somebody may do who found the lost one: all
// sessions but the one that the pass began.
func TestAnAppThatReplacesALostOneEndsOtherSessions(t *testing.T) {
	w := newWorld(t)
	w.login()
	found := w.claims.Session
	now := w.clock.Now()
	for id, acr := range map[string]string{"s-plain": admin.ACRTwoFactor, "s-pass": admin.ACRPass} {
		s := admin.Session{ID: id, Account: w.account.ID, ACR: acr, AMR: []string{"pwd"}, AuthTime: now, Created: now, LastUsed: now,
			IdleUntil: now.Add(time.Hour), Until: now.Add(time.Hour)}
		if err := w.store.Begin(t.Context(), s, admin.Refresh{}); err != nil {
			t.Fatal(err)
		}
	}
	w.withDesk(&desk{account: w.account.ID})
	for _, c := range []struct {
		session string
		ended   bool
	}{{"s-plain", false}, {"s-pass", true}} {
		w.claims.Session = c.session
		if a := w.send("POST", "/api/me/totp/confirm", `{"code":"123123"}`); a.Status != http.StatusOK {
			t.Fatalf("%s: got %d %s", c.session, a.Status, a.Raw)
		}
		if got := w.revoked.Has(found); got != c.ended || w.revoked.Has("s-pass") {
			t.Errorf("confirmed in %s: the other session ended %t, want %t; the own %t", c.session, got, c.ended, w.revoked.Has("s-pass"))
		}
	}
}

func (w *world) change(to admin.Changes) error {
	return w.admin.Change(w.t.Context(), admin.Client{}, "operator", w.account.ID, to)
}

func (w *world) allEnded() {
	w.t.Helper()
	live, err := w.store.LiveOf(w.t.Context(), w.account.ID, w.clock.Now())
	if err != nil || len(live) != 0 {
		w.t.Errorf("%d sessions live, %v", len(live), err)
	}
}

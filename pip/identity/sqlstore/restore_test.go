package sqlstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/pass"
	"github.com/wardgate/wardgate/pip/identity/passkey"
	"github.com/wardgate/wardgate/pip/identity/sqlstore"
	"github.com/wardgate/wardgate/pip/identity/totp"
)

// Accounts of an older copy stand as they were left, or stay shut.
func TestRestoredAccounts(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s, err := sqlstore.New(ctx, sqldbtest.New(t)())
	if err != nil {
		t.Fatal(err)
	}
	if some, err := s.Accounted(ctx); err != nil || some {
		t.Fatalf("an empty database has accounts: %t %v", some, err)
	}
	for _, id := range []string{"u-1", "u-2"} {
		r := identity.Record{ID: id, Username: id, EmailIndex: id, PasswordHash: "old", Role: "nurse", Standing: pip.AccountActive, Created: now}
		if err := s.AddAccount(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	challenge := identity.Pending{ID: "c-1", Account: "u-1", Purpose: identity.PurposeLogIn, Created: now, Expires: now.Add(time.Hour), Sent: now}
	if err := s.AddChallenge(ctx, challenge); err != nil {
		t.Fatal(err)
	}
	r := identity.Restoration{
		Now: now, NextStep: 100, NoPassword: "none", Passwords: []string{"u-1"}, RemovedApps: []string{"u-1"}, Recovered: []string{"u-1"},
		Accounts: map[string]map[string]string{"u-1": {"standing": "disabled", "staff": "s-1"}, "gone": {"staff": "s-1"}},
		LostApps: map[string][]byte{"u-2": []byte("sealed"), "gone": []byte("sealed")},
	}
	for range 2 { // as often as it takes
		if err := s.Restore(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	if a, err := s.Account(ctx, "u-1"); err != nil || a.Standing != pip.AccountDisabled || a.PasswordHash != "none" || a.Staff != "s-1" {
		t.Errorf("got %+v %v", a, err)
	}
	if a, err := s.App(ctx, "u-2"); err != nil || a.Confirmed.IsZero() || a.LastStep != 99 || string(a.Sealed) != "sealed" {
		t.Errorf("got %+v %v", a, err)
	}
	if p, err := s.Challenge(ctx, "c-1"); err != nil || !p.Spent {
		t.Errorf("an open challenge: %+v %v", p, err)
	}
	r = identity.Restoration{Now: now, Accounts: map[string]map[string]string{"u-1": {"standing": "active", "staff": ""}, "u-2": {"staff": "s-1"}}}
	if err := s.Restore(ctx, r); err != nil {
		t.Fatal(err)
	}
	if a, err := s.Account(ctx, "u-1"); err != nil || a.Standing != pip.AccountActive || a.Staff != "" {
		t.Errorf("got %+v %v", a, err)
	}
	if a, err := s.Account(ctx, "u-2"); err != nil || a.Staff != "s-1" {
		t.Errorf("got %+v %v", a, err)
	}
}

// A pass of an older copy may have been used since: it is good for nothing.
func TestRestoringVoidsPasses(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s, err := sqlstore.New(ctx, sqldbtest.New(t)())
	if err != nil {
		t.Fatal(err)
	}
	issued(t, s, "u-1", now)
	if err := s.Restore(ctx, identity.Restoration{Now: now}); err != nil {
		t.Fatal(err)
	}
	if used, err := s.UsePass(ctx, "u-1", "mark", now); used || err != nil {
		t.Errorf("used %t %v", used, err)
	}
}

// The word of others was given for the account as it was.
func TestChangedAccountsHaveNoPass(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s, err := sqlstore.New(ctx, sqldbtest.New(t)())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"u-1", "u-2"} {
		r := identity.Record{ID: id, Username: id, EmailIndex: id, PasswordHash: "old", Role: "nurse", Standing: pip.AccountActive, Created: now}
		if err := s.AddAccount(ctx, r); err != nil {
			t.Fatal(err)
		}
		issued(t, s, id, now)
	}
	_, _, err = s.ChangeAccount(ctx, "u-1", []string{"security"}, func(r *identity.Record) error { r.Role = "security"; return nil })
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{"u-1": false, "u-2": true} {
		if used, err := s.UsePass(ctx, id, "mark", now); used != want || err != nil {
			t.Errorf("%s: used %t %v", id, used, err)
		}
	}
}

// issued is a pass of the account that was not used yet.
func issued(t *testing.T, s *sqlstore.Store, account string, now time.Time) {
	t.Helper()
	p := pass.Pass{ID: "pass-of-" + account, Account: account, First: pip.Sponsor{ID: "nia"}, Expires: now.Add(time.Minute)}
	if err := s.AddPass(t.Context(), p, now); err != nil {
		t.Fatal(err)
	}
	p.Second, p.Mark, p.ShiftEnds = pip.Sponsor{ID: "ola"}, "mark", now.Add(time.Hour)
	if ok, err := s.IssuePass(t.Context(), p, now); !ok || err != nil {
		t.Fatalf("issued %t %v", ok, err)
	}
}

// A sign-up of an older copy may have been completed since, and its account disabled; an
// app that was offered may have been confirmed, and removed: neither is open any more.
func TestRestoringVoidsSignUpsAndOfferedApps(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s, err := sqlstore.New(ctx, sqldbtest.New(t)())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"u-1", "u-2"} {
		r := identity.Record{ID: id, Username: id, EmailIndex: id, PasswordHash: "old", Role: "nurse", Standing: pip.AccountActive, Created: now}
		if err := s.AddAccount(ctx, r); err != nil {
			t.Fatal(err)
		}
		if offered, err := s.OfferApp(ctx, totp.App{Account: id, Sealed: []byte("sealed"), Created: now}); !offered || err != nil {
			t.Fatalf("offered %t %v", offered, err)
		}
	}
	if confirmed, err := s.ConfirmApp(ctx, totp.App{Account: "u-1", Created: now, Confirmed: now}, nil); !confirmed || err != nil {
		t.Fatalf("confirmed %t %v", confirmed, err)
	}
	if err := s.OfferNextApp(ctx, totp.App{Account: "u-1", Sealed: []byte("sealed"), Created: now}); err != nil {
		t.Fatal(err)
	}
	if err := s.AddSignUp(ctx, identity.SignUp{ID: "f-1", Network: "n", EmailIndex: "e-1", Created: now, Expires: now.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Restore(ctx, identity.Restoration{Now: now}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SignUp(ctx, "f-1", now); !errors.Is(err, identity.ErrNotFound) {
		t.Errorf("the sign-up: got %v", err)
	}
	if _, open, err := s.TryNextApp(ctx, "u-1", 5, now.Add(-time.Minute)); open || err != nil {
		t.Errorf("the app in the other's place is open: %t %v", open, err)
	}
	if open, err := s.TryApp(ctx, "u-2", 5, now.Add(-time.Minute)); open || err != nil {
		t.Errorf("the first app is open: %t %v", open, err)
	}
	if app, err := s.App(ctx, "u-1"); err != nil || app.Confirmed.IsZero() {
		t.Errorf("the app that was confirmed: got %+v %v", app, err)
	}
}

// A passkey that was added since is lost, and its account has had one; one that was
// removed since is none; a challenge for no account from before is over.
func TestRestoredPasskeys(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s, err := sqlstore.New(ctx, sqldbtest.New(t)())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"u-1", "u-2"} {
		r := identity.Record{ID: id, Username: id, EmailIndex: id, PasswordHash: "old", Role: "nurse", Standing: pip.AccountActive, Created: now}
		if err := s.AddAccount(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"k-1", "k-2"} {
		if err := s.AddPasskey(ctx, passkey.Passkey{ID: id, Account: "u-1", Mark: id, Sealed: []byte("key"), Created: now}, 2); err != nil {
			t.Fatal(err)
		}
	}
	r := identity.Restoration{
		Now: now, RemovedPasskeys: []string{"k-1", "gone"},
		LostPasskeys: map[string]string{"k-2": "u-1", "k-3": "u-2", "k-4": "gone"},
	}
	for range 2 {
		if err := s.Restore(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := s.Passkeys(ctx, "u-1"); err != nil || len(list) != 1 || list[0].ID != "k-2" || list[0].Lost() {
		t.Errorf("got %+v, %v", list, err)
	}
	if list, err := s.Passkeys(ctx, "u-2"); err != nil || len(list) != 1 || !list[0].Lost() {
		t.Errorf("got %+v, %v", list, err)
	}
	if had, err := s.HasPasskeys(ctx, "u-2"); err != nil || !had {
		t.Errorf("got %t, %v", had, err)
	}
	for name, issued := range map[string]time.Time{"before": now.Add(-time.Second), "at once": now, "since": now.Add(time.Microsecond)} {
		used, err := s.UseUnnamed(ctx, name, issued, issued.Add(time.Minute))
		if err != nil || used != (name == "since") {
			t.Errorf("issued %s: got %t, %v", name, used, err)
		}
	}
	if used, err := s.UseUnnamed(ctx, "since", now.Add(time.Microsecond), now.Add(time.Minute)); err != nil || used {
		t.Errorf("again: got %t, %v", used, err)
	}
	if err := s.Sweep(ctx, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if used, err := s.UseUnnamed(ctx, "since", now.Add(time.Microsecond), now.Add(time.Minute)); err != nil || !used {
		t.Errorf("swept: got %t, %v", used, err)
	}
}

func TestStoreOfPasskeys(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s, err := sqlstore.New(ctx, sqldbtest.New(t)())
	if err != nil {
		t.Fatal(err)
	}
	r := identity.Record{ID: "u-1", Username: "u-1", EmailIndex: "u-1", PasswordHash: "old", Role: "nurse", Standing: pip.AccountActive, Created: now}
	if err := s.AddAccount(ctx, r); err != nil {
		t.Fatal(err)
	}
	key := passkey.Passkey{ID: "k-1", Account: "u-1", Mark: "m-1", Sealed: []byte("key"), SignCount: 1<<32 - 2, Created: now}
	if err := s.AddPasskey(ctx, key, 2); err != nil {
		t.Fatal(err)
	}
	for want, k := range map[error]passkey.Passkey{
		passkey.ErrTaken:     {ID: "k-2", Account: "u-1", Mark: "m-1", Created: now},
		identity.ErrNotFound: {ID: "k-2", Account: "gone", Mark: "m-2", Created: now},
	} {
		if err := s.AddPasskey(ctx, k, 2); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	if err := s.AddPasskey(ctx, passkey.Passkey{ID: "k-3", Account: "u-1", Mark: "m-3", Created: now}, 1); !errors.Is(err, passkey.ErrFull) {
		t.Errorf("got %v, want %v", err, passkey.ErrFull)
	}
	if _, err := s.PasskeyByMark(ctx, "m-2"); !errors.Is(err, identity.ErrNotFound) {
		t.Errorf("got %v, want %v", err, identity.ErrNotFound)
	}
	steps := []struct {
		count uint32
		used  bool
	}{{1<<32 - 2, false}, {1<<32 - 3, false}, {0, false}, {1<<32 - 1, true}, {1<<32 - 1, false}}
	for _, step := range steps {
		key.SignCount, key.Signed, key.Synced, key.Used = step.count, "c", true, now
		if used, err := s.UsePasskey(ctx, key); err != nil || used != step.used {
			t.Errorf("%d: got %t, %v", step.count, used, err)
		}
	}
	if k, err := s.PasskeyByMark(ctx, "m-1"); err != nil || k.SignCount != 1<<32-1 || k.Signed != "c" || !k.Synced || !k.Used.Equal(now) || string(k.Sealed) != "key" {
		t.Errorf("got %+v, %v", k, err)
	}
	if removed, err := s.RemovePasskeys(ctx, "u-1", "k-1"); err != nil || len(removed) != 0 {
		t.Errorf("got %v, %v", removed, err)
	}
	if removed, err := s.RemovePasskeys(ctx, "u-1", ""); err != nil || len(removed) != 1 {
		t.Errorf("got %v, %v", removed, err)
	}
	if had, err := s.HasPasskeys(ctx, "u-1"); err != nil || had {
		t.Errorf("got %t, %v", had, err)
	}
}

package admin_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/handler"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
)

// officer speaks as an officer from here on.
func (w *world) officer(username string) string {
	w.t.Helper()
	p, err := w.people.Add(w.t.Context(), identity.NewAccount{
		Username: username, Email: username + "@hospital.test", PasswordHash: hash(), Role: "security", Standing: pip.AccountActive,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.claims.Subject, w.claims.Session = p.ID, "s-officer"
	return p.ID
}

// withDecider serves the same world with another policy.
func (w *world) withDecider(d pdp.Decider) {
	w.t.Helper()
	log := slog.New(slog.NewTextHandler(w.log, nil))
	a, err := admin.New(admin.Parts{
		Tables: tables, Keys: w.keys, Store: w.store, Authenticator: w.auth, Decider: d, Journal: w.journal,
		Footprints: devices{}, Revocations: w.revoked, Sealer: w.sealer, Users: w.people, Notices: w.told, Log: log,
	}, admin.Config{Issuer: "https://wardgate.test", Audience: "wardgate", Now: w.clock.Now})
	if err != nil {
		w.t.Fatal(err)
	}
	w.server = handler.New(a, nil, nil, w.key, log)
}

func TestAccountsAreManaged(t *testing.T) {
	w := newWorld(t)
	w.login()
	session := w.claims.Session
	kim := w.officer("kim")
	w.told.Take()
	of := func(id string) string { return "/api/admin/users/" + id }
	doctor := of(w.account.ID)
	cases := []struct {
		name, method, path, body string
		status                   int
		reason, told             string
	}{
		{"the own account", "POST", of(kim) + "/disable", ``, 403, "own_account", ""},
		{"nothing to change", "PATCH", doctor, `{}`, 400, "nothing_to_change", ""},
		{"unknown field", "PATCH", doctor, `{"standing":"active"}`, 400, "body_malformed", ""},
		{"an address", "PATCH", doctor, `{"email":"new@hospital.test"}`, 204, "", "new@hospital.test changed kim, " + email + " changed kim"},
		{"a role while linked", "PATCH", doctor, `{"role":"nurse"}`, 400, "record_linked", ""},
		{"somebody's record", "POST", doctor + "/link", `{"staff_id":"s-404"}`, 400, "staff_unfit", ""},
		{"no record named", "POST", doctor + "/link", `{}`, 400, "body_malformed", ""},
		{"link", "POST", doctor + "/link", `{"staff_id":"s-9"}`, 204, "", "new@hospital.test linked kim"},
		{"disable", "POST", doctor + "/disable", ``, 204, "", "new@hospital.test disabled kim"},
		{"disable again", "POST", doctor + "/disable", ``, 400, "standing_unfit", ""},
		{"enable", "POST", doctor + "/enable", ``, 204, "", "new@hospital.test enabled kim"},
		{"unlink", "POST", doctor + "/unlink", ``, 204, "", "new@hospital.test unlinked kim"},
		{"no such account", "POST", of("nobody") + "/disable", ``, 404, "not_found", ""},
	}
	for _, c := range cases {
		a := w.send(c.method, c.path, c.body)
		if a.Status != c.status || a.reason() != c.reason {
			t.Errorf("%s: got %d %s, want %d %s", c.name, a.Status, a.Raw, c.status, c.reason)
		}
		if got := w.told.Take(); got != c.told {
			t.Errorf("%s: told %q, want %q", c.name, got, c.told)
		}
	}
	if !w.revoked.Has(session) {
		t.Error("a session of the disabled account goes on")
	}
}

// What cannot be journalled changes nothing; but somebody is kept out all the same.
func TestChangesAreJournalled(t *testing.T) {
	w := newWorld(t)
	w.officer("kim")
	doctor := "/api/admin/users/" + w.account.ID
	w.journal.err = errors.New("disk full")
	if a := w.send("POST", doctor+"/unlink", ``); a.Status != http.StatusServiceUnavailable {
		t.Errorf("unlink: got %d", a.Status)
	}
	if p, _ := w.people.Account(t.Context(), w.account.ID); p.Staff == "" {
		t.Error("unlinked without a record of it")
	}
	if a := w.send("POST", doctor+"/disable", ``); a.Status != http.StatusServiceUnavailable {
		t.Errorf("disable: got %d", a.Status)
	}
	if p, _ := w.people.Account(t.Context(), w.account.ID); p.Standing != pip.AccountDisabled {
		t.Error("the account is not kept out")
	}
	w.journal.err = nil
	w.send("POST", doctor+"/enable", ``)
	if got, want := w.journal.Last(), "user.enable success account "+w.account.ID; got != want {
		t.Errorf("journalled %q, want %q", got, want)
	}
}

// racing disables the account while the policy is being asked about its log-in.
type racing struct {
	*policy
	disable func()
}

func (r racing) Decide(ctx context.Context, q pdp.Request) (pdp.Decision, error) {
	if q.Action.Name == "session.create" {
		r.disable()
	}
	return r.policy.Decide(ctx, q)
}

func TestLogInUnderWayDoesNotOutliveDisabling(t *testing.T) {
	w := newWorld(t)
	disabled := pip.AccountDisabled
	w.withDecider(racing{w.policy, func() {
		if _, _, err := w.people.Change(t.Context(), w.account.ID, pip.AccountChange{Standing: &disabled}); err != nil {
			t.Error(err)
		}
	}})
	first := w.post("/auth/login", map[string]string{"email": email, "password": passphrase})
	second := w.post("/auth/login/verify", map[string]string{"challenge": first.text("challenge"), "code": w.mail.Code()})
	if second.Status != http.StatusUnauthorized || second.reason() != "account_inactive" {
		t.Errorf("got %d %s", second.Status, second.Raw)
	}
	live, err := w.store.LiveOf(t.Context(), w.account.ID, w.clock.Now())
	if err != nil || len(live) != 0 {
		t.Errorf("%d sessions live, %v", len(live), err)
	}
}

// No machine bans the last officer: not the sentinel, not a SIEM with a key, and
// not two verdicts at once.
func TestMachinesLeaveAnOfficer(t *testing.T) {
	w := newWorld(t)
	kim, lee := w.officer("kim"), w.officer("lee")
	siem, err := w.people.Add(t.Context(), identity.NewAccount{
		Username: "siem", Email: "siem@machine.invalid", PasswordHash: hash(), Role: "machine", Standing: pip.AccountActive,
	})
	if err != nil {
		t.Fatal(err)
	}
	verdict := func(subject string) admin.Order {
		return admin.Order{Verdict: "spraying", Do: pdp.ActionBan, Subject: subject, Life: time.Hour}
	}
	done := make(chan error, 2)
	for _, officer := range []string{kim, lee} {
		go func() { _, err := w.admin.CarryOut(t.Context(), verdict(officer)); done <- err }()
	}
	if err := errors.Join(<-done, <-done); err != nil {
		t.Fatal(err)
	}
	if w.revoked.Has(kim) == w.revoked.Has(lee) {
		t.Errorf("banned: kim %t, lee %t, want one of the two", w.revoked.Has(kim), w.revoked.Has(lee))
	}
	left := kim
	if w.revoked.Has(kim) {
		left = lee
	}
	err = w.admin.Ban(t.Context(), admin.Client{}, siem.ID, left, time.Hour, "siem rule 7")
	if r, ok := errors.AsType[*admin.Refusal](err); !ok || r.Reasons[0] != "last_officer" || w.revoked.Has(left) {
		t.Errorf("a machine with a key: got %v", err)
	}
	if got := w.journal.Last(); got != "user.ban failure account "+left+": siem rule 7 last_officer" {
		t.Errorf("journalled %q", got)
	}
	if _, err := w.admin.CarryOut(t.Context(), verdict(w.account.ID)); err != nil || !w.revoked.Has(w.account.ID) {
		t.Errorf("a doctor: got %v", err)
	}
}

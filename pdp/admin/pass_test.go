package admin_test

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/handler"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/pass"
	"github.com/wardgate/wardgate/pip/identity/vault"
)

var _ admin.Passes = (*pass.Passes)(nil)

// withPasses serves the same world with passes of eight hours.
func (w *world) withPasses() *admin.Admin {
	w.t.Helper()
	v, err := vault.Open(w.dir + "/vault")
	if err != nil {
		w.t.Fatal(err)
	}
	passes := pass.New(w.identity, v, func() time.Duration { return 8 * time.Hour }, w.clock.Now)
	auth := identity.NewAuthenticator(w.people, w.identity, identity.NewEmailCode(w.mail, v), identity.Config{Now: w.clock.Now, Hasher: w.hasher, Passes: passes})
	log := slog.New(slog.NewTextHandler(w.log, nil))
	a, err := admin.New(admin.Parts{
		Tables: tables, Keys: w.keys, Store: w.store, Authenticator: auth, Decider: w.policy, Journal: w.journal,
		Footprints: devices{}, Revocations: w.revoked, Sealer: w.sealer, Users: w.people, Notices: w.told, Staff: staff{}, Passes: passes, Log: log,
	}, admin.Config{Issuer: "https://wardgate.test", Audience: "wardgate", Now: w.clock.Now})
	if err != nil {
		w.t.Fatal(err)
	}
	w.server = handler.New(a, nil, nil, w.key, log)
	return a
}

// member adds staff of a department, on duty: with a live session.
func (w *world) member(username, role, department string, onDuty bool) string {
	w.t.Helper()
	p, err := w.people.Add(w.t.Context(), identity.NewAccount{
		Username: username, Email: username + "@hospital.test", PasswordHash: hash(), Role: role,
		Standing: pip.AccountActive, Department: department,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if onDuty {
		now := w.clock.Now()
		s := admin.Session{ID: "session-of-" + username, Account: p.ID, ACR: admin.ACRTwoFactor, AMR: []string{"pwd", "otp"}, AuthTime: now,
			Created: now, LastUsed: now, IdleUntil: now.Add(time.Hour), Until: now.Add(time.Hour)}
		if err := w.store.Begin(w.t.Context(), s, admin.Refresh{}); err != nil {
			w.t.Fatal(err)
		}
	}
	return p.ID
}

func (w *world) as(account string) *world { w.claims.Subject = account; return w }

func TestTwoColleaguesOnDutyIssueAPass(t *testing.T) {
	w := newWorld(t)
	w.withPasses()
	nia, ola := w.member("nia", "nurse", "d-1", true), w.member("ola", "nurse", "d-1", true)
	away, other := w.member("away", "nurse", "d-1", false), w.member("other", "nurse", "d-2", true)
	patient := w.member("pat", "patient", "d-1", true)
	propose := func() answer { return w.post("/api/passes", map[string]string{"username": "doctor"}) }
	for name, c := range map[string]struct {
		by     string
		status int
		reason string
	}{
		"the owner":          {w.account.ID, 403, "own_account"},
		"not on duty":        {away, 403, "colleague_absent"},
		"another department": {other, 404, "not_found"},
		"a patient":          {patient, 404, "not_found"},
	} {
		if a := w.as(c.by).send("POST", "/api/passes", `{"username":"doctor"}`); a.Status != c.status || a.reason() != c.reason {
			t.Errorf("%s: got %d %s", name, a.Status, a.Raw)
		}
	}
	if a := w.as(nia).post("/api/passes", map[string]string{"username": "nobody"}); a.Status != 404 {
		t.Errorf("no such account: got %d", a.Status)
	}
	first := propose()
	if first.Status != http.StatusAccepted || first.Body["code"] != nil {
		t.Fatalf("the first word: got %d %s", first.Status, first.Raw)
	}
	confirm := "/api/passes/" + first.text("pass") + "/confirm"
	for name, c := range map[string]struct {
		by     string
		status int
	}{"the first again": {nia, 403}, "the owner": {w.account.ID, 403}, "another department": {other, 404}, "not on duty": {away, 403}} {
		if a := w.as(c.by).send("POST", confirm, ``); a.Status != c.status || a.Body["code"] != nil {
			t.Errorf("%s: got %d %s", name, a.Status, a.Raw)
		}
	}
	w.told.Take()
	a := w.as(ola).send("POST", confirm, ``)
	if a.Status != http.StatusOK || a.text("username") != "doctor" || len(a.text("code")) != 14 {
		t.Fatalf("the second word: got %d %s", a.Status, a.Raw)
	}
	if got := w.told.Take(); got != email+" pass nia ola" {
		t.Errorf("told %q", got)
	}
	if got, want := w.journal.Last(), "pass.confirm success account "+w.account.ID+": with "+nia; got != want {
		t.Errorf("journalled %q, want %q", got, want)
	}
	if a := w.as(ola).send("POST", confirm, ``); a.Status != 404 {
		t.Errorf("once more: got %d", a.Status)
	}
}

// Accounts from before a staff record had one account alone may share it: those are
// one person, who is not two colleagues, nor a colleague of the own account.
func TestOnePersonIsNotTwoColleagues(t *testing.T) {
	w := newWorld(t)
	w.withPasses()
	nia, nia2, ola := w.member("nia", "nurse", "d-1", true), w.member("nia2", "nurse", "d-1", true), w.member("ola", "nurse", "d-1", true)
	if _, err := w.db().ExecContext(t.Context(), "UPDATE identity_accounts SET staff = 's-9' WHERE username IN ('nia', 'nia2')"); err != nil {
		t.Fatal(err)
	}
	if a := w.as(nia).post("/api/passes", map[string]string{"username": "nia2"}); a.Status != 403 || a.reason() != "own_account" {
		t.Errorf("for the own other account: got %d %s", a.Status, a.Raw)
	}
	first := w.as(nia).post("/api/passes", map[string]string{"username": "doctor"})
	if first.Status != http.StatusAccepted {
		t.Fatalf("the first word: got %d %s", first.Status, first.Raw)
	}
	confirm := "/api/passes/" + first.text("pass") + "/confirm"
	if a := w.as(nia2).send("POST", confirm, ``); a.Status != 403 || a.reason() != "second_colleague" {
		t.Errorf("the same person again: got %d %s", a.Status, a.Raw)
	}
	if a := w.as(ola).send("POST", confirm, ``); a.Status != http.StatusOK {
		t.Errorf("somebody else: got %d %s", a.Status, a.Raw)
	}
}

// The first colleague has gone home meanwhile.
func TestColleagueWhoLeftDoesNotVouch(t *testing.T) {
	w := newWorld(t)
	w.withPasses()
	nia, ola := w.member("nia", "nurse", "d-1", true), w.member("ola", "nurse", "d-1", true)
	first := w.as(nia).post("/api/passes", map[string]string{"username": "doctor"})
	if _, err := w.store.End(t.Context(), "session-of-nia", nia, "logged_out", w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if a := w.as(ola).send("POST", "/api/passes/"+first.text("pass")+"/confirm", ``); a.Status != 403 || a.reason() != "colleague_absent" {
		t.Errorf("got %d %s", a.Status, a.Raw)
	}
}

func TestPassEndsWithTheShift(t *testing.T) {
	w := newWorld(t)
	w.withPasses()
	kim := w.officer("kim")
	for name, id := range map[string]string{"the own account": kim, "a patient": w.member("pat", "patient", "", false)} {
		if a := w.send("POST", "/api/admin/users/"+id+"/pass", ``); a.Status != 403 && a.reason() != "pass_unfit" {
			t.Errorf("%s: got %d %s", name, a.Status, a.Raw)
		}
	}
	a := w.send("POST", "/api/admin/users/"+w.account.ID+"/pass", ``)
	if a.Status != http.StatusOK {
		t.Fatalf("got %d %s", a.Status, a.Raw)
	}
	first := w.post("/auth/login", map[string]string{"email": email, "password": passphrase})
	second := w.post("/auth/login/verify", map[string]string{"challenge": first.text("challenge"), "code": a.text("code")})
	if second.Status != http.StatusOK {
		t.Fatalf("got %d %s", second.Status, second.Raw)
	}
	c := w.parse(second.text("access_token"))
	if text(c, "acr") != admin.ACRPass || text(c, "role") != "doctor" {
		t.Errorf("got acr %q, role %q", text(c, "acr"), text(c, "role"))
	}
	s, err := w.store.Session(t.Context(), text(c, "sid"))
	if err != nil || s.Until.Sub(w.clock.Now()) != 8*time.Hour || s.AMR[1] != "pass" {
		t.Errorf("got a session until %v by %v, %v", s.Until, s.AMR, err)
	}
}

// A pass is worth what the word of those who gave it is worth when it is used.
func TestPassIsRefusedWhenItsSponsorsMayNoLongerGiveIt(t *testing.T) {
	byOfficer := func(w *world) (code, sponsor string) {
		kim := w.officer("kim")
		return w.send("POST", "/api/admin/users/"+w.account.ID+"/pass", ``).text("code"), kim
	}
	colleagues := func(w *world) (code, nia, ola string) {
		nia, ola = w.member("nia", "nurse", "d-1", true), w.member("ola", "nurse", "d-1", true)
		first := w.as(nia).post("/api/passes", map[string]string{"username": "doctor"})
		return w.as(ola).send("POST", "/api/passes/"+first.text("pass")+"/confirm", ``).text("code"), nia, ola
	}
	byFirst := func(w *world) (code, sponsor string) { code, nia, _ := colleagues(w); return code, nia }
	bySecond := func(w *world) (code, sponsor string) { code, _, ola := colleagues(w); return code, ola }
	operator := func(w *world, do string, id string) error {
		switch do {
		case "disabled":
			return w.admin.Disable(w.t.Context(), admin.Client{}, "operator", id)
		case "banned":
			return w.admin.Ban(w.t.Context(), admin.Client{}, "operator", id, time.Hour, "lost-badge")
		case "another role":
			return w.admin.Change(w.t.Context(), admin.Client{}, "operator", id, admin.Changes{Role: "patient"})
		case "another department":
			return w.admin.Unlink(w.t.Context(), admin.Client{}, "operator", id)
		}
		return nil
	}
	for name, c := range map[string]struct {
		give func(*world) (code, sponsor string)
		then string
	}{
		"nothing, by an officer":                {byOfficer, ""},
		"nothing, by colleagues":                {byFirst, ""},
		"the officer is disabled":               {byOfficer, "disabled"},
		"the officer is banned":                 {byOfficer, "banned"},
		"the officer is none any more":          {byOfficer, "another role"},
		"the first colleague is disabled":       {byFirst, "disabled"},
		"the second colleague is disabled":      {bySecond, "disabled"},
		"the first colleague is banned":         {byFirst, "banned"},
		"the second colleague is banned":        {bySecond, "banned"},
		"the first colleague is of no ward":     {byFirst, "another department"},
		"the second colleague is of other work": {bySecond, "another role"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newCheapWorld(t, sqldbtest.New(t))
			w.withPasses()
			w.officer("lee") // so that no one is the last officer
			code, sponsor := c.give(w)
			if err := operator(w, c.then, sponsor); code == "" || err != nil {
				t.Fatalf("got code %q, %v", code, err)
			}
			w.as("").claims.Session = ""
			use := func() answer {
				first := w.post("/auth/login", map[string]string{"email": email, "password": passphrase})
				return w.post("/auth/login/verify", map[string]string{"challenge": first.text("challenge"), "code": code})
			}
			a := use()
			if c.then == "" {
				if a.Status != http.StatusOK {
					t.Errorf("got %d %s", a.Status, a.Raw)
				}
				return
			}
			if a.Status != http.StatusUnauthorized || a.reason() != "pass_withdrawn" {
				t.Errorf("got %d %s", a.Status, a.Raw)
			}
			if got, want := w.journal.Last(), "session.create failure given by "+sponsor+": "+c.then+" pass_withdrawn"; got != want {
				t.Errorf("journalled %q, want %q", got, want)
			}
			if live, err := w.store.LiveOf(t.Context(), w.account.ID, w.clock.Now()); err != nil || len(live) != 0 {
				t.Errorf("got %d sessions, %v", len(live), err)
			}
			if a := use(); a.Status != http.StatusUnauthorized || a.reason() != "code_invalid" {
				t.Errorf("once more: got %d %s", a.Status, a.Raw)
			}
		})
	}
}

// The operator on the machine has no account that could lose anything.
func TestPassOfTheOperatorIsUsed(t *testing.T) {
	w := newCheapWorld(t, sqldbtest.New(t))
	a := w.withPasses()
	p, err := a.IssuePass(t.Context(), admin.Client{}, "operator", w.account.ID)
	if err != nil {
		t.Fatal(err)
	}
	first := w.post("/auth/login", map[string]string{"email": email, "password": passphrase})
	if got := w.post("/auth/login/verify", map[string]string{"challenge": first.text("challenge"), "code": p.Code}); got.Status != http.StatusOK {
		t.Errorf("got %d %s", got.Status, got.Raw)
	}
}

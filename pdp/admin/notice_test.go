package admin_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pip"
)

func TestOwnerIsToldOfANewDevice(t *testing.T) {
	w := newWorld(t)
	device := w.login().text("device")
	if got := w.told.Take(); got != email+" device" {
		t.Errorf("first device: told %q", got)
	}
	again := w.post("/auth/login", map[string]string{"email": email, "password": passphrase, "device": device})
	w.post("/auth/login/verify", map[string]string{"challenge": again.text("challenge"), "code": w.mail.Code(), "device": device})
	if got := w.told.Take(); got != "" {
		t.Errorf("known device: told %q", got)
	}
	w.login()
	if got := w.told.Take(); got != email+" device" {
		t.Errorf("without its key: told %q", got)
	}
}

// A mail server that is down keeps no owner out, and undoes nothing.
func TestOwnerWhoCannotBeToldLogsIn(t *testing.T) {
	w := newWorld(t)
	w.told.err = errors.New("no route to mail server")
	if a := w.login(); a.Status != http.StatusOK {
		t.Errorf("got %d %s", a.Status, a.Raw)
	}
}

func TestOwnerIsToldOfPasswordAndFactors(t *testing.T) {
	w := newWorld(t)
	w.login()
	w.withDesk(&desk{account: w.account.ID})
	w.told.Take()
	for _, c := range []struct{ method, path, body, want string }{
		{http.MethodPost, "/api/me/totp", ``, ""},
		{http.MethodPost, "/api/me/totp/confirm", `{"code":"123123"}`, email + " factor_added"},
		{http.MethodDelete, "/api/me/totp", ``, email + " factor_removed"},
		{http.MethodPost, "/auth/reset", `{"challenge":"c-1","code":"123123","password":"a lamp on the third stair"}`, email + " password"},
	} {
		w.send(c.method, c.path, c.body)
		if got := w.told.Take(); got != c.want {
			t.Errorf("%s %s: told %q, want %q", c.method, c.path, got, c.want)
		}
	}
}

// An officer removes an app for an owner who has lost it, and who is told which officer did.
func TestOfficerRemovesAnApp(t *testing.T) {
	w := newWorld(t)
	w.login()
	session := w.claims.Session
	d := &desk{account: w.account.ID}
	w.withDesk(d)
	officer := w.pending("kim", "security")
	w.told.Take()
	path := "/api/admin/users/" + w.account.ID + "/totp"
	if a := w.send(http.MethodDelete, path, ``); a.Status != http.StatusForbidden || a.reason() != "own_account" {
		t.Errorf("the own app, as an officer: got %d %s", a.Status, a.Raw)
	}
	w.claims.Subject = officer
	w.journal.err = errors.New("disk full")
	if a := w.send(http.MethodDelete, path, ``); a.Status != http.StatusServiceUnavailable || d.removed != 0 {
		t.Errorf("without a journal: got %d, removed %d times", a.Status, d.removed)
	}
	w.journal.err = nil
	if a := w.send(http.MethodDelete, path, ``); a.Status != http.StatusNoContent || d.removed != 1 {
		t.Fatalf("got %d %s, removed %d times", a.Status, a.Raw, d.removed)
	}
	if got := w.told.Take(); got != email+" factor_removed kim" {
		t.Errorf("told %q", got)
	}
	if !w.revoked.Has(session) {
		t.Error("the session goes on")
	}
	if a := w.send(http.MethodDelete, "/api/admin/users/nobody/totp", ``); a.Status != http.StatusNotFound {
		t.Errorf("no such account: got %d", a.Status)
	}
}

// Who ended all sessions is told to their owner.
func TestOwnerIsToldWhoEndedTheSessions(t *testing.T) {
	w := newWorld(t)
	w.login()
	officer := w.pending("kim", "security")
	w.told.Take()
	if err := w.admin.RevokeUser(t.Context(), admin.Client{}, officer, w.account.ID); err != nil {
		t.Fatal(err)
	}
	if got := w.told.Take(); got != email+" sessions_ended kim" {
		t.Errorf("told %q", got)
	}
	w.login()
	w.told.Take()
	done, err := w.admin.CarryOut(t.Context(), admin.Order{Verdict: "credential_theft", Do: pdp.ActionRevoke, Subject: w.account.ID, Life: time.Hour})
	if err != nil || !done {
		t.Fatalf("got %t, %v", done, err)
	}
	if got := w.told.Take(); got != email+" sessions_ended sentinel" {
		t.Errorf("told %q", got)
	}
}

// A change of address is told to two mailboxes, and kept once.
func TestNoticesAreServed(t *testing.T) {
	w := newWorld(t)
	w.login()
	if err := w.change(admin.Changes{Email: "new@hospital.test"}); err != nil {
		t.Fatal(err)
	}
	a := w.send(http.MethodGet, "/api/me/notices", "")
	if a.Status != 200 || strings.Count(a.Raw, `"kind":"changed"`) != 1 || strings.Count(a.Raw, `"kind":"device"`) != 1 || strings.Contains(a.Raw, "@") {
		t.Errorf("got %d %s", a.Status, a.Raw)
	}
	w.claims.Subject = "u-other"
	if a := w.send(http.MethodGet, "/api/me/notices", ""); a.Status != 200 || !strings.Contains(a.Raw, `"items":[]`) {
		t.Errorf("another account: got %d %s", a.Status, a.Raw)
	}
	w.claims.Subject = ""
	if a := w.send(http.MethodGet, "/api/me/notices", ""); a.Status != 401 {
		t.Errorf("without a session: got %d %s", a.Status, a.Raw)
	}
}

// Each kind has its words in each language, and what a client says of itself is text.
func TestPagesOfNotices(t *testing.T) {
	r := newReader(t)
	r.logIn("/login")
	for _, kind := range pip.NoticeKinds() {
		note := pip.Notice{
			Kind: kind, At: r.clock.Now(), By: []string{"kim<b>"}, Left: 4,
			From: pip.Footprint{OS: "<script>x</script>", Browser: `"><img src=x onerror=alert(1)>`},
		}
		if err := r.told.Keep(t.Context(), r.account.ID, note); err != nil {
			t.Fatal(err)
		}
	}
	for _, lang := range []string{"en", "ar"} {
		r.lang = lang
		r.get("/account/notices")
		r.is(200)
		for _, kind := range pip.NoticeKinds() {
			if strings.Contains(r.last.html, "notice."+string(kind)) {
				t.Errorf("%s: no words for %s", lang, kind)
			}
		}
		if strings.Contains(r.last.html, "<script") || strings.Contains(r.last.html, "<img") || strings.Contains(r.last.html, "kim<b>") {
			t.Errorf("a client's own markup is in the page:\n%s", r.last.html)
		}
	}
	r.lang = ""
	r.get("/account/notices")
	r.is(200, "Log-in from a new device", "If something was not you", "Choose a new password", "2026-03-02 09:00 UTC", "Recovery codes that are left")
	r.told.err = errors.New("the database is gone")
	r.get("/account/notices")
	r.is(503)
}

// An owner who is banned learns until when and who did it, and not why.
func TestOwnerIsToldOfABan(t *testing.T) {
	w := newCheapWorld(t, sqldbtest.New(t))
	kim := w.officer("kim")
	path := "/api/admin/users/" + w.account.ID + "/ban"
	if a := w.send("POST", path, `{"minutes":30,"reason":"suspected-theft"}`); a.Status != http.StatusNoContent {
		t.Fatalf("got %d %s", a.Status, a.Raw)
	}
	if got := w.told.Take(); got != email+" banned kim" {
		t.Errorf("told %q", got)
	}
	w.as(w.account.ID)
	a := w.send("GET", "/api/me/notices", "")
	if until := w.clock.Now().Add(30 * time.Minute).Format(time.RFC3339); !strings.Contains(a.Raw, `"kind":"banned"`) || !strings.Contains(a.Raw, `"until":"`+until+`"`) || strings.Contains(a.Raw, "theft") {
		t.Errorf("got %s", a.Raw)
	}
	done, err := w.admin.CarryOut(t.Context(), admin.Order{Verdict: "v-1", Do: pdp.ActionBan, Subject: w.account.ID, Life: time.Hour})
	if got := w.told.Take(); !done || err != nil || got != email+" banned sentinel" {
		t.Errorf("by the sentinel: told %q, %v", got, err)
	}
	w.journal.err = errors.New("the disk is full") // the ban is in force all the same
	if err := w.admin.Ban(t.Context(), admin.Client{}, "operator", w.account.ID, time.Hour, "again"); err == nil {
		t.Error("a ban that is not journalled is no error")
	}
	if got := w.told.Take(); got != email+" banned operator" {
		t.Errorf("without a journal: told %q", got)
	}
	w.journal.err = nil
	for name, ban := range map[string]func() error{
		"an account that is not there": func() error {
			return w.admin.Ban(t.Context(), admin.Client{}, "operator", "00000000-0000-7000-8000-000000000009", time.Hour, "x")
		},
		"the last officer": func() error {
			return w.admin.Ban(t.Context(), admin.Client{}, "sentinel", kim, time.Hour, "x")
		},
	} {
		if err := ban(); err == nil || w.told.Take() != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package admin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pip"
)

func TestRefreshRotates(t *testing.T) {
	w := newWorld(t)
	first := w.login()
	early := w.refresh(first.text("refresh_token"))
	if early.Status != http.StatusTooManyRequests || early.reason() != "refresh_too_early" || early.Header.Get("Retry-After") != "120" {
		t.Errorf("at once: got %d %s", early.Status, early.Raw)
	}
	w.clock.Pass(2 * time.Minute)
	second := w.refresh(first.text("refresh_token"))
	if second.Status != http.StatusOK || second.text("refresh_token") == first.text("refresh_token") {
		t.Fatalf("after two minutes: got %d", second.Status)
	}
	before, after := w.parse(first.text("access_token")), w.parse(second.text("access_token"))
	if before["sid"] != after["sid"] || before["jti"] == after["jti"] || before["auth_time"] != after["auth_time"] {
		t.Errorf("the new token is not of the same session: %v", after)
	}
	w.clock.Pass(2 * time.Minute)
	if a := w.refresh(second.text("refresh_token")); a.Status != http.StatusOK {
		t.Errorf("the successor: got %d %s", a.Status, a.Raw)
	}
}

// The checks come in the order replayed, drifted, too early.
func TestRefreshRefuses(t *testing.T) {
	used := func(w *world, a answer) string {
		w.clock.Pass(2 * time.Minute)
		if b := w.refresh(a.text("refresh_token")); b.Status != http.StatusOK {
			w.t.Fatalf("first use: got %d", b.Status)
		}
		return a.text("refresh_token")
	}
	cases := []struct {
		name    string
		token   func(*world, answer) string
		reason  string
		ends    bool
		journal string
	}{
		{"replayed", used, "refresh_replayed", true, "session.end success refresh_replayed"},
		{"replayed from another device", func(w *world, a answer) string {
			token := used(w, a)
			w.claims.UserAgent = phone
			return token
		}, "refresh_replayed", true, "session.end success refresh_replayed"},
		{"drifted, and too early", func(w *world, a answer) string {
			w.claims.UserAgent = phone
			return a.text("refresh_token")
		}, "device_changed", true, "session.end success device_changed"},
		{"idle", func(w *world, a answer) string {
			w.clock.Pass(15 * time.Minute)
			return a.text("refresh_token")
		}, "session_expired", true, "session.end success session_expired"},
		{"unknown", func(*world, answer) string { return "x" }, "refresh_invalid", false, "session.create success "},
		{"the session's id", func(w *world, _ answer) string { return w.claims.Session }, "refresh_invalid", false, "session.create success "},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			token := c.token(w, w.login())
			a := w.refresh(token)
			if a.Status != http.StatusUnauthorized || a.reason() != c.reason {
				t.Errorf("got %d %s, want 401 %s", a.Status, a.Raw, c.reason)
			}
			if w.revoked.Has(w.claims.Session) != c.ends || w.journal.Last() != c.journal {
				t.Errorf("session ended: %v, journal %q; want %v, %q", w.revoked.Has(w.claims.Session), w.journal.Last(), c.ends, c.journal)
			}
		})
	}
}

func TestSessionEndsAfterTwelveHours(t *testing.T) {
	w := newWorld(t)
	token := w.login().text("refresh_token")
	for spent := time.Duration(0); spent < 12*time.Hour-10*time.Minute; spent += 10 * time.Minute {
		w.clock.Pass(10 * time.Minute)
		a := w.refresh(token)
		if a.Status != http.StatusOK {
			t.Fatalf("after %v: got %d %s", spent, a.Status, a.Raw)
		}
		token = a.text("refresh_token")
	}
	w.clock.Pass(8 * time.Minute)
	a := w.refresh(token)
	if a.Status != http.StatusOK || a.Body["expires_in"] != 120.0 {
		t.Errorf("two minutes before the end: got %d, expires_in %v, want 120", a.Status, a.Body["expires_in"])
	}
	w.clock.Pass(2 * time.Minute)
	if a := w.refresh(a.text("refresh_token")); a.Status != http.StatusUnauthorized {
		t.Errorf("at the end: got %d", a.Status)
	}
}

// A thousand replays from two processes: one wins, and the family ends.
func TestParallelRefreshHasOneWinner(t *testing.T) {
	w := newWorld(t)
	token := w.login().text("refresh_token")
	w.clock.Pass(2 * time.Minute)
	_, other := w.process()
	client := admin.Client{UserAgent: laptop}
	var won atomic.Int64
	var next atomic.Value
	var wg sync.WaitGroup
	for i := range 1000 {
		a := w.admin
		if i%2 == 1 {
			a = other
		}
		wg.Go(func() {
			if tokens, err := a.Refresh(t.Context(), client, token); err == nil {
				won.Add(1)
				next.Store(tokens.Refresh)
			}
		})
	}
	wg.Wait()
	if n := won.Load(); n != 1 {
		t.Fatalf("%d won, want 1", n)
	}
	w.clock.Pass(2 * time.Minute)
	if _, err := w.admin.Refresh(t.Context(), client, next.Load().(string)); err == nil {
		t.Error("the winner's token still works, want the whole family ended")
	}
	if !w.revoked.Has(w.claims.Session) {
		t.Error("the session is not on the revocation list")
	}
}

func TestStepUp(t *testing.T) {
	w := newWorld(t)
	base := w.parse(w.login().text("access_token"))
	w.clock.Pass(time.Minute)
	asked := w.send("POST", "/auth/step-up", "")
	if asked.Status != http.StatusOK || asked.text("challenge") == "" || asked.Body["expires_in"] != 300.0 {
		t.Fatalf("step-up: got %d %s", asked.Status, asked.Raw)
	}
	code := map[string]string{"challenge": asked.text("challenge"), "code": w.mail.Code()}
	if a := w.post("/auth/login/verify", code); a.Status != http.StatusUnauthorized {
		t.Errorf("as a log-in: got %d", a.Status)
	}
	a := w.post("/auth/step-up/verify", code)
	c := w.parse(a.text("access_token"))
	if a.Status != http.StatusOK || a.text("acr") != "urn:wardgate:acr:stepped-up" || a.Body["expires_in"] != 300.0 ||
		c["acr"] != a.text("acr") || c["sid"] != base["sid"] || c["jti"] == base["jti"] || c["auth_time"] != float64(w.clock.Now().Unix()) {
		t.Errorf("got %d %v", a.Status, c)
	}
	if _, found := a.Body["refresh_token"]; found {
		t.Error("a stepped-up token can be refreshed")
	}
	if got := w.journal.Last(); got != "session.elevate success " {
		t.Errorf("journal: got %q", got)
	}
	w.send("POST", "/auth/logout", "")
	if a := w.send("POST", "/auth/step-up", ""); a.Status != http.StatusUnauthorized || a.reason() != "session_ended" {
		t.Errorf("after log-out: got %d %s", a.Status, a.Raw)
	}
}

func TestLogOut(t *testing.T) {
	w := newWorld(t)
	first := w.login()
	one := w.claims.Session
	w.login()
	if a := w.send("POST", "/auth/logout", ""); a.Status != http.StatusNoContent {
		t.Fatalf("logout: got %d %s", a.Status, a.Raw)
	}
	if !w.revoked.Has(w.claims.Session) || w.revoked.Has(one) {
		t.Error("log-out ended the wrong session")
	}
	if a := w.send("POST", "/auth/logout-all", ""); a.Status != http.StatusNoContent || !w.revoked.Has(one) {
		t.Errorf("logout-all: got %d %s", a.Status, a.Raw)
	}
	w.clock.Pass(2 * time.Minute)
	if a := w.refresh(first.text("refresh_token")); a.Status != http.StatusUnauthorized {
		t.Errorf("refresh afterwards: got %d", a.Status)
	}
	w.claims.Subject, w.claims.Session = "", ""
	for _, path := range []string{"/auth/logout", "/auth/logout-all", "/auth/step-up"} {
		if a := w.send("POST", path, ""); a.Status != http.StatusUnauthorized {
			t.Errorf("%s of a stranger: got %d", path, a.Status)
		}
	}
}

func TestMe(t *testing.T) {
	w := newWorld(t)
	w.login()
	a := w.send("GET", "/api/me", "")
	want := map[string]any{"id": w.account.ID, "username": "doctor", "role": "doctor", "email": email, "staff_id": "s-1", "department_id": "d-1"}
	if a.Status != http.StatusOK || len(a.Body) != len(want) {
		t.Fatalf("got %d %s", a.Status, a.Raw)
	}
	for name, value := range want {
		if a.Body[name] != value {
			t.Errorf("%s: got %v, want %v", name, a.Body[name], value)
		}
	}
	w.claims.Withhold = []string{"email", "national_id"}
	if a := w.send("GET", "/api/me", ""); strings.Contains(a.Raw, email) || !strings.Contains(a.Raw, `"withheld":["email"]`) {
		t.Errorf("withheld: got %s", a.Raw)
	}
}

func TestOwnSessions(t *testing.T) {
	w := newWorld(t)
	w.login()
	first := w.claims.Session
	w.clock.Pass(time.Minute)
	w.claims.UserAgent = phone
	w.login()
	a := w.send("GET", "/api/sessions", "")
	items, _ := a.Body["items"].([]any)
	if a.Status != http.StatusOK || len(items) != 2 || !strings.Contains(a.Raw, `"next":null`) {
		t.Fatalf("got %d %s", a.Status, a.Raw)
	}
	newest, _ := items[0].(map[string]any)
	if newest["id"] != w.claims.Session || newest["current"] != true || newest["os"] != "Android" || newest["browser"] != "Chrome" {
		t.Errorf("newest: got %v", newest)
	}
	if a := w.send("DELETE", "/api/sessions/"+first, ""); a.Status != http.StatusNoContent || !w.revoked.Has(first) {
		t.Errorf("end the other: got %d", a.Status)
	}
	stranger := w.claims
	stranger.Subject = "somebody"
	stranger.Rows = &assertion.Condition{Type: "field", Operator: "eq", Field: "session.account", Value: "somebody"}
	own := w.claims.Session
	w.claims = stranger
	theirs, none := w.send("DELETE", "/api/sessions/"+own, ""), w.send("DELETE", "/api/sessions/none", "")
	if theirs.Status != http.StatusNotFound || theirs.Raw != none.Raw || w.revoked.Has(own) {
		t.Errorf("somebody else's: got %d %s, none: got %d %s", theirs.Status, theirs.Raw, none.Status, none.Raw)
	}
}

func TestSessionsNeedTheirRowCondition(t *testing.T) {
	w := newWorld(t)
	w.login()
	own := *w.claims.Rows
	spoilt := func(change func(*assertion.Condition)) *assertion.Condition {
		c := own
		change(&c)
		return &c
	}
	cases := map[string]*assertion.Condition{
		"missing":         nil,
		"empty":           {},
		"all":             {Type: "all"},
		"none":            {Type: "none"},
		"other field":     spoilt(func(c *assertion.Condition) { c.Field = "patient.doctor" }),
		"other operator":  spoilt(func(c *assertion.Condition) { c.Operator = "ne" }),
		"other account":   spoilt(func(c *assertion.Condition) { c.Value = "somebody" }),
		"with more in it": spoilt(func(c *assertion.Condition) { c.Conditions = []assertion.Condition{{Type: "all"}} }),
	}
	for name, rows := range cases {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.claims.Rows = rows
			list, end := w.send("GET", "/api/sessions", ""), w.send("DELETE", "/api/sessions/"+w.claims.Session, "")
			if list.Status != http.StatusForbidden || end.Status != http.StatusForbidden || w.revoked.Has(w.claims.Session) {
				t.Errorf("got %d and %d, want 403", list.Status, end.Status)
			}
		})
	}
}

func TestRevoke(t *testing.T) {
	w := newWorld(t)
	w.login()
	if err := w.admin.Revoke(t.Context(), "nobody's", "sentinel"); err != nil {
		t.Errorf("unknown session: %v", err)
	}
	if err := w.admin.Revoke(t.Context(), w.claims.Session, strings.Repeat("sentinel", 100)); err != nil {
		t.Fatal(err)
	}
	until := w.clock.Now().Add(5*time.Minute + 30*time.Second)
	if got := w.revoked.until[w.claims.Session]; !got.Equal(until) {
		t.Errorf("until: got %v, want %v", got, until)
	}
	active, err := w.admin.Snapshot(t.Context(), pip.Mark{})
	if err != nil || len(active.Sessions) != 1 || active.Sessions[0].Session != w.claims.Session || active.Sessions[0].Until.Before(until) {
		t.Errorf("active: got %v, %v", active, err)
	}
	w.clock.Pass(15*time.Minute + 5*time.Minute + 30*time.Second)
	if active, err := w.admin.Snapshot(t.Context(), pip.Mark{}); err != nil || len(active.Sessions) != 0 {
		t.Errorf("after the last token expired: got %v, %v", active, err)
	}
}

// The list is told even when the database cannot be.
func TestRevokeCutsWithoutTheDatabase(t *testing.T) {
	w := newWorld(t)
	w.login()
	w.store.Close()
	if err := w.admin.Revoke(t.Context(), w.claims.Session, "sentinel"); err == nil {
		t.Error("a fault was kept silent")
	}
	if !w.revoked.Has(w.claims.Session) {
		t.Error("the session is not on the revocation list")
	}
}

func TestSweepKeepsWhatLives(t *testing.T) {
	w := newWorld(t)
	w.login()
	if err := w.admin.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Session(t.Context(), w.claims.Session); err != nil {
		t.Errorf("live session: %v", err)
	}
	w.clock.Pass(25 * time.Hour)
	if err := w.admin.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Session(t.Context(), w.claims.Session); err == nil {
		t.Error("the session outlived the sweep")
	}
}

func TestHandlerNeedsAnAssertion(t *testing.T) {
	w := newWorld(t)
	r := httptest.NewRequest("GET", "/api/me", nil)
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, r)
	if rec.Code != http.StatusUnauthorized {
		t.Errorf("without: got %d, want 401", rec.Code)
	}
	if a := w.send("GET", "/auth/login", ""); a.Status != http.StatusMethodNotAllowed {
		t.Errorf("wrong method: got %d", a.Status)
	}
	if a := w.send("GET", "/auth/none", ""); a.Status != http.StatusNotFound {
		t.Errorf("unknown path: got %d", a.Status)
	}
}

package admin_test

import (
	"errors"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
)

// Whatever statement of whatever request fails: the answer is 503, or what was asked
// for was done all the same. No answer says that a password, a code or a session is
// wrong because a question to the database failed, and the next attempt succeeds.
func TestEveryStatementMayFail(t *testing.T) {
	faults := &sqldbtest.Faults{}
	file := filepath.Join(t.TempDir(), "test.db")
	w := newWorldOn(t, func() *sqldb.DB { return sqldbtest.OpenFaulty(t, file, faults) })
	var challenge, refresh string
	begin := func() {
		challenge = w.post("/auth/login", map[string]string{"email": email, "password": passphrase}).text("challenge")
	}
	live := func() {
		w.claims.Subject, w.claims.Session = "", ""
		refresh = w.login().text("refresh_token")
	}
	for _, request := range []struct {
		name   string
		before func()
		do     func() answer
	}{
		{"password", func() {}, func() answer {
			return w.post("/auth/login", map[string]string{"email": email, "password": passphrase})
		}},
		{"code", begin, func() answer {
			return w.post("/auth/login/verify", map[string]string{"challenge": challenge, "code": w.mail.Code()})
		}},
		{"resend", func() { begin(); w.clock.Pass(2 * time.Minute) }, func() answer {
			return w.post("/auth/login/resend", map[string]string{"challenge": challenge})
		}},
		{"refresh", func() { live(); w.clock.Pass(3 * time.Minute) }, func() answer { return w.refresh(refresh) }},
		{"sessions", live, func() answer { return w.send(http.MethodGet, "/api/sessions", "") }},
		{"me", live, func() answer { return w.send(http.MethodGet, "/api/me", "") }},
		{"step-up", live, func() answer { return w.post("/auth/step-up", map[string]string{}) }},
		{"log-out", live, func() answer { return w.post("/auth/logout", map[string]string{}) }},
		{"log-out everywhere", live, func() answer { return w.post("/auth/logout-all", map[string]string{}) }},
	} {
		t.Run(request.name, func(t *testing.T) {
			w.t = t
			for n := 1; ; n++ {
				w.clock.Pass(25 * time.Hour) // what a failure has left open is over
				request.before()
				faults.Fail(n, errors.New("the database is not as it was"))
				got := request.do()
				failed, asked := faults.Failed(), faults.Asked()
				faults.Fail(0, nil)
				if !failed {
					if got.Status >= http.StatusBadRequest {
						t.Fatalf("without a failure got %d %s", got.Status, got.Raw)
					}
					return
				}
				if got.Status != http.StatusServiceUnavailable && got.Status >= http.StatusBadRequest {
					t.Errorf("at %q: got %d %s, want 503", asked[len(asked)-1], got.Status, got.Raw)
				}
			}
		})
	}
}

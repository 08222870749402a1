package admin_test

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
)

// The ways to the databases and back that each request of a log-in may take, from a
// new device, one after the other. A server that takes 200 ms for each keeps a person
// waiting for as many times that. What is asked at once counts as one.
const (
	tripsOfPassword = 8
	tripsFromAfar   = 11 // of a password from a network that the account does not know
	tripsOfCode     = 11
	tripsOfRefresh  = 7
)

// Each way takes a second of the bubble's time, and nothing else does.
func TestLogInGoesFewWaysToItsDatabases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faults := &sqldbtest.Faults{}
		file := filepath.Join(t.TempDir(), "test.db")
		w := newWorldOn(t, func() *sqldb.DB { return sqldbtest.OpenFaulty(t, file, faults) })
		w.login()
		w.login()
		faults.Way = time.Second
		timed := func(what string, most int, ask func() answer) answer {
			faults.Fail(0, nil)
			began := time.Now()
			got := ask()
			trips := int(time.Since(began).Round(time.Second) / time.Second)
			asked := slices.DeleteFunc(faults.Asked(), func(one string) bool { return one == "rows" })
			if got.Status != http.StatusOK || trips > most {
				t.Errorf("%s: %d, %d ways to the database, want at most %d:\n%s", what, got.Status, trips, most, strings.Join(asked, "\n"))
			}
			return got
		}
		logIn := func(where string, password int) answer {
			first := timed("password"+where, password, func() answer {
				return w.post("/auth/login", map[string]string{"email": email, "password": passphrase})
			})
			return timed("code"+where, tripsOfCode, func() answer {
				return w.post("/auth/login/verify", map[string]string{"challenge": first.text("challenge"), "code": w.mail.Code()})
			})
		}
		refresh := logIn("", tripsOfPassword).text("refresh_token")
		w.clock.Pass(3 * time.Minute)
		timed("refresh", tripsOfRefresh, func() answer { return w.refresh(refresh) })
		w.claims.Address = "203.0.113.9"
		logIn(" from afar", tripsFromAfar)
	})
}

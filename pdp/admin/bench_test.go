package admin_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pip/identity/password"
	"golang.org/x/crypto/bcrypt"
)

// passwordCost is what a password costs in the program that is shipped.
const passwordCost = 12

// BenchmarkLogIn is a whole log-in: password, code, session, tokens. The metric
// says which part of its time is not bcrypt's: comparing the password.
func BenchmarkLogIn(b *testing.B) {
	own, err := bcrypt.GenerateFromPassword([]byte(passphrase), passwordCost) // other tests' cost less
	if err != nil {
		b.Fatal(err)
	}
	w := newWorldBy(b, sqldbtest.New(b), password.Bcrypt{}, string(own))
	var bare, whole time.Duration
	for b.Loop() {
		w.clock.Pass(time.Hour) // nothing of the log-in before is in the way
		w.claims.Subject, w.claims.Session, w.claims.Role, w.claims.Rows = "", "", "", nil
		begun := time.Now()
		w.login()
		whole += time.Since(begun)
		bare += bcryptAlone(b, own)
	}
	b.ReportMetric(100*(whole-bare).Seconds()/whole.Seconds(), "%-not-bcrypt")
	b.ReportMetric(float64(b.N)/whole.Seconds(), "log-ins/s")
}

func bcryptAlone(b *testing.B, own []byte) time.Duration {
	b.Helper()
	begun := time.Now()
	if err := bcrypt.CompareHashAndPassword(own, []byte(passphrase)); err != nil {
		b.Fatal(err)
	}
	return time.Since(begun)
}

// BenchmarkRefresh rotates one family. The metric compares it with one password.
func BenchmarkRefresh(b *testing.B) {
	w := newWorld(b)
	tokens := w.login()
	var spent time.Duration
	refreshed := 0
	for b.Loop() {
		if refreshed++; refreshed%100 == 0 { // a session does not live for ever
			w.claims.Subject, w.claims.Session, w.claims.Role, w.claims.Rows = "", "", "", nil
			tokens = w.login()
		}
		w.clock.Pass(3 * time.Minute)
		begun := time.Now()
		next := w.refresh(tokens.text("refresh_token"))
		spent += time.Since(begun)
		if next.Status != http.StatusOK {
			b.Fatalf("refresh: got %d %s", next.Status, next.Raw)
		}
		tokens = next
	}
	own, err := bcrypt.GenerateFromPassword([]byte(passphrase), passwordCost)
	if err != nil {
		b.Fatal(err)
	}
	alone := bcryptAlone(b, own)
	b.ReportMetric(100*spent.Seconds()/float64(b.N)/alone.Seconds(), "%-of-bcrypt")
	b.ReportMetric(float64(b.N)/spent.Seconds(), "refreshes/s")
}

//go:build integration

package e2e_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/realserver"
)

// A hospital's servers: one MariaDB with a database for each store, reached
// through a link that fails on demand.
type servers struct {
	maria    *realserver.MariaDBServer
	link     *realserver.Link
	identity string // names of databases
	sessions string
	records  string
}

func realServers(t *testing.T) *servers {
	t.Helper()
	m := realserver.MariaDB(t)
	return &servers{
		maria: m, link: realserver.NewLink(t, m.Address),
		identity: m.Database(), sessions: m.Database(), records: m.Database(),
	}
}

// use has a configuration keep everything on the servers.
func (s *servers) use(c *config.Config) {
	c.Stores.Identity.DSN = s.maria.DSNVia(s.link.Address, s.identity)
	c.Stores.Sessions.DSN = s.maria.DSNVia(s.link.Address, s.sessions)
	c.Stores.Records.DSN = s.maria.DSNVia(s.link.Address, s.records)
}

// count counts rows behind the process's back.
func (s *servers) count(t *testing.T, query string) (n int) {
	t.Helper()
	if err := s.maria.Query(query, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// changeRecords makes one statement that changes patients, as some other
// program of the hospital's would.
func (s *servers) changeRecords(statement string) {
	s.maria.Execute(strings.Replace(statement, "UPDATE patients", "UPDATE "+s.records+".patients", 1))
}

// refreshable lets a token be refreshed early in its life, which is long enough
// to outlive an outage on a loaded machine.
var refreshable = rowOf{`"refresh_after_percent": 40`, `"refresh_after_percent": 1`}

const refreshableAfter = 3200 * time.Millisecond // 1 % of the 300 seconds of a token

// A day at the hospital, on real servers, and the next one after a restart.
func TestRealServersStory(t *testing.T) {
	s := realServers(t)
	data := filepath.Join(t.TempDir(), "var")
	begin := func(c *config.Config) { s.use(c); c.Data = data }
	w := newWorld(t, begin)

	doctor, colleague := w.as("doctor"), w.as("doctor2")
	own, theirs := doctor.items("/api/patients"), colleague.items("/api/patients")
	if len(own) == 0 || len(theirs) == 0 {
		t.Fatalf("got %d and %d patients", len(own), len(theirs))
	}
	doctor.get("/api/patients/" + own[0].ID).is(200)
	doctor.get("/api/patients/"+theirs[0].ID).denied(403, "not_your_patient")
	for _, spelling := range []string{strings.ToUpper(own[0].ID), own[0].ID + "%20"} { // an id has one
		if a := doctor.get("/api/patients/" + spelling); a.status == http.StatusOK {
			t.Errorf("%s is answered", spelling)
		}
	}
	service := doctor.items("/api/patients/" + own[0].ID + "/services")[0].ID
	edit := map[string]string{"medication_name": "Fictivol", "dosage_instructions": "one a day", "treatment_details": "rest ✓ 休", "kind": "medication"}
	doctor.steppedUp().put("/api/services/"+service, edit).is(200)
	nurse := w.as("nurse")
	nurse.put("/api/services/"+service, edit).denied(403, "role_forbidden")
	nurse.get("/api/patients").denied(401, "session_revoked")
	colleague.post("/auth/logout", nil).is(204)
	w.stop()

	w = newWorld(t, begin)
	doctor.w, nurse.w, colleague.w = w, w, w
	doctor.get("/api/patients/" + own[0].ID).is(200)
	body := doctor.get("/api/patients/" + own[0].ID + "/services").is(200).body
	if !bytes.Contains(body, []byte("rest ✓ 休")) {
		t.Errorf("the edit did not survive: %s", body)
	}
	nurse.get("/api/patients").denied(401, "session_revoked")
	colleague.get("/api/patients").denied(401, "session_revoked")
	for _, table := range []string{s.identity + ".identity_accounts", s.sessions + ".admin_sessions", s.records + ".patients"} {
		if s.count(t, "SELECT COUNT(*) FROM "+table) == 0 {
			t.Errorf("%s is empty: it was kept elsewhere", table)
		}
	}
}

// What an outage may never do: issue anything. Each way of losing the database
// refuses log-in, code and refresh with 503, and ends without a hand.
func TestRealOutagesIssueNothing(t *testing.T) {
	s := realServers(t)
	w := newWorld(t, func(c *config.Config) { s.use(c); withLimits(t, refreshable)(c) })
	for _, outage := range []struct {
		name       string
		begin, end func()
	}{
		{"stopped", s.maria.Stop, s.maria.Start},
		{"cut", s.link.Cut, s.link.Heal},
		{"half open", s.link.HalfOpen, s.link.Heal},
		{"reset", s.link.Reset, s.link.Heal},
		{"too slow", func() { s.link.Slow(8000) }, s.link.Heal},
	} {
		t.Run(outage.name, func(t *testing.T) {
			w.t = t
			doctor := &person{w: w, name: "doctor"}
			session, a := doctor.signIn("", nil)
			a.is(http.StatusOK)
			doctor.token = session.Access
			stranger := &person{w: w, name: "patient"}
			var half struct{ Challenge string }
			stranger.post("/auth/login", map[string]string{"email": "patient@demo.hospital.test", "password": demoPassword}).is(200).into(&half)
			code := w.newestCode("patient@demo.hospital.test")
			time.Sleep(refreshableAfter)

			outage.begin()
			for _, ask := range []*http.Request{
				stranger.request("POST", "/auth/login", map[string]string{"email": "patient@demo.hospital.test", "password": demoPassword}),
				stranger.request("POST", "/auth/login/verify", map[string]string{"challenge": half.Challenge, "code": code}),
				doctor.request("POST", "/auth/refresh", map[string]string{"refresh_token": session.Refresh}),
				doctor.request("GET", "/api/patients", nil),
			} {
				refused(t, doctor.sendOnce(ask)) // 503 is what is wanted: it is not asked again
			}
			outage.end()

			s.untilReady(w)
			untilSignedIn(w)
		})
	}
}

// A token that was issued before is worth what is known about it: once the list
// of who is cut off cannot be renewed, it is worth nothing, and it is again when
// the database is back.
func TestRealIssuedTokensEndWithTheList(t *testing.T) {
	s := realServers(t)
	w := newWorld(t, s.use)
	doctor := w.as("doctor")
	const needsNoRecords = "/v2/models/breast-cancer"
	doctor.get(needsNoRecords).is(http.StatusOK)
	until := func(status int) {
		t.Helper()
		for range 300 {
			if doctor.get(needsNoRecords).status == status {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Fatalf("never answered %d", status)
	}
	s.maria.Stop()
	until(http.StatusServiceUnavailable)
	for range 20 {
		if a := doctor.get(needsNoRecords); a.status < 400 {
			t.Fatalf("got %d after the list was too old", a.status)
		}
	}
	s.maria.Start()
	until(http.StatusOK)
}

// refused holds an answer against what an outage may say.
func refused(t *testing.T, a *answer) {
	t.Helper()
	if a.status != http.StatusServiceUnavailable || bytes.Contains(a.body, []byte("token")) {
		t.Errorf("%s: got %d %s, want 503 without a token", a.what, a.status, a.body)
	}
}

// untilReady asks until the process has noticed by itself that all is well.
func (s *servers) untilReady(w *world) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	stranger := w.stranger()
	for ctx.Err() == nil {
		a := stranger.post("/auth/login", wrongPassword("nobody"))
		if a.status == http.StatusUnauthorized || a.status == http.StatusTooManyRequests {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	w.t.Fatal("it never came back by itself")
}

// untilSignedIn signs in as soon as every store is there again: each notices for
// itself, and refuses until then.
func untilSignedIn(w *world) {
	w.t.Helper()
	var a *answer
	for range 60 {
		if _, a = (&person{w: w, name: "doctor"}).signIn("", nil); a.status != http.StatusServiceUnavailable {
			break
		}
		time.Sleep(time.Second)
	}
	a.is(http.StatusOK)
}

// One statement of many fails: nothing of the transaction stays, and no token
// leaves.
func TestRealStatementThatFails(t *testing.T) {
	s := realServers(t)
	w := newWorld(t, func(c *config.Config) { s.use(c); withLimits(t, refreshable)(c) })
	doctor := &person{w: w, name: "doctor"}
	session, a := doctor.signIn("", nil)
	a.is(http.StatusOK)
	time.Sleep(refreshableAfter)
	fails := func(database, table, event string) (mend func()) {
		trigger := database + ".broken_" + table
		s.maria.Execute("CREATE TRIGGER " + trigger + " BEFORE " + event + " ON " + database + "." + table +
			" FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the disk of Dr. Osei is full'")
		return func() { s.maria.Execute("DROP TRIGGER " + trigger) }
	}
	login := map[string]string{"email": "doctor@demo.hospital.test", "password": demoPassword}

	mend := fails(s.identity, "identity_challenges", "INSERT")
	refused(t, doctor.sendOnce(doctor.request("POST", "/auth/login", login)))
	mend()

	var half struct{ Challenge string }
	doctor.post("/auth/login", login).is(200).into(&half)
	verify := map[string]string{"challenge": half.Challenge, "code": w.newestCode(login["email"])}
	mend = fails(s.identity, "identity_challenges", "UPDATE")
	refused(t, doctor.sendOnce(doctor.request("POST", "/auth/login/verify", verify)))
	mend()

	sessions := "SELECT COUNT(*) FROM " + s.sessions + ".admin_sessions"
	before := s.count(t, sessions)
	mend = fails(s.sessions, "admin_refresh_tokens", "INSERT")
	refused(t, doctor.sendOnce(doctor.request("POST", "/auth/login/verify", verify)))
	refused(t, doctor.sendOnce(doctor.request("POST", "/auth/refresh", map[string]string{"refresh_token": session.Refresh})))
	mend()
	if after := s.count(t, sessions); after != before {
		t.Errorf("%d sessions are left of what failed", after-before)
	}
	if logs := w.logs.String(); strings.Contains(logs, "Osei") {
		t.Errorf("the log quotes the database: %s", logs)
	}
	// The refresh token was not used up by what failed.
	doctor.post("/auth/refresh", map[string]string{"refresh_token": session.Refresh}).is(http.StatusOK)
}

// The care relationships are read as an account that may read two views.
func TestRealCareReadsTwoViewsAlone(t *testing.T) {
	s := realServers(t)
	data := filepath.Join(t.TempDir(), "var")
	begin := func(c *config.Config) { s.use(c); c.Data = data }
	newWorld(t, begin).stop() // makes the tables
	s.maria.Execute(
		"CREATE USER IF NOT EXISTS 'care'@'%' IDENTIFIED BY 'care-reads'",
		"GRANT SELECT ON "+s.records+".care_patient TO 'care'@'%'",
		"GRANT SELECT ON "+s.records+".care_service TO 'care'@'%'",
	)
	w := newWorld(t, func(c *config.Config) {
		begin(c)
		c.Stores.Care.DSN = "care:care-reads@tcp(" + s.maria.Address + ")/" + s.records
	})
	doctor := w.as("doctor")
	patient := doctor.items("/api/patients")[0].ID
	doctor.get("/api/patients/" + patient).is(200)
	s.maria.Execute("REVOKE SELECT ON " + s.records + ".care_patient FROM 'care'@'%'")
	time.Sleep(1100 * time.Millisecond) // what was read is believed for a second
	if a := doctor.get("/api/patients/" + patient); a.status == http.StatusOK {
		t.Error("the relationship was not read as the account that may read it")
	}
}

// The same life of a journal with its anchor on a server.
func TestJournalIsKeptWithItsAnchorOnAServer(t *testing.T) {
	s := realServers(t)
	dir := t.TempDir()
	secret, file := filepath.Join(dir, "dsn"), filepath.Join(dir, "wardgate.yaml")
	for name, text := range map[string]string{
		secret: s.maria.DSNVia(s.link.Address, s.sessions), file: "stores:\n  sessions:\n    dsn_file: " + secret + "\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	retention(t, s.use, "--config", file)
}

// The same changes on a server, by whoever else writes there.
func TestCareRelationshipsFollowTheRecordsOnAServer(t *testing.T) {
	t.Run("in one process", func(t *testing.T) {
		t.Parallel()
		s := realServers(t)
		careChanges(t, newWorld(t, s.use), s.changeRecords)
	})
	t.Run("with the records in another process", func(t *testing.T) {
		t.Parallel()
		s := realServers(t)
		there := func(c *config.Config) {
			c.Stores.Records.File, c.Stores.Records.DSN = "", s.maria.DSNVia(s.link.Address, s.records)
		}
		h := newHouse(t)
		h.startRecordsOn(there)
		h.startInference()
		h.startPDP("pdp", there)
		h.startPEP("pep", "pdp", nil)
		careChanges(t, h.at("pep", "pdp"), s.changeRecords)
	})
}

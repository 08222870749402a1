//go:build integration

package outages_test

import (
	"bytes"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/e2e/rig"

	"github.com/wardgate/wardgate/internal/config"
)

// refreshable lets a token be refreshed early in its life, which is long enough
// to outlive an outage on a loaded machine.
var refreshable = rig.Row{`"refresh_after_percent": 40`, `"refresh_after_percent": 1`}

const refreshableAfter = 3200 * time.Millisecond // 1 % of the 300 seconds of a token

// A day at the hospital, on real servers, and the next one after a restart.
func TestRealServersStory(t *testing.T) {
	s := rig.RealServers(t)
	data := filepath.Join(t.TempDir(), "var")
	begin := func(c *config.Config) { s.Use(c); c.Data = data }
	w := rig.New(t, begin)

	doctor, colleague := w.As("doctor"), w.As("doctor2")
	own, theirs := doctor.Items("/api/patients"), colleague.Items("/api/patients")
	if len(own) == 0 || len(theirs) == 0 {
		t.Fatalf("got %d and %d patients", len(own), len(theirs))
	}
	doctor.Get("/api/patients/" + own[0].ID).Is(200)
	doctor.Get("/api/patients/"+theirs[0].ID).Denied(403, "not_your_patient")
	for _, spelling := range []string{strings.ToUpper(own[0].ID), own[0].ID + "%20"} { // an id has one
		if a := doctor.Get("/api/patients/" + spelling); a.Status == http.StatusOK {
			t.Errorf("%s is answered", spelling)
		}
	}
	service := doctor.Order(own[0].ID)
	edit := map[string]string{"medication_name": "Fictivol", "dosage_instructions": "one a day", "treatment_details": "rest ✓ 休", "kind": "medication"}
	doctor.SteppedUp().Put("/api/services/"+service, edit).Is(200)
	nurse := w.As("nurse")
	nurse.Put("/api/services/"+service, edit).Denied(403, "role_forbidden")
	nurse.Get("/api/patients").Denied(401, "session_revoked")
	colleague.Post("/auth/logout", nil).Is(204)
	w.Stop()

	w = rig.New(t, begin)
	doctor.World, nurse.World, colleague.World = w, w, w
	doctor.Get("/api/patients/" + own[0].ID).Is(200)
	body := doctor.Get("/api/patients/" + own[0].ID + "/services").Is(200).Body
	if !bytes.Contains(body, []byte("rest ✓ 休")) {
		t.Errorf("the edit did not survive: %s", body)
	}
	nurse.Get("/api/patients").Denied(401, "session_revoked")
	colleague.Get("/api/patients").Denied(401, "session_revoked")
	for _, table := range []string{s.Identity + ".identity_accounts", s.Sessions + ".admin_sessions", s.Records + ".patients"} {
		if s.Count(t, "SELECT COUNT(*) FROM "+table) == 0 {
			t.Errorf("%s is empty: it was kept elsewhere", table)
		}
	}
}

// What an outage may never do: issue anything. Each way of losing the database
// refuses log-in, code and refresh with 503, and ends without a hand.
func TestRealOutagesIssueNothing(t *testing.T) {
	s := rig.RealServers(t)
	w := rig.New(t, func(c *config.Config) { s.Use(c); rig.WithLimits(t, refreshable)(c) })
	for _, outage := range []struct {
		name       string
		begin, end func()
	}{
		{"stopped", s.Maria.Stop, s.Maria.Start},
		{"cut", s.Link.Cut, s.Link.Heal},
		{"half open", s.Link.HalfOpen, s.Link.Heal},
		{"reset", s.Link.Reset, s.Link.Heal},
		{"too slow", func() { s.Link.Slow(8000) }, s.Link.Heal},
	} {
		t.Run(outage.name, func(t *testing.T) {
			w.T = t
			doctor := &rig.Person{World: w, Name: "doctor"}
			session, a := doctor.SignIn("", nil)
			a.Is(http.StatusOK)
			doctor.Token = session.Access
			stranger := &rig.Person{World: w, Name: "patient"}
			var half struct{ Challenge string }
			stranger.Post("/auth/login", map[string]string{"email": "patient@demo.hospital.test", "password": rig.DemoPassword}).Is(200).Into(&half)
			code := w.NewestCode("patient@demo.hospital.test")
			time.Sleep(refreshableAfter)

			outage.begin()
			for _, ask := range []*http.Request{
				stranger.Request("POST", "/auth/login", map[string]string{"email": "patient@demo.hospital.test", "password": rig.DemoPassword}),
				stranger.Request("POST", "/auth/login/verify", map[string]string{"challenge": half.Challenge, "code": code}),
				doctor.Request("POST", "/auth/refresh", map[string]string{"refresh_token": session.Refresh}),
				doctor.Request("GET", "/api/patients", nil),
			} {
				refused(t, doctor.SendOnce(ask)) // 503 is what is wanted: it is not asked again
			}
			outage.end()

			s.UntilReady(w)
			untilSignedIn(w)
		})
	}
}

// A token that was issued before is worth what is known about it: once the list
// of who is cut off cannot be renewed, it is worth nothing, and it is again when
// the database is back.
func TestRealIssuedTokensEndWithTheList(t *testing.T) {
	s, book := rig.RealServers(t), lettingNobodyRead(t)
	w := rig.New(t, func(c *config.Config) { s.Use(c); c.Policies = book })
	doctor := w.As("doctor")
	const needsNoRecords = "/v2/models/breast-cancer"
	doctor.Get(needsNoRecords).Is(http.StatusOK)
	until := func(status int) {
		t.Helper()
		for range 300 {
			if doctor.Get(needsNoRecords).Status == status {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Fatalf("never answered %d", status)
	}
	s.Maria.Stop()
	until(http.StatusServiceUnavailable)
	for range 20 {
		if a := doctor.Get(needsNoRecords); a.Status < 400 {
			t.Fatalf("got %d after the list was too old", a.Status)
		}
	}
	s.Maria.Start()
	until(http.StatusOK)
}

// refused holds an answer against what an outage may say.
func refused(t *testing.T, a *rig.Answer) {
	t.Helper()
	if a.Status != http.StatusServiceUnavailable || bytes.Contains(a.Body, []byte("token")) {
		t.Errorf("%s: got %d %s, want 503 without a token", a.What, a.Status, a.Body)
	}
}

// untilSignedIn signs in as soon as every store is there again: each notices for
// itself, and refuses until then.
func untilSignedIn(w *rig.World) {
	w.T.Helper()
	var a *rig.Answer
	for range 60 {
		if _, a = (&rig.Person{World: w, Name: "doctor"}).SignIn("", nil); a.Status != http.StatusServiceUnavailable {
			break
		}
		time.Sleep(time.Second)
	}
	a.Is(http.StatusOK)
}

// One statement of many fails: nothing of the transaction stays, and no token
// leaves.
func TestRealStatementThatFails(t *testing.T) {
	s := rig.RealServers(t)
	w := rig.New(t, func(c *config.Config) { s.Use(c); rig.WithLimits(t, refreshable)(c) })
	doctor := &rig.Person{World: w, Name: "doctor"}
	session, a := doctor.SignIn("", nil)
	a.Is(http.StatusOK)
	time.Sleep(refreshableAfter)
	fails := func(database, table, event string) (mend func()) {
		trigger := database + ".broken_" + table
		s.Maria.Execute("CREATE TRIGGER " + trigger + " BEFORE " + event + " ON " + database + "." + table +
			" FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the disk of Dr. Osei is full'")
		return func() { s.Maria.Execute("DROP TRIGGER " + trigger) }
	}
	login := map[string]string{"email": "doctor@demo.hospital.test", "password": rig.DemoPassword}

	mend := fails(s.Identity, "identity_challenges", "INSERT")
	refused(t, doctor.SendOnce(doctor.Request("POST", "/auth/login", login)))
	mend()

	var half struct{ Challenge string }
	doctor.Post("/auth/login", login).Is(200).Into(&half)
	verify := map[string]string{"challenge": half.Challenge, "code": w.NewestCode(login["email"])}
	mend = fails(s.Identity, "identity_challenges", "UPDATE")
	refused(t, doctor.SendOnce(doctor.Request("POST", "/auth/login/verify", verify)))
	mend()

	sessions := "SELECT COUNT(*) FROM " + s.Sessions + ".admin_sessions"
	before := s.Count(t, sessions)
	mend = fails(s.Sessions, "admin_refresh_tokens", "INSERT")
	refused(t, doctor.SendOnce(doctor.Request("POST", "/auth/login/verify", verify)))
	refused(t, doctor.SendOnce(doctor.Request("POST", "/auth/refresh", map[string]string{"refresh_token": session.Refresh})))
	mend()
	if after := s.Count(t, sessions); after != before {
		t.Errorf("%d sessions are left of what failed", after-before)
	}
	if logs := w.Logs.String(); strings.Contains(logs, "Osei") {
		t.Errorf("the log quotes the database: %s", logs)
	}
	// The refresh token was not used up by what failed.
	doctor.Post("/auth/refresh", map[string]string{"refresh_token": session.Refresh}).Is(http.StatusOK)
}

// The care relationships are read as an account that may read two views.
func TestRealCareReadsTwoViewsAlone(t *testing.T) {
	s := rig.RealServers(t)
	data := filepath.Join(t.TempDir(), "var")
	begin := func(c *config.Config) { s.Use(c); c.Data = data }
	rig.New(t, begin).Stop() // makes the tables
	s.Maria.Execute(
		"CREATE USER IF NOT EXISTS 'care'@'%' IDENTIFIED BY 'care-reads'",
		"GRANT SELECT ON "+s.Records+".care_patient TO 'care'@'%'",
		"GRANT SELECT ON "+s.Records+".care_service TO 'care'@'%'",
	)
	w := rig.New(t, func(c *config.Config) {
		begin(c)
		c.Stores.Care.DSN = "care:care-reads@tcp(" + s.Maria.Address + ")/" + s.Records
	})
	doctor := w.As("doctor")
	patient := doctor.Items("/api/patients")[0].ID
	doctor.Get("/api/patients/" + patient).Is(200)
	s.Maria.Execute("REVOKE SELECT ON " + s.Records + ".care_patient FROM 'care'@'%'")
	time.Sleep(1100 * time.Millisecond) // what was read is believed for a second
	if a := doctor.Get("/api/patients/" + patient); a.Status == http.StatusOK {
		t.Error("the relationship was not read as the account that may read it")
	}
}

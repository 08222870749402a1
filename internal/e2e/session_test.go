package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
)

const demoPassword = "Wardgate-demo-2026"

// rowOf is a table's row in the rule book, "name": value.
type rowOf struct{ old, new string }

// withLimits runs on a copy of the rule book with other rows in its limits.
func withLimits(t *testing.T, rows ...rowOf) func(*config.Config) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(dir, os.DirFS("../../policies")); err != nil {
		t.Fatal(err)
	}
	editLimits(t, dir, rows...)
	return func(c *config.Config) { c.Policies = dir }
}

func editLimits(t *testing.T, dir string, rows ...rowOf) {
	t.Helper()
	file := filepath.Join(dir, "authz", "tables", "limits.rego")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, r := range rows {
		if !strings.Contains(text, r.old) {
			t.Fatalf("no row %s", r.old)
		}
		text = strings.Replace(text, r.old, r.new, 1)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// withTable runs on a copy of the rule book with other rows in one of its files.
func withTable(t *testing.T, file string, rows ...rowOf) func(*config.Config) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(dir, os.DirFS("../../policies")); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, filepath.FromSlash(file))
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, r := range rows {
		if !strings.Contains(text, r.old) {
			t.Fatalf("no row %s", r.old)
		}
		text = strings.Replace(text, r.old, r.new, 1)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(c *config.Config) { c.Policies = dir }
}

// soon lets a session be refreshed after a third of a second.
var soon = []rowOf{
	{`"access_token_seconds": 300`, `"access_token_seconds": 30`},
	{`"refresh_after_percent": 40`, `"refresh_after_percent": 1`},
}

type pair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Device  string `json:"device"`
}

// signIn logs in with more members in the two bodies.
func (p *person) signIn(device string, location map[string]any) (pair, *answer) {
	p.w.t.Helper()
	email := p.name + "@demo.hospital.test"
	first := map[string]any{"email": email, "password": demoPassword}
	if device != "" {
		first["device"] = device
	}
	a := p.post("/auth/login", first)
	if a.status != http.StatusOK {
		return pair{}, a
	}
	var challenge struct{ Challenge string }
	a.into(&challenge)
	second := map[string]any{"challenge": challenge.Challenge, "code": p.w.newestCode(email)}
	if device != "" {
		second["device"] = device
	}
	if location != nil {
		second["location"] = location
	}
	a = p.post("/auth/login/verify", second)
	var got pair
	if a.status == http.StatusOK {
		a.into(&got)
	}
	return got, a
}

func (w *world) from(name, address string) *person { return &person{w: w, name: name, via: address} }

func wrongPassword(name string) map[string]string {
	return map[string]string{"email": name + "@demo.hospital.test", "password": "not-the-password"}
}

// TestAStrangerCannotLockADoctorOut: wrong passwords bar strangers, and the
// doctor goes on working: the session, its refresh, and a log-in from a device
// or a network that the doctor has signed in from.
func TestAStrangerCannotLockADoctorOut(t *testing.T) {
	w := newWorld(t, withLimits(t, soon...))
	doctor := w.from("doctor", "127.0.0.1")
	session, a := doctor.signIn("", nil)
	a.is(http.StatusOK)
	doctor.token = session.Access

	stranger := w.from("doctor", "127.0.0.9")
	for range 3 {
		stranger.post("/auth/login", wrongPassword("doctor")).denied(401, "credentials_invalid")
	}
	right := map[string]string{"email": "doctor@demo.hospital.test", "password": demoPassword}
	barred := stranger.post("/auth/login", right).denied(429, "throttled")
	if got := barred.header.Get("Retry-After"); got != "900" && got != "899" {
		t.Errorf("Retry-After: got %q, want 900", got)
	}
	w.from("doctor", "127.0.0.10").post("/auth/login", right).denied(429, "throttled")

	doctor.get("/api/patients").is(http.StatusOK)
	time.Sleep(400 * time.Millisecond)
	doctor.post("/auth/refresh", map[string]string{"refresh_token": session.Refresh}).is(http.StatusOK)
	_, a = w.from("doctor", "127.0.0.11").signIn(session.Device, nil)
	a.is(http.StatusOK)
	_, a = w.from("doctor", "127.0.0.1").signIn("", nil)
	a.is(http.StatusOK)

	nobody := w.from("nobody", "127.0.0.9")
	for range 3 {
		nobody.post("/auth/login", wrongPassword("nobody")).denied(401, "credentials_invalid")
	}
	nobody.post("/auth/login", wrongPassword("nobody")).denied(429, "throttled")
}

// TestADeviceKeyIsForItsAccountAndCountsItsOwn.
func TestADeviceKeyIsForItsAccountAndCountsItsOwn(t *testing.T) {
	w := newWorld(t, nil)
	doctor, a := w.from("doctor", "127.0.0.1").signIn("", nil)
	a.is(http.StatusOK)
	nurse, a := w.from("nurse", "127.0.0.2").signIn("", nil)
	a.is(http.StatusOK)
	stranger := w.from("doctor", "127.0.0.9")
	for range 3 {
		stranger.post("/auth/login", wrongPassword("doctor")).is(401)
	}
	for name, key := range map[string]string{"somebody else's": nurse.Device, "invented": "AAAA", "cut": doctor.Device[:40]} {
		t.Run(name, func(*testing.T) {
			_, a := w.from("doctor", "127.0.0.9").signIn(key, nil)
			a.denied(429, "throttled")
		})
	}
	// The device's own count bars the device, and nobody else.
	for range 3 {
		body := wrongPassword("doctor")
		body["device"] = doctor.Device
		w.from("doctor", "127.0.0.12").post("/auth/login", body).denied(401, "credentials_invalid")
	}
	_, a = w.from("doctor", "127.0.0.12").signIn(doctor.Device, nil)
	a.denied(429, "throttled")
	_, a = w.from("doctor", "127.0.0.1").signIn("", nil)
	a.is(http.StatusOK)
}

// TestWrongCodesBarStrangersForTwoMinutes.
func TestWrongCodesBarStrangersForTwoMinutes(t *testing.T) {
	w := newWorld(t, nil)
	_, a := w.from("doctor", "127.0.0.1").signIn("", nil)
	a.is(http.StatusOK)
	thief := w.from("doctor", "127.0.0.9")
	var first, second struct{ Challenge string }
	body := map[string]string{"email": "doctor@demo.hospital.test", "password": demoPassword}
	thief.post("/auth/login", body).is(200).into(&first)
	thief.post("/auth/login", body).is(200).into(&second)
	code := w.newestCode("doctor@demo.hospital.test")
	for range 3 {
		thief.post("/auth/login/verify", map[string]string{"challenge": first.Challenge, "code": "000000"}).denied(401, "code_invalid")
	}
	got := thief.post("/auth/login/verify", map[string]string{"challenge": second.Challenge, "code": code}).denied(429, "throttled")
	if wait := got.header.Get("Retry-After"); wait != "120" && wait != "119" {
		t.Errorf("Retry-After: got %q, want 120", wait)
	}
	_, a = w.from("doctor", "127.0.0.1").signIn("", nil)
	a.is(http.StatusOK)
}

// TestAChangedLimitIsInForceWithoutARestart.
func TestAChangedLimitIsInForceWithoutARestart(t *testing.T) {
	var dir string
	w := newWorld(t, func(c *config.Config) {
		withLimits(t)(c)
		dir = c.Policies
	})
	editLimits(t, dir, rowOf{`"wrong_passwords": 3`, `"wrong_passwords": 1`}, rowOf{`_bar_seconds": 900`, `_bar_seconds": 77`})
	deadline := time.Now().Add(20 * time.Second)
	for i := 0; ; i++ {
		// Each try is another unknown address from another place, so that no
		// earlier one counts.
		stranger := w.from("doctor", fmt.Sprintf("127.0.0.%d", 20+i))
		name := "nobody" + string(rune('a'+i))
		stranger.post("/auth/login", wrongPassword(name)).is(401)
		a := stranger.post("/auth/login", wrongPassword(name))
		if a.status == http.StatusTooManyRequests {
			if wait := a.header.Get("Retry-After"); wait != "77" && wait != "76" {
				t.Errorf("Retry-After: got %q, want 77", wait)
			}
			return
		}
		if time.Now().After(deadline) || i == 25 {
			t.Fatal("the changed limit is not in force")
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func TestRefreshIsRepeatedForTheIdempotencyKeyAlone(t *testing.T) {
	w := newWorld(t, withLimits(t, soon...))
	doctor := w.from("doctor", "")
	session, a := doctor.signIn("", nil)
	a.is(http.StatusOK)
	time.Sleep(400 * time.Millisecond)
	refresh := func(key string) *answer {
		r := doctor.request("POST", "/auth/refresh", map[string]string{"refresh_token": session.Refresh})
		if key != "" {
			r.Header.Set("Idempotency-Key", key)
		}
		return doctor.send(r)
	}
	first := refresh("k-1").is(http.StatusOK)
	again := refresh("k-1").is(http.StatusOK)
	if string(first.body) != string(again.body) {
		t.Error("the retry got another answer")
	}
	refresh("k-2").denied(401, "refresh_replayed")
	var next pair
	first.into(&next)
	doctor.token = next.Access
	doctor.get("/api/me").denied(401, "session_revoked")
}

type user struct {
	ID          string `json:"id"`
	Username    string `json:"username"`
	Standing    string `json:"standing"`
	BannedUntil string `json:"banned_until"`
	BanReason   string `json:"ban_reason"`
}

func (p *person) user(name string) user {
	p.w.t.Helper()
	var page struct{ Items []user }
	p.get("/api/admin/users").is(http.StatusOK).into(&page)
	for _, u := range page.Items {
		if u.Username == name {
			return u
		}
	}
	p.w.t.Fatalf("no user %s", name)
	return user{}
}

// TestTheSecurityRoleBansUnbansAndRevokes.
func TestTheSecurityRoleBansUnbansAndRevokes(t *testing.T) {
	w := newWorld(t, nil)
	security, doctor, nurse := w.as("security"), w.as("doctor"), w.as("nurse")
	id, own := security.user("doctor").ID, security.user("security").ID
	doctor.get("/api/admin/users").denied(403, "role_forbidden")
	security.post("/api/admin/users/"+own+"/ban", map[string]any{"minutes": 5, "reason": "test"}).denied(403, "own_account")
	security.post("/api/admin/users/"+id+"/ban", map[string]any{"minutes": 0, "reason": "test"}).is(400)
	security.post("/api/admin/users/"+id+"/ban", map[string]any{"minutes": 5, "reason": "<b>"}).is(400)
	security.post("/api/admin/users/none/ban", map[string]any{"minutes": 5, "reason": "test"}).is(404)

	security.post("/api/admin/users/"+id+"/ban", map[string]any{"minutes": 5, "reason": "stolen laptop"}).is(204)
	doctor.get("/api/patients").is(401)
	if u := security.user("doctor"); u.BannedUntil == "" || u.BanReason != "stolen laptop" {
		t.Errorf("got %+v, want a banned doctor", u)
	}
	_, a := w.from("doctor", "").signIn("", nil)
	a.denied(403, "subject_banned")
	security.post("/api/admin/users/"+id+"/unban", nil).is(204)
	doctor.logIn()
	doctor.get("/api/patients").is(200)

	security.post("/api/admin/users/"+security.user("nurse").ID+"/revoke", nil).is(204)
	nurse.get("/api/patients").denied(401, "session_revoked")
	nurse.logIn()
	nurse.post("/api/admin/users/"+id+"/unban", nil).denied(403, "role_forbidden")
}

// TestABanSurvivesARestart.
func TestABanSurvivesARestart(t *testing.T) {
	w := newWorld(t, nil)
	security := w.as("security")
	id := security.user("doctor").ID
	security.post("/api/admin/users/"+id+"/ban", map[string]any{"minutes": 5, "reason": "test"}).is(204)
	w.stop()
	w = newWorld(t, func(c *config.Config) { c.Data = w.data })
	_, a := w.from("doctor", "").signIn("", nil)
	a.denied(403, "subject_banned")
}

func TestADeletedPatientIsRestored(t *testing.T) {
	w := newWorld(t, nil)
	security, doctor := w.as("security"), w.as("doctor")
	id := doctor.items("/api/patients")[0].ID
	doctor.steppedUp().remove("/api/patients/" + id).is(204)
	doctor.get("/api/patients/"+id).denied(403, "not_your_patient")
	security.post("/api/admin/patients/"+id+"/restore", nil).is(204)
	doctor.get("/api/patients/" + id).is(200)
	doctor.post("/api/admin/patients/"+id+"/restore", nil).denied(403, "role_forbidden")
}

// TestOffSiteAChangeNeedsAFreshFactor, and a field that is withheld there
// cannot be written.
func TestOffSiteAChangeNeedsAFreshFactor(t *testing.T) {
	w := newWorld(t, nil)
	doctor := w.as("doctor")
	id := doctor.items("/api/patients")[0].ID
	doctor.via = "127.0.0.2"
	service := map[string]any{
		"type": "medication", "medication_name": "Ibuprofen", "dosage_instructions": "400 mg", "treatment_details": "after meals",
	}
	doctor.post("/api/patients/"+id+"/services", service).denied(401, "step_up_required")
	doctor.post("/api/patients", map[string]any{"name": "A", "contact": "B"}).denied(401, "step_up_required")
	elevated := doctor.steppedUp()
	if a := elevated.post("/api/patients/"+id+"/services", service); a.status == 401 || a.status == 403 {
		t.Errorf("with a fresh factor: got %d %s", a.status, a.body)
	}
	if a := elevated.post("/api/patients", map[string]any{"name": "A", "contact": "B"}); a.status < 400 {
		t.Errorf("a withheld field was written: got %d %s", a.status, a.body)
	}
}

// TestDriftEndsTheSession: coordinates can only lower trust.
func TestDriftEndsTheSession(t *testing.T) {
	here := map[string]any{"latitude": 52.52, "longitude": 13.405, "accuracy": 20, "consent": true}
	near := map[string]any{"latitude": 52.53, "longitude": 13.41, "consent": true}
	far := map[string]any{"latitude": 48.137, "longitude": 11.575, "consent": true}
	unasked := map[string]any{"latitude": 52.52, "longitude": 13.405}
	tests := []struct {
		name       string
		then, now  map[string]any
		status     int
		wantReason string
	}{
		{"near", here, near, 200, ""},
		{"far", here, far, 401, "location_drifted"},
		{"silent", here, nil, 401, "location_drifted"},
		{"consent withdrawn", here, unasked, 401, "location_drifted"},
		{"no consent then", unasked, far, 200, ""},
		{"never said", nil, nil, 200, ""},
	}
	w := newWorld(t, withLimits(t, append([]rowOf{
		{`"travel_kilometres_an_hour": 900`, `"travel_kilometres_an_hour": 100000`},
	}, soon...)...))
	for _, tt := range tests {
		t.Run(tt.name, func(*testing.T) {
			doctor := w.from("doctor", "")
			session, a := doctor.signIn("", tt.then)
			a.is(200)
			time.Sleep(400 * time.Millisecond)
			body := map[string]any{"refresh_token": session.Refresh}
			if tt.now != nil {
				body["location"] = tt.now
			}
			a = doctor.post("/auth/refresh", body)
			if tt.status != 200 {
				a.denied(tt.status, tt.wantReason)
				doctor.token = session.Access
				doctor.get("/api/me").denied(401, "session_revoked")
				return
			}
			a.is(200)
		})
	}
}

// TestImpossibleTravelIsNoLogIn, but from a device that is known.
func TestImpossibleTravelIsNoLogIn(t *testing.T) {
	w := newWorld(t, withTable(t, verdictTable, // else the account would soon be banned
		rowOf{`"seconds": 1800, "tell": ["mail", "webhook"], "alert_only": false`, `"seconds": 1800, "tell": [], "alert_only": true`}))
	berlin := map[string]any{"latitude": 52.52, "longitude": 13.405, "consent": true}
	sydney := map[string]any{"latitude": -33.87, "longitude": 151.21, "consent": true}
	first, a := w.from("doctor", "").signIn("", berlin)
	a.is(200)
	_, a = w.from("doctor", "").signIn("", sydney)
	a.denied(403, "impossible_travel")
	_, a = w.from("doctor", "").signIn(first.Device, sydney)
	a.is(200)
	for name, location := range map[string]map[string]any{
		"no number":   {"latitude": "52", "longitude": 13, "consent": true},
		"off globe":   {"latitude": 91, "longitude": 13, "consent": true},
		"half":        {"latitude": 52, "consent": true},
		"one more":    {"latitude": 52, "longitude": 13, "consent": true, "street": "x"},
		"null":        {"latitude": nil, "longitude": 13, "consent": true},
		"bad consent": {"latitude": 52, "longitude": 13, "consent": "yes"},
	} {
		t.Run(name, func(*testing.T) {
			_, a := w.from("nurse", "").signIn("", location)
			a.is(400)
		})
	}
}

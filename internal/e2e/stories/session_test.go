package stories_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
)

// soon lets a session be refreshed after a third of a second.
var soon = []rig.Row{
	{`"access_token_seconds": 300`, `"access_token_seconds": 30`},
	{`"refresh_after_percent": 40`, `"refresh_after_percent": 1`},
}

// TestAStrangerCannotLockADoctorOut: wrong passwords bar strangers, and the
// doctor goes on working: the session, its refresh, and a log-in from a device
// or a network that the doctor has signed in from.
func TestAStrangerCannotLockADoctorOut(t *testing.T) {
	w := rig.New(t, rig.WithLimits(t, soon...))
	doctor := w.From("doctor", "127.0.0.1")
	session, a := doctor.SignIn("", nil)
	a.Is(http.StatusOK)
	doctor.Token = session.Access

	stranger := w.From("doctor", "127.0.0.9")
	for range 3 {
		stranger.Post("/auth/login", rig.WrongPassword("doctor")).Denied(401, "credentials_invalid")
	}
	right := map[string]string{"email": "doctor@demo.hospital.test", "password": rig.DemoPassword}
	barred := stranger.Post("/auth/login", right).Denied(429, "throttled")
	waits(t, barred, 900)
	w.From("doctor", "127.0.0.10").Post("/auth/login", right).Is(http.StatusOK) // another network has a count of its own

	doctor.Get("/api/patients").Is(http.StatusOK)
	time.Sleep(400 * time.Millisecond)
	doctor.Post("/auth/refresh", map[string]string{"refresh_token": session.Refresh}).Is(http.StatusOK)
	_, a = w.From("doctor", "127.0.0.11").SignIn(session.Device, nil)
	a.Is(http.StatusOK)
	_, a = w.From("doctor", "127.0.0.1").SignIn("", nil)
	a.Is(http.StatusOK)

	nobody := w.From("nobody", "127.0.0.9")
	for range 3 {
		nobody.Post("/auth/login", rig.WrongPassword("nobody")).Denied(401, "credentials_invalid")
	}
	nobody.Post("/auth/login", rig.WrongPassword("nobody")).Denied(429, "throttled")
}

// TestADeviceKeyIsForItsAccountAndCountsItsOwn.
func TestADeviceKeyIsForItsAccountAndCountsItsOwn(t *testing.T) {
	w := rig.New(t, nil)
	doctor, a := w.From("doctor", "127.0.0.1").SignIn("", nil)
	a.Is(http.StatusOK)
	nurse, a := w.From("nurse", "127.0.0.2").SignIn("", nil)
	a.Is(http.StatusOK)
	stranger := w.From("doctor", "127.0.0.9")
	for range 3 {
		stranger.Post("/auth/login", rig.WrongPassword("doctor")).Is(401)
	}
	for name, key := range map[string]string{"somebody else's": nurse.Device, "invented": "AAAA", "cut": doctor.Device[:40]} {
		t.Run(name, func(*testing.T) {
			_, a := w.From("doctor", "127.0.0.9").SignIn(key, nil)
			a.Denied(429, "throttled")
		})
	}
	// The device's own count bars the device, and nobody else.
	for range 3 {
		body := rig.WrongPassword("doctor")
		body["device"] = doctor.Device
		w.From("doctor", "127.0.0.12").Post("/auth/login", body).Denied(401, "credentials_invalid")
	}
	_, a = w.From("doctor", "127.0.0.12").SignIn(doctor.Device, nil)
	a.Denied(429, "throttled")
	_, a = w.From("doctor", "127.0.0.1").SignIn("", nil)
	a.Is(http.StatusOK)
}

// TestWrongCodesBarStrangersForTwoMinutes.
func TestWrongCodesBarStrangersForTwoMinutes(t *testing.T) {
	w := rig.New(t, nil)
	_, a := w.From("doctor", "127.0.0.1").SignIn("", nil)
	a.Is(http.StatusOK)
	thief := w.From("doctor", "127.0.0.9")
	var first, second struct{ Challenge string }
	body := map[string]string{"email": "doctor@demo.hospital.test", "password": rig.DemoPassword}
	thief.Post("/auth/login", body).Is(200).Into(&first)
	thief.Post("/auth/login", body).Is(200).Into(&second)
	code := w.NewestCode("doctor@demo.hospital.test")
	for range 3 {
		thief.Post("/auth/login/verify", map[string]string{"challenge": first.Challenge, "code": "000000"}).Denied(401, "code_invalid")
	}
	got := thief.Post("/auth/login/verify", map[string]string{"challenge": second.Challenge, "code": code}).Denied(429, "throttled")
	waits(t, got, 120)
	_, a = w.From("doctor", "127.0.0.1").SignIn("", nil)
	a.Is(http.StatusOK)
}

// TestAChangedLimitIsInForceWithoutARestart.
func TestAChangedLimitIsInForceWithoutARestart(t *testing.T) {
	var dir string
	w := rig.New(t, func(c *config.Config) {
		rig.WithLimits(t)(c)
		dir = c.Policies
	})
	_, first := w.Ready()
	rig.EditLimits(t, dir, rig.Row{`"wrong_passwords": 3`, `"wrong_passwords": 1`}, rig.Row{`_bar_seconds": 900`, `_bar_seconds": 77`})
	rig.Until(t, "the edit is in force", func() bool { _, r := w.Ready(); return r.Policy.Revision != first.Policy.Revision })
	stranger := w.From("nobody", "127.0.0.20")
	stranger.Post("/auth/login", rig.WrongPassword("nobody")).Denied(401, "credentials_invalid")
	waits(t, stranger.Post("/auth/login", rig.WrongPassword("nobody")).Denied(429, "throttled"), 77)
}

func TestRefreshIsRepeatedForTheIdempotencyKeyAlone(t *testing.T) {
	w := rig.New(t, rig.WithLimits(t, soon...))
	doctor := w.From("doctor", "")
	session, a := doctor.SignIn("", nil)
	a.Is(http.StatusOK)
	time.Sleep(400 * time.Millisecond)
	refresh := func(key string) *rig.Answer {
		r := doctor.Request("POST", "/auth/refresh", map[string]string{"refresh_token": session.Refresh})
		if key != "" {
			r.Header.Set("Idempotency-Key", key)
		}
		return doctor.Send(r)
	}
	first := refresh("k-1").Is(http.StatusOK)
	again := refresh("k-1").Is(http.StatusOK)
	if string(first.Body) != string(again.Body) {
		t.Error("the retry got another answer")
	}
	refresh("k-2").Denied(401, "refresh_replayed")
	var next rig.Pair
	first.Into(&next)
	doctor.Token = next.Access
	doctor.Get("/api/me").Denied(401, "session_revoked")
}

// TestTheSecurityRoleBansUnbansAndRevokes.
func TestTheSecurityRoleBansUnbansAndRevokes(t *testing.T) {
	w := rig.New(t, nil)
	security, doctor, nurse := w.As("security"), w.As("doctor"), w.As("nurse")
	id, own := security.User("doctor").ID, security.User("security").ID
	doctor.Get("/api/admin/users").Denied(403, "role_forbidden")
	security.Post("/api/admin/users/"+own+"/ban", map[string]any{"minutes": 5, "reason": "test"}).Denied(403, "own_account")
	security.Post("/api/admin/users/"+id+"/ban", map[string]any{"minutes": 0, "reason": "test"}).Is(400)
	security.Post("/api/admin/users/"+id+"/ban", map[string]any{"minutes": 5, "reason": "<b>"}).Is(400)
	security.Post("/api/admin/users/none/ban", map[string]any{"minutes": 5, "reason": "test"}).Is(404)

	security.Post("/api/admin/users/"+id+"/ban", map[string]any{"minutes": 5, "reason": "stolen laptop"}).Is(204)
	doctor.Get("/api/patients").Is(401)
	if u := security.User("doctor"); u.BannedUntil == "" || u.BanReason != "stolen laptop" {
		t.Errorf("got %+v, want a banned doctor", u)
	}
	_, a := w.From("doctor", "").SignIn("", nil)
	a.Denied(403, "subject_banned")
	security.Post("/api/admin/users/"+id+"/unban", nil).Is(204)
	doctor.LogIn()
	doctor.Get("/api/patients").Is(200)

	security.Post("/api/admin/users/"+security.User("nurse").ID+"/revoke", nil).Is(204)
	nurse.Get("/api/patients").Denied(401, "session_revoked")
	nurse.LogIn()
	nurse.Post("/api/admin/users/"+id+"/unban", nil).Denied(403, "role_forbidden")
}

// TestABanSurvivesARestart.
func TestABanSurvivesARestart(t *testing.T) {
	w := rig.New(t, nil)
	security := w.As("security")
	id := security.User("doctor").ID
	security.Post("/api/admin/users/"+id+"/ban", map[string]any{"minutes": 5, "reason": "test"}).Is(204)
	w.Stop()
	w = rig.New(t, func(c *config.Config) { c.Data = w.Data })
	_, a := w.From("doctor", "").SignIn("", nil)
	a.Denied(403, "subject_banned")
}

func TestADeletedPatientIsRestored(t *testing.T) {
	w := rig.New(t, nil)
	security, doctor := w.As("security"), w.As("doctor")
	id := doctor.Items("/api/patients")[0].ID
	doctor.SteppedUp().Remove("/api/patients/" + id).Is(204)
	doctor.Get("/api/patients/"+id).Denied(403, "not_your_patient")
	security.Post("/api/admin/patients/"+id+"/restore", nil).Is(204)
	doctor.Get("/api/patients/" + id).Is(200)
	doctor.Post("/api/admin/patients/"+id+"/restore", nil).Denied(403, "role_forbidden")
}

// TestOffSiteAChangeNeedsAFreshFactor, and a field that is withheld there
// cannot be written.
func TestOffSiteAChangeNeedsAFreshFactor(t *testing.T) {
	w := rig.New(t, nil)
	doctor := w.As("doctor")
	id := doctor.Items("/api/patients")[0].ID
	doctor.Via = "127.0.0.2"
	service := map[string]any{
		"type": "medication", "medication_name": "Ibuprofen", "dosage_instructions": "400 mg", "treatment_details": "after meals",
	}
	doctor.Post("/api/patients/"+id+"/services", service).Denied(401, "step_up_required")
	doctor.Post("/api/patients", map[string]any{"name": "A", "contact": "B"}).Denied(401, "step_up_required")
	elevated := doctor.SteppedUp()
	if a := elevated.Post("/api/patients/"+id+"/services", service); a.Status == 401 || a.Status == 403 {
		t.Errorf("with a fresh factor: got %d %s", a.Status, a.Body)
	}
	if a := elevated.Post("/api/patients", map[string]any{"name": "A", "contact": "B"}); a.Status < 400 {
		t.Errorf("a withheld field was written: got %d %s", a.Status, a.Body)
	}
}

// Coordinates are the client's own word: that they moved, or are no longer said,
// ends nothing. People are told, once.
func TestClaimedDriftEndsNothingAndTellsPeople(t *testing.T) {
	here := map[string]any{"latitude": 52.52, "longitude": 13.405, "accuracy": 20, "consent": true}
	near := map[string]any{"latitude": 52.53, "longitude": 13.41, "consent": true}
	far := map[string]any{"latitude": 48.137, "longitude": 11.575, "consent": true}
	unasked := map[string]any{"latitude": 52.52, "longitude": 13.405}
	tests := []struct {
		name      string
		then, now map[string]any
		told      int
	}{
		{"near", here, near, 0},
		{"no consent then", unasked, far, 0},
		{"never said", nil, nil, 0},
		{"far", here, far, 1},
		{"silent", here, nil, 1}, // people are not told of it again so soon
		{"consent withdrawn", here, unasked, 1},
	}
	w := rig.New(t, rig.WithLimits(t, append([]rig.Row{
		{`"travel_kilometres_an_hour": 900`, `"travel_kilometres_an_hour": 100000`},
	}, soon...)...))
	for _, tt := range tests {
		t.Run(tt.name, func(*testing.T) {
			doctor := w.From("doctor", "")
			session, a := doctor.SignIn("", tt.then)
			a.Is(200)
			time.Sleep(400 * time.Millisecond)
			body := map[string]any{"refresh_token": session.Refresh}
			if tt.now != nil {
				body["location"] = tt.now
			}
			doctor.Post("/auth/refresh", body).Is(200)
			doctor.Token = session.Access
			doctor.Get("/api/me").Is(200)
			told := rig.Events(t, w.Data, func(e *pip.Event) bool { return e.Action == "session.alert" })
			if len(told) != tt.told || tt.told > 0 && (!told[0].Alarm || told[0].Reasons[0] != "claimed_drift") {
				t.Errorf("people were told %+v, want %d times", told, tt.told)
			}
		})
	}
}

// Travel that is impossible by the client's own word keeps no person out, and tells
// people; of a device that is known nothing is told.
func TestClaimedTravelKeepsNobodyOut(t *testing.T) {
	w := rig.New(t, nil)
	berlin := map[string]any{"latitude": 52.52, "longitude": 13.405, "consent": true}
	sydney := map[string]any{"latitude": -33.87, "longitude": 151.21, "consent": true}
	first, a := w.From("doctor", "").SignIn("", berlin)
	a.Is(200)
	_, a = w.From("doctor", "").SignIn(first.Device, sydney)
	a.Is(200)
	told := func() int {
		return len(rig.Events(t, w.Data, func(e *pip.Event) bool {
			return e.Action == "session.alert" && e.Alarm && e.Reasons[0] == "claimed_travel"
		}))
	}
	if n := told(); n != 0 {
		t.Errorf("people were told %d times of a known device", n)
	}
	_, a = w.From("doctor", "").SignIn("", berlin)
	a.Is(200)
	if n := told(); n != 1 {
		t.Errorf("people were told %d times, want once", n)
	}
	for name, location := range map[string]map[string]any{
		"no number":   {"latitude": "52", "longitude": 13, "consent": true},
		"off globe":   {"latitude": 91, "longitude": 13, "consent": true},
		"half":        {"latitude": 52, "consent": true},
		"one more":    {"latitude": 52, "longitude": 13, "consent": true, "street": "x"},
		"null":        {"latitude": nil, "longitude": 13, "consent": true},
		"bad consent": {"latitude": 52, "longitude": 13, "consent": "yes"},
	} {
		t.Run(name, func(*testing.T) {
			_, a := w.From("nurse", "").SignIn("", location)
			a.Is(400)
		})
	}
}

// waits is about an answer that says how many seconds are to pass, of which this test
// has used some already.
func waits(t *testing.T, a *rig.Answer, seconds int) {
	t.Helper()
	said := a.Header.Get("Retry-After")
	if left, err := strconv.Atoi(said); err != nil || left > seconds || left <= seconds/2 {
		t.Errorf("Retry-After: got %q, want %d or little less", said, seconds)
	}
}

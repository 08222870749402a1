package stories_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip/identity/smtp/smtptest"
)

const lampOnTheStair = "a lamp on the third stair"

func TestPatientSignsUpAndReadsTheOwnRecord(t *testing.T) {
	w := rig.New(t, nil)
	id, number, code := w.As("doctor").AddPatient("Ola")
	stranger := w.Anonymous()
	who := map[string]string{
		"username": "ola", "email": "ola@home.test", "password": lampOnTheStair, "role": "patient",
		"patient_number": number, "enrolment_code": code,
	}
	stranger.Post("/auth/signup", who).Is(202)
	mailed := w.NewestCode("ola@home.test")
	stranger.Post("/auth/signup/verify", map[string]string{"email": "ola@home.test", "code": "000000"}).Denied(401, "code_invalid")
	stranger.Post("/auth/signup/verify", map[string]string{"email": "ola@home.test", "code": mailed}).Is(204)
	stranger.Post("/auth/signup/verify", map[string]string{"email": "ola@home.test", "code": mailed}).Denied(401, "code_invalid")

	ola := w.LogInAs("ola@home.test", lampOnTheStair)
	if me := ola.Me(); me.Patient != id {
		t.Errorf("the record is %q, want %q", me.Patient, id)
	}
	ola.Get("/api/patients/" + id).Is(200)
	ola.Get("/api/patients").Denied(403, "role_forbidden")

	// The enrolment code is used up: nobody else claims the record.
	who["username"], who["email"] = "eve", "eve@home.test"
	stranger.Post("/auth/signup", who).Is(202)
	stranger.Post("/auth/signup/verify", map[string]string{"email": "eve@home.test", "code": w.NewestCode("eve@home.test")}).
		Denied(401, "code_invalid")
	w.HoldsNoSecret(mailed, code, lampOnTheStair, "ola@home.test")
}

func TestStaffSignUpWaitsForApproval(t *testing.T) {
	w := rig.New(t, nil)
	stranger := w.Anonymous()
	stranger.Post("/auth/signup", map[string]string{
		"username": "nia", "email": "nia@hospital.test", "password": lampOnTheStair, "role": "nurse",
	}).Is(202)
	stranger.Post("/auth/signup/verify", map[string]string{"email": "nia@hospital.test", "code": w.NewestCode("nia@hospital.test")}).Is(204)
	var challenge struct{ Challenge string }
	stranger.Post("/auth/login", map[string]string{"email": "nia@hospital.test", "password": lampOnTheStair}).Is(200).Into(&challenge)
	a := stranger.Post("/auth/login/verify", map[string]string{"challenge": challenge.Challenge, "code": w.NewestCode("nia@hospital.test")}).Is(403)
	if !strings.Contains(string(a.Body), "account_inactive") {
		t.Errorf("got %s", a.Body)
	}
}

// flow is the name of one sign-up, drawn at random.
var flow = regexp.MustCompile(`[A-Z2-7]{26}`)

func TestSignUpTellsAStrangerNothing(t *testing.T) {
	w := rig.New(t, nil)
	stranger := w.Anonymous()
	bodies := map[string]bool{}
	for i, email := range []string{"new@hospital.test", "doctor@demo.hospital.test"} {
		a := stranger.Post("/auth/signup", map[string]string{
			"username": fmt.Sprintf("somebody%d", i), "email": email, "password": lampOnTheStair, "role": "doctor",
		}).Is(202)
		bodies[a.Header.Get("Content-Type")+flow.ReplaceAllString(string(a.Body), "flow")] = true
		b := stranger.Post("/auth/signup/verify", map[string]string{"email": email, "code": "123123"}).Denied(401, "code_invalid")
		bodies[b.Header.Get("Content-Type")] = true
	}
	for _, email := range []string{"unknown@hospital.test", "doctor@demo.hospital.test"} {
		var c map[string]string
		stranger.Post("/auth/forgot", map[string]string{"email": email}).Is(202).Into(&c)
		if len(c) != 1 || len(c["challenge"]) != 26 {
			t.Errorf("%s: got %v", email, c)
		}
	}
	if len(bodies) != 2 {
		t.Errorf("answers differ: %v", bodies)
	}
	faults := stranger.Post("/auth/signup", map[string]string{
		"username": "x", "email": "no address", "password": "password123", "role": "root",
	}).Is(400)
	for _, field := range []string{"username", "email", "password", "role"} {
		if !strings.Contains(string(faults.Body), `"body.`+field+`"`) {
			t.Errorf("%s is not named in %s", field, faults.Body)
		}
	}
	for _, value := range []string{"no address", "password123", "root"} {
		if strings.Contains(string(faults.Body), value) {
			t.Errorf("%q is echoed", value)
		}
	}
}

func TestForgottenPasswordIsReplaced(t *testing.T) {
	w := rig.New(t, nil)
	nurse := w.As("nurse")
	nurse.Get("/api/patients").Is(200)
	stranger := w.Anonymous()
	const email = "nurse@demo.hospital.test"
	var c struct{ Challenge string }
	stranger.Post("/auth/forgot", map[string]string{"email": email}).Is(202).Into(&c)
	code := w.NewestCode(email)
	reset := func(code, password string) *rig.Answer {
		return stranger.Post("/auth/reset", map[string]string{"challenge": c.Challenge, "code": code, "password": password})
	}
	reset(code, "password123").Is(400)
	reset("000000", lampOnTheStair).Denied(401, "code_invalid")
	reset(code, lampOnTheStair).Is(204)
	reset(code, lampOnTheStair).Denied(401, "code_invalid")

	nurse.Get("/api/patients").Denied(401, "session_revoked")
	stranger.Post("/auth/login", map[string]string{"email": email, "password": "Wardgate-demo-2026"}).Denied(401, "credentials_invalid")
	w.LogInAs(email, lampOnTheStair).Get("/api/patients").Is(200)
	w.HoldsNoSecret(code, lampOnTheStair, email)
}

func TestAuthenticatorAppReplacesMail(t *testing.T) {
	w := rig.New(t, nil)
	doctor := w.As("doctor")
	const email = "doctor@demo.hospital.test"
	doctor.Post("/api/me/totp", nil).Denied(401, "step_up_required")
	elevated := doctor.SteppedUp()
	var offer struct {
		Secret string
		URI    string `json:"otpauth_uri"`
	}
	elevated.Post("/api/me/totp", nil).Is(200).Into(&offer)
	if u, err := url.Parse(offer.URI); err != nil || u.Query().Get("secret") != offer.Secret || u.Scheme != "otpauth" {
		t.Errorf("got %q (%v)", offer.URI, err)
	}
	doctor.Post("/api/me/totp/confirm", map[string]string{"code": "000000"}).Denied(401, "code_invalid")
	var recovery struct {
		Codes []string `json:"recovery_codes"`
	}
	code := func(steps int) string { return rig.AppCode(t, offer.Secret, steps) }
	doctor.Post("/api/me/totp/confirm", map[string]string{"code": code(-1)}).Is(200).Into(&recovery)
	if len(recovery.Codes) != 10 {
		t.Fatalf("got %d recovery codes", len(recovery.Codes))
	}
	elevated.Post("/api/me/totp", nil).Denied(403, "totp_enrolled")

	// The mail folder is gone, and the doctor logs in all the same.
	if err := os.RemoveAll(filepath.Join(w.Data, "outbox")); err != nil {
		t.Fatal(err)
	}
	stranger := w.Anonymous()
	var c struct {
		Challenge string
		Methods   []string
	}
	begin := func() {
		t.Helper()
		stranger.Post("/auth/login", map[string]string{"email": email, "password": "Wardgate-demo-2026"}).Is(200).Into(&c)
	}
	begin()
	if fmt.Sprint(c.Methods) != "[totp]" {
		t.Errorf("methods: got %v", c.Methods)
	}
	verify := func(code string) *rig.Answer {
		return stranger.Post("/auth/login/verify", map[string]string{"challenge": c.Challenge, "code": code})
	}
	stranger.Post("/auth/login/resend", map[string]string{"challenge": c.Challenge}).Denied(403, "method_unavailable")
	now := code(0)
	verify(now).Is(200)
	begin()
	verify(now).Denied(401, "code_invalid")
	verify(recovery.Codes[0]).Is(200)
	begin()
	verify(recovery.Codes[0]).Denied(401, "code_invalid")

	doctor.Remove("/api/me/totp").Denied(401, "step_up_required")
	elevated.Remove("/api/me/totp").Denied(401, "step_up_required") // a mailed code does not remove the app
	doctor.Post("/auth/step-up", nil).Is(200).Into(&c)
	ahead := code(1)
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	doctor.Post("/auth/step-up/verify", map[string]string{"challenge": c.Challenge, "code": ahead}).Is(200).Into(&tokens)
	byApp := &rig.Person{World: w, Name: "doctor", Token: tokens.AccessToken}
	byApp.Remove("/api/me/totp").Is(204)
	w.HoldsNoSecret(offer.Secret, recovery.Codes[0], ahead)
}

// A hospital with a mail server of its own.
func TestMailGoesOutBySMTP(t *testing.T) {
	const password = "s3cret-of-the-mail-server"
	s := smtptest.Start(t, smtptest.Options{Password: password})
	folder := t.TempDir()
	secret, ca := filepath.Join(folder, "password"), filepath.Join(folder, "ca.pem")
	for file, content := range map[string][]byte{secret: []byte(password + "\n"), ca: s.PEM} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := rig.New(t, func(c *config.Config) {
		c.Demo = false
		m := &c.Mail.SMTP
		m.Host, m.Port, m.Username, m.PasswordFile, m.CAFile = "127.0.0.1", s.Port(), "wardgate", secret, ca
		m.From = "wardgate@hospital.test"
	})
	stranger := w.Anonymous()
	s.Stop() // the mail server is down while somebody signs up, and no longer: others may get its port
	stranger.Post("/auth/signup", map[string]string{
		"username": "nia", "email": "nia@hospital.test", "password": lampOnTheStair, "role": "nurse",
	}).Is(202)
	up := s.Restart(t)
	rig.Until(t, "the mail comes", func() bool { return len(up.Mails()) > 0 })
	_, body, _ := strings.Cut(up.Mails()[0], "\n\n")
	code := rig.SixDigits.FindString(body)
	stranger.Post("/auth/signup/verify", map[string]string{"email": "nia@hospital.test", "code": code}).Is(204)
	w.HoldsNoSecret(password, code, "nia@hospital.test")
}

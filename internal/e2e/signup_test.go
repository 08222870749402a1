package e2e_test

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pip/identity/smtp/smtptest"
)

const lampOnTheStair = "a lamp on the third stair"

// addPatient has a doctor add a patient, and returns number and enrolment code.
func (p *person) addPatient(name string) (id, number, code string) {
	p.w.t.Helper()
	var added struct {
		ID, Number string
		Code       string `json:"enrolment_code"`
	}
	p.post("/api/patients", map[string]string{
		"name": name, "contact": "invented", "national_id": "X-" + name, "purpose_of_visit": "check-up",
	}).is(201).into(&added)
	return added.ID, added.Number, added.Code
}

func TestPatientSignsUpAndReadsTheOwnRecord(t *testing.T) {
	w := newWorld(t, nil)
	id, number, code := w.as("doctor").addPatient("Ola")
	stranger := w.stranger()
	who := map[string]string{
		"username": "ola", "email": "ola@home.test", "password": lampOnTheStair, "role": "patient",
		"patient_number": number, "enrolment_code": code,
	}
	stranger.post("/auth/signup", who).is(202)
	mailed := w.newestCode("ola@home.test")
	stranger.post("/auth/signup/verify", map[string]string{"email": "ola@home.test", "code": "000000"}).denied(401, "code_invalid")
	stranger.post("/auth/signup/verify", map[string]string{"email": "ola@home.test", "code": mailed}).is(204)
	stranger.post("/auth/signup/verify", map[string]string{"email": "ola@home.test", "code": mailed}).denied(401, "code_invalid")

	ola := w.logInAs("ola@home.test", lampOnTheStair)
	if me := ola.me(); me.Patient != id {
		t.Errorf("the record is %q, want %q", me.Patient, id)
	}
	ola.get("/api/patients/" + id).is(200)
	ola.get("/api/patients").denied(403, "role_forbidden")

	// The enrolment code is used up: nobody else claims the record.
	who["username"], who["email"] = "eve", "eve@home.test"
	stranger.post("/auth/signup", who).is(202)
	stranger.post("/auth/signup/verify", map[string]string{"email": "eve@home.test", "code": w.newestCode("eve@home.test")}).
		denied(401, "code_invalid")
	w.holdsNoSecret(mailed, code, lampOnTheStair, "ola@home.test")
}

func TestStaffSignUpWaitsForApproval(t *testing.T) {
	w := newWorld(t, nil)
	stranger := w.stranger()
	stranger.post("/auth/signup", map[string]string{
		"username": "nia", "email": "nia@hospital.test", "password": lampOnTheStair, "role": "nurse",
	}).is(202)
	stranger.post("/auth/signup/verify", map[string]string{"email": "nia@hospital.test", "code": w.newestCode("nia@hospital.test")}).is(204)
	var challenge struct{ Challenge string }
	stranger.post("/auth/login", map[string]string{"email": "nia@hospital.test", "password": lampOnTheStair}).is(200).into(&challenge)
	a := stranger.post("/auth/login/verify", map[string]string{"challenge": challenge.Challenge, "code": w.newestCode("nia@hospital.test")}).is(403)
	if !strings.Contains(string(a.body), "account_inactive") {
		t.Errorf("got %s", a.body)
	}
}

func TestSignUpTellsAStrangerNothing(t *testing.T) {
	w := newWorld(t, nil)
	stranger := w.stranger()
	bodies := map[string]bool{}
	for i, email := range []string{"new@hospital.test", "doctor@demo.hospital.test"} {
		a := stranger.post("/auth/signup", map[string]string{
			"username": fmt.Sprintf("somebody%d", i), "email": email, "password": lampOnTheStair, "role": "doctor",
		}).is(202)
		bodies[a.header.Get("Content-Type")+string(a.body)] = true
		b := stranger.post("/auth/signup/verify", map[string]string{"email": email, "code": "123123"}).denied(401, "code_invalid")
		bodies[b.header.Get("Content-Type")] = true
	}
	for _, email := range []string{"unknown@hospital.test", "doctor@demo.hospital.test"} {
		var c map[string]string
		stranger.post("/auth/forgot", map[string]string{"email": email}).is(202).into(&c)
		if len(c) != 1 || len(c["challenge"]) != 26 {
			t.Errorf("%s: got %v", email, c)
		}
	}
	if len(bodies) != 2 {
		t.Errorf("answers differ: %v", bodies)
	}
	faults := stranger.post("/auth/signup", map[string]string{
		"username": "x", "email": "no address", "password": "password123", "role": "root",
	}).is(400)
	for _, field := range []string{"username", "email", "password", "role"} {
		if !strings.Contains(string(faults.body), `"body.`+field+`"`) {
			t.Errorf("%s is not named in %s", field, faults.body)
		}
	}
	for _, value := range []string{"no address", "password123", "root"} {
		if strings.Contains(string(faults.body), value) {
			t.Errorf("%q is echoed", value)
		}
	}
}

func TestForgottenPasswordIsReplaced(t *testing.T) {
	w := newWorld(t, nil)
	nurse := w.as("nurse")
	nurse.get("/api/patients").is(200)
	stranger := w.stranger()
	const email = "nurse@demo.hospital.test"
	var c struct{ Challenge string }
	stranger.post("/auth/forgot", map[string]string{"email": email}).is(202).into(&c)
	code := w.newestCode(email)
	reset := func(code, password string) *answer {
		return stranger.post("/auth/reset", map[string]string{"challenge": c.Challenge, "code": code, "password": password})
	}
	reset(code, "password123").is(400)
	reset("000000", lampOnTheStair).denied(401, "code_invalid")
	reset(code, lampOnTheStair).is(204)
	reset(code, lampOnTheStair).denied(401, "code_invalid")

	nurse.get("/api/patients").denied(401, "session_revoked")
	stranger.post("/auth/login", map[string]string{"email": email, "password": "Wardgate-demo-2026"}).denied(401, "credentials_invalid")
	w.logInAs(email, lampOnTheStair).get("/api/patients").is(200)
	w.holdsNoSecret(code, lampOnTheStair, email)
}

func TestAuthenticatorAppReplacesMail(t *testing.T) {
	w := newWorld(t, nil)
	doctor := w.as("doctor")
	const email = "doctor@demo.hospital.test"
	doctor.post("/api/me/totp", nil).denied(401, "step_up_required")
	elevated := doctor.steppedUp()
	var offer struct {
		Secret string
		URI    string `json:"otpauth_uri"`
	}
	elevated.post("/api/me/totp", nil).is(200).into(&offer)
	if u, err := url.Parse(offer.URI); err != nil || u.Query().Get("secret") != offer.Secret || u.Scheme != "otpauth" {
		t.Errorf("got %q (%v)", offer.URI, err)
	}
	doctor.post("/api/me/totp/confirm", map[string]string{"code": "000000"}).denied(401, "code_invalid")
	var recovery struct {
		Codes []string `json:"recovery_codes"`
	}
	code := func(ahead time.Duration) string {
		t.Helper()
		c, err := totp.GenerateCode(offer.Secret, time.Now().Add(ahead))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	doctor.post("/api/me/totp/confirm", map[string]string{"code": code(0)}).is(200).into(&recovery)
	if len(recovery.Codes) != 10 {
		t.Fatalf("got %d recovery codes", len(recovery.Codes))
	}
	elevated.post("/api/me/totp", nil).denied(403, "totp_enrolled")

	// The mail folder is gone, and the doctor logs in all the same.
	if err := os.RemoveAll(filepath.Join(w.data, "outbox")); err != nil {
		t.Fatal(err)
	}
	stranger := w.stranger()
	var c struct {
		Challenge string
		Methods   []string
	}
	begin := func() {
		t.Helper()
		stranger.post("/auth/login", map[string]string{"email": email, "password": "Wardgate-demo-2026"}).is(200).into(&c)
	}
	begin()
	if fmt.Sprint(c.Methods) != "[totp email]" {
		t.Errorf("methods: got %v", c.Methods)
	}
	verify := func(code string) *answer {
		return stranger.post("/auth/login/verify", map[string]string{"challenge": c.Challenge, "code": code})
	}
	ahead := code(30 * time.Second)
	verify(ahead).is(200)
	begin()
	verify(ahead).denied(401, "code_invalid")
	verify(recovery.Codes[0]).is(200)
	begin()
	verify(recovery.Codes[0]).denied(401, "code_invalid")

	doctor.remove("/api/me/totp").denied(401, "step_up_required")
	elevated.remove("/api/me/totp").is(204)
	w.holdsNoSecret(offer.Secret, recovery.Codes[0], ahead)
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
	s.Stop() // the mail server is down while somebody signs up
	w := newWorld(t, func(c *config.Config) {
		c.Demo = false
		m := &c.Mail.SMTP
		m.Host, m.Port, m.Username, m.PasswordFile, m.CAFile = "127.0.0.1", s.Port(), "wardgate", secret, ca
		m.From = "wardgate@hospital.test"
	})
	stranger := w.stranger()
	stranger.post("/auth/signup", map[string]string{
		"username": "nia", "email": "nia@hospital.test", "password": lampOnTheStair, "role": "nurse",
	}).is(202)
	up := s.Restart(t)
	deadline := time.Now().Add(20 * time.Second)
	for len(up.Mails()) == 0 {
		if time.Now().After(deadline) {
			t.Fatal("no mail came")
		}
		time.Sleep(20 * time.Millisecond)
	}
	_, body, _ := strings.Cut(up.Mails()[0], "\n\n")
	code := sixDigits.FindString(body)
	stranger.post("/auth/signup/verify", map[string]string{"email": "nia@hospital.test", "code": code}).is(204)
	w.holdsNoSecret(password, code, "nia@hospital.test")
}

// logInAs logs in with whatever password.
func (w *world) logInAs(email, password string) *person {
	w.t.Helper()
	p := &person{w: w, name: email}
	var challenge struct{ Challenge string }
	p.post("/auth/login", map[string]string{"email": email, "password": password}).is(200).into(&challenge)
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	p.post("/auth/login/verify", map[string]string{"challenge": challenge.Challenge, "code": w.newestCode(email)}).is(200).into(&tokens)
	p.token = tokens.AccessToken
	return p
}

// holdsNoSecret searches log, journal and databases.
func (w *world) holdsNoSecret(secrets ...string) {
	w.t.Helper()
	seen := map[string][]byte{"the log": []byte(w.logs.String())}
	for _, pattern := range []string{"journal/*", "identity.db*", "sessions.db*"} {
		files, err := filepath.Glob(filepath.Join(w.data, pattern))
		if err != nil {
			w.t.Fatal(err)
		}
		for _, file := range files {
			if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
				continue
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				w.t.Fatal(err)
			}
			seen[filepath.Base(file)] = raw
		}
	}
	for where, content := range seen {
		for i, s := range secrets {
			// A six-digit number may stand in a database by chance.
			if _, err := strconv.Atoi(s); err == nil && where != "the log" {
				continue
			}
			if bytes.Contains(content, []byte(s)) {
				w.t.Errorf("%s holds secret %d", where, i)
			}
		}
	}
}

package admin_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
)

func TestLogInIssuesTokens(t *testing.T) {
	w := newWorld(t)
	a := w.login()
	if a.text("token_type") != "Bearer" || a.Body["expires_in"] != 300.0 || a.Body["refresh_after"] != 120.0 ||
		a.text("role") != "doctor" || len(a.text("refresh_token")) != 43 {
		t.Errorf("answer: got expires_in %v, refresh_after %v, role %v", a.Body["expires_in"], a.Body["refresh_after"], a.Body["role"])
	}
	c := w.parse(a.text("access_token"))
	now := float64(w.clock.Now().Unix())
	want := map[string]any{
		"iss": "https://wardgate.test", "sub": w.account.ID, "iat": now, "exp": now + 300, "auth_time": now,
		"acr": "urn:wardgate:acr:two-factor", "role": "doctor", "client_id": "wardgate",
		"fp": "sealed/" + text(c, "jti") + "\n" + `{"os":"Linux","browser":"Firefox","network":"hospital"}`,
	}
	for name, value := range want {
		if c[name] != value {
			t.Errorf("%s: got %v, want %v", name, c[name], value)
		}
	}
	if amr, _ := c["amr"].([]any); len(amr) != 2 || amr[0] != "pwd" || amr[1] != "email" {
		t.Errorf("amr: got %v", c["amr"])
	}
	if text(c, "sid") == "" || text(c, "jti") == "" {
		t.Error("sid or jti is missing")
	}
	if got := w.journal.Last(); got != "session.create success " {
		t.Errorf("journal: got %q", got)
	}
}

func TestLogInAsksThePolicy(t *testing.T) {
	w := newWorld(t)
	w.login()
	if len(w.policy.asked) != 1 {
		t.Fatalf("asked %d times, want once", len(w.policy.asked))
	}
	r := w.policy.asked[0]
	if r.Subject != (pdp.Subject{Type: "user", ID: w.account.ID}) || r.Action.Name != "session.create" ||
		r.Resource != (pdp.Resource{Type: "session"}) {
		t.Errorf("got %+v", r)
	}
	c := r.Context
	if c.Address.String() != "127.0.0.1" || c.UserAgent != laptop || !c.Time.Equal(w.clock.Now()) ||
		c.Credential.State != pdp.CredentialValid || strings.Join(c.Credential.AMR, " ") != "pwd email" {
		t.Errorf("context: got %+v", c)
	}
}

func TestLogInDenied(t *testing.T) {
	cases := []struct {
		name    string
		answer  pdp.Decision
		err     error
		status  int
		reason  string
		journal string
	}{
		{"by the policy", pdp.Decision{Reasons: []string{"subject_banned"}}, nil, 403, "subject_banned", "session.create failure  subject_banned"},
		{"by what is not known", pdp.Decision{Reasons: []string{"revocation_unknown"}}, nil, 503, "revocation_unknown", "session.create failure  revocation_unknown"},
		{"by silence", pdp.Decision{}, nil, 403, "not_granted", "session.create failure "},
		{"by a fault", pdp.Decision{}, errors.New("timeout"), 503, "identity_unavailable", "session.create failure "},
		{"by a fault that says yes", pdp.Decision{Allow: true}, errors.New("timeout"), 503, "identity_unavailable", "session.create failure "},
		{"by an obligation", pdp.Decision{Allow: true, Obligations: []pdp.Obligation{{ID: "x"}}}, nil, 403, "obligation_unmet", "session.create failure  obligation_unmet"},
	}
	w := newWorld(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			w.policy.answer, w.policy.err = c.answer, c.err
			first := w.post("/auth/login", map[string]string{"email": email, "password": passphrase})
			a := w.post("/auth/login/verify", map[string]string{"challenge": first.text("challenge"), "code": w.mail.Code()})
			if a.Status != c.status || a.reason() != c.reason || a.text("decision_id") != "d-1" || strings.Contains(a.Raw, "token") {
				t.Errorf("got %d %s, want %d %s", a.Status, a.Raw, c.status, c.reason)
			}
			if got := w.journal.Last(); got != c.journal {
				t.Errorf("journal: got %q, want %q", got, c.journal)
			}
			if live, err := w.admin.Sessions(t.Context(), w.account.ID); err != nil || len(live) != 0 {
				t.Errorf("%d sessions exist, want none (%v)", len(live), err)
			}
		})
	}
}

func TestLogInRefusesUnknownAndWrongAlike(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		known := w.post("/auth/login", map[string]string{"email": email, "password": "wrong horse battery"})
		unknown := w.post("/auth/login", map[string]string{"email": "nobody@hospital.test", "password": "wrong horse battery"})
		if known.Status != http.StatusUnauthorized || known.Raw != unknown.Raw || known.reason() != "credentials_invalid" {
			t.Fatalf("known: got %d %s, unknown: got %d %s", known.Status, known.Raw, unknown.Status, unknown.Raw)
		}
	}
	known := w.post("/auth/login", map[string]string{"email": email, "password": passphrase})
	unknown := w.post("/auth/login", map[string]string{"email": "nobody@hospital.test", "password": passphrase})
	if known.Status != http.StatusTooManyRequests || known.Raw != unknown.Raw ||
		known.Header.Get("Retry-After") != "900" || unknown.Header.Get("Retry-After") != "900" {
		t.Errorf("barred, known: got %d %s, unknown: got %d %s", known.Status, known.Raw, unknown.Status, unknown.Raw)
	}
	if n := len(w.journal.events); n != 6 {
		t.Errorf("%d events, want one for each of 6 wrong passwords", n)
	}
}

func TestVerifyRefusesWrongCode(t *testing.T) {
	w := newWorld(t)
	first := w.post("/auth/login", map[string]string{"email": email, "password": passphrase})
	a := w.post("/auth/login/verify", map[string]string{"challenge": first.text("challenge"), "code": w.mail.Code() + " "})
	if a.Status != http.StatusUnauthorized || a.reason() != "code_invalid" {
		t.Errorf("got %d %s", a.Status, a.Raw)
	}
	if got := w.journal.Last(); got != "session.create failure  code_invalid" {
		t.Errorf("journal: got %q", got)
	}
}

func TestResend(t *testing.T) {
	w := newWorld(t)
	first := w.post("/auth/login", map[string]string{"email": email, "password": passphrase})
	challenge := map[string]string{"challenge": first.text("challenge")}
	early := w.post("/auth/login/resend", challenge)
	if early.Status != http.StatusTooManyRequests || early.Header.Get("Retry-After") != "60" {
		t.Errorf("at once: got %d %v", early.Status, early.Header)
	}
	w.clock.Pass(time.Minute)
	if a := w.post("/auth/login/resend", challenge); a.Status != http.StatusAccepted || a.Raw != "" {
		t.Errorf("after a minute: got %d %s", a.Status, a.Raw)
	}
	challenge["code"] = w.mail.Code()
	if a := w.post("/auth/login/verify", challenge); a.Status != http.StatusOK {
		t.Errorf("new code: got %d %s", a.Status, a.Raw)
	}
}

// What cannot be journalled did not happen.
func TestLogInNeedsTheJournal(t *testing.T) {
	w := newWorld(t)
	first := w.post("/auth/login", map[string]string{"email": email, "password": passphrase})
	w.journal.err = errors.New("disk full")
	a := w.post("/auth/login/verify", map[string]string{"challenge": first.text("challenge"), "code": w.mail.Code()})
	if a.Status != http.StatusServiceUnavailable || strings.Contains(a.Raw, "token") {
		t.Errorf("got %d %s", a.Status, a.Raw)
	}
	if live, err := w.admin.Sessions(t.Context(), w.account.ID); err != nil || len(live) != 0 {
		t.Errorf("%d sessions exist, want none (%v)", len(live), err)
	}
	if a := w.post("/auth/login", map[string]string{"email": email, "password": "wrong horse battery"}); a.Status != http.StatusServiceUnavailable {
		t.Errorf("wrong password: got %d %s", a.Status, a.Raw)
	}
}

func TestDatabaseGone(t *testing.T) {
	w := newWorld(t)
	a := w.login()
	challenge := w.post("/auth/login", map[string]string{"email": email, "password": passphrase}).text("challenge")
	w.clock.Pass(3 * time.Minute)
	w.store.Close()
	requests := []struct {
		name string
		send func() answer
	}{
		{"verify", func() answer {
			return w.post("/auth/login/verify", map[string]string{"challenge": challenge, "code": w.mail.Code()})
		}},
		{"refresh", func() answer { return w.refresh(a.text("refresh_token")) }},
		{"logout", func() answer { return w.send("POST", "/auth/logout", "") }},
		{"step-up", func() answer { return w.send("POST", "/auth/step-up", "") }},
		{"sessions", func() answer { return w.send("GET", "/api/sessions", "") }},
		{"log-in without accounts", func() answer {
			w.identity.Close()
			return w.post("/auth/login", map[string]string{"email": email, "password": passphrase})
		}},
		{"me", func() answer { return w.send("GET", "/api/me", "") }},
	}
	for _, r := range requests {
		got := r.send()
		if got.Status != http.StatusServiceUnavailable || got.reason() != "identity_unavailable" || strings.Contains(got.Raw, "token") {
			t.Errorf("%s: got %d %s", r.name, got.Status, got.Raw)
		}
	}
	for _, secret := range []string{email, passphrase, w.mail.Code(), a.text("refresh_token")} {
		if strings.Contains(w.log.String(), secret) {
			t.Error("a secret is in the log")
		}
	}
}

func TestBodyIsReadStrictly(t *testing.T) {
	cases := []struct{ name, body, location string }{
		{"unknown field", `{"email":"a@b.test","password":"s3cret-s3cret","role":"root"}`, "body.role"},
		{"value as a name", `{"email":"a@b.test","password":"s3cret-s3cret","s3cret-s3cret":1}`, "body"},
		{"other spelling", `{"EMAIL":"a@b.test","password":"s3cret-s3cret"}`, "body"},
		{"twice", `{"email":"a@b.test","email":"c@d.test","password":"s3cret-s3cret"}`, "body.email"},
		{"missing", `{"email":"a@b.test"}`, "body.password"},
		{"empty", `{"email":"a@b.test","password":""}`, "body.password"},
		{"no text", `{"email":"a@b.test","password":["s3cret-s3cret"]}`, "body.password"},
		{"null", `{"email":"a@b.test","password":null}`, "body.password"},
		{"too long", `{"email":"a@b.test","password":"` + strings.Repeat("s3cret-s3cret", 100) + `"}`, "body.password"},
		{"no address", `{"email":"s3cret-s3cret","password":"s3cret-s3cret"}`, "body.email"},
		{"trailing", `{"email":"a@b.test","password":"s3cret-s3cret"}{}`, "body"},
		{"not UTF-8", "{\"email\":\"a@b.test\",\"password\":\"s3cret-s3cret\xff\"}", "body"},
		{"array", `["s3cret-s3cret"]`, "body"},
		{"nothing", ``, "body"},
	}
	w := newWorld(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			a := w.send("POST", "/auth/login", c.body)
			if a.Status != http.StatusBadRequest || a.reason() != "body_malformed" || !strings.Contains(a.Raw, `"location":"`+c.location+`"`) {
				t.Errorf("got %d %s, want a fault at %s", a.Status, a.Raw, c.location)
			}
			if strings.Contains(a.Raw, "s3cret") {
				t.Errorf("the answer repeats a value: %s", a.Raw)
			}
		})
	}
}

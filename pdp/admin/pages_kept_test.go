package admin_test

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp/admin"
)

// keptOf is what the enforcement point hands on of a form that it refused.
func (r *reader) keptOf(action string, fields map[string]string) string {
	r.t.Helper()
	form := regexp.MustCompile(`(?s)<form method="post" action="` + action + `".*?</form>`).FindString(r.last.html)
	author := regexp.MustCompile(`name="author" value="([^"]+)"`).FindStringSubmatch(form)
	if author == nil {
		r.t.Fatalf("nobody to keep it for in\n%s", r.last.html)
	}
	text, err := json.Marshal(assertion.Kept{Action: action, Author: html.UnescapeString(author[1]), At: r.clock.Now().Unix(), Fields: fields})
	if err != nil {
		r.t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// TestWhatWasTypedIsShownAgain to its author, in its form, once, and is not sent.
func TestWhatWasTypedIsShownAgain(t *testing.T) {
	r := newReader(t)
	r.logIn("/login")
	r.get("/account/passkeys")
	if !strings.Contains(r.last.html, `name="keep" value="name"`) {
		t.Errorf("the form names nothing to keep:\n%s", r.last.html)
	}
	const typed = `"><script>alert(1)</script>`
	kept := r.keptOf("/account/passkeys", map[string]string{"name": typed, "csrf": "x"})
	r.kept = kept
	r.get("/account/passkeys")
	r.is(200, "What you typed is here again", typed)
	if strings.Contains(r.last.html, "<script>alert") {
		t.Error("what was typed is markup")
	}
	gone := false
	for _, line := range r.last.header["Set-Cookie"] {
		c, err := http.ParseSetCookie(line)
		gone = gone || err == nil && c.Name == "__Host-wardgate-kept" && c.MaxAge < 0 && c.Secure && c.Path == "/"
	}
	if !gone {
		t.Errorf("it is kept on: %v", r.last.header["Set-Cookie"])
	}
	if list, _ := r.passkeys.List(t.Context(), r.account.ID); len(list) != 0 || r.desk.removed != 0 {
		t.Error("something was done")
	}
	for name, change := range map[string]func(){
		"another page":    func() { r.get("/account/") },
		"another account": func() { r.claims.Subject = "00000000-0000-7000-8000-000000000009"; r.get("/account/passkeys") },
		"nobody":          func() { r.claims.Subject, r.claims.Session = "", ""; r.get("/login") },
		"another author": func() {
			r.kept = base64.RawURLEncoding.EncodeToString([]byte(`{"action":"/account/passkeys","author":"AAAA","at":0,"fields":{"name":"planted-name"}}`))
			r.get("/account/passkeys")
		},
		"not JSON":   func() { r.kept = base64.RawURLEncoding.EncodeToString([]byte(`{`)); r.get("/account/passkeys") },
		"not base64": func() { r.kept = "!"; r.get("/account/passkeys") },
	} {
		t.Run(name, func(t *testing.T) {
			before := r.claims
			r.kept = kept
			change()
			r.claims = before
			if strings.Contains(r.last.html, "What you typed") || strings.Contains(r.last.html, "alert(1)") || strings.Contains(r.last.html, "planted-name") {
				t.Errorf("it is shown:\n%s", r.last.html)
			}
		})
	}
}

// TestSecretsAreNamedByNoForm among what may be kept.
func TestSecretsAreNamedByNoForm(t *testing.T) {
	r := newReader(t)
	keep := regexp.MustCompile(`name="keep" value="([^"]*)"`)
	none := func() {
		t.Helper()
		for _, m := range keep.FindAllStringSubmatch(r.last.html, -1) {
			for _, secret := range []string{"password", "code", "passkey", "csrf"} {
				if strings.Contains(m[1], secret) {
					t.Errorf("%s may be kept", secret)
				}
			}
		}
	}
	for _, path := range []string{"/login", "/signup", "/forgot"} {
		r.get(path)
		if keep.MatchString(r.last.html) {
			t.Errorf("%s: kept for nobody", path)
		}
	}
	r.logIn("/login")
	none()
	r.get("/step-up")
	r.send("/step-up")
	none()
	if keep.MatchString(r.last.html) {
		t.Error("a code may be kept")
	}
	r.get("/signup")
	none()
}

// TestASecondLogInEndsTheFirst, also another person's: a browser has one session. A handle that
// somebody planted before a log-in is of no use after it, and neither is its session.
func TestASecondLogInEndsTheFirst(t *testing.T) {
	r := newReader(t)
	r.logIn("/login")
	first, handle := r.claims.Session, r.claims.Handle
	// Two tabs were open: the form of the other is shown anew, for it was of no session.
	r.last = page{}
	r.claims.Subject, r.claims.Session = "", ""
	r.get("/login")
	r.send("/login", "email", email, "password", passphrase)
	r.claims.Subject, r.claims.Session = r.account.ID, first
	r.send("/login/verify", "code", r.mail.Code())
	r.is(403, "Nothing was sent yet")
	r.send("/login/verify", "code", r.mail.Code())
	r.leads("/")
	if r.claims.Handle == handle || r.claims.Handle == "" {
		t.Error("the handle from before the log-in is the one after it")
	}
	if !r.revoked.Has(first) {
		t.Error("the first session goes on")
	}
	live, err := r.admin.Sessions(t.Context(), r.account.ID)
	if err != nil || len(live) != 1 || live[0].ID == first {
		t.Errorf("got %d sessions, %v", len(live), err)
	}
	if ended := r.journal.events[len(r.journal.events)-1]; ended.Detail != "superseded" || ended.Session != first {
		t.Errorf("the journal does not say why: %+v", ended)
	}
}

// TestSupersedingWhatHasEnded is no fault.
func TestSupersedingWhatHasEnded(t *testing.T) {
	r := newReader(t)
	r.logIn("/login")
	first := r.claims.Session
	if err := r.admin.Supersede(t.Context(), admin.Client{}, r.account.ID, first); err != nil {
		t.Fatal(err)
	}
	if err := r.admin.Supersede(t.Context(), admin.Client{}, r.account.ID, first); err != nil {
		t.Errorf("of one that has ended: %v", err)
	}
	if err := r.admin.Supersede(t.Context(), admin.Client{}, r.account.ID, "00000000-0000-7000-8000-000000000001"); err != nil {
		t.Errorf("of none: %v", err)
	}
}

package admin_test

import (
	"errors"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip/identity/passkey/passkeytest"
)

var askedOptions = regexp.MustCompile(`data-options="([^"]*)"`)

// options are what the last page asks an authenticator for.
func (r *reader) options() []byte {
	r.t.Helper()
	found := askedOptions.FindStringSubmatch(r.last.html)
	if found == nil {
		r.t.Fatalf("no passkey is asked for in\n%s", r.last.html)
	}
	return []byte(html.UnescapeString(found[1]))
}

// addKey adds a passkey of a device on the pages.
func (r *reader) addKey(device *passkeytest.Authenticator, name string) {
	r.t.Helper()
	r.get("/account/passkeys")
	r.send("/account/passkeys", "name", name)
	r.is(200)
	made, err := device.Create(r.options())
	if err != nil {
		r.t.Fatal(err)
	}
	r.send("/account/passkeys/confirm", "passkey", made)
	r.leads("/account/passkeys")
}

// sign answers the last page by a passkey of a device.
func (r *reader) sign(action string, device *passkeytest.Authenticator) {
	r.t.Helper()
	signed, err := device.Get(r.options())
	if err != nil {
		r.t.Fatal(err)
	}
	r.send(action, "passkey", signed)
}

func TestPasskeysOnPages(t *testing.T) {
	r := newReader(t)
	device := passkeytest.New("https://" + pagesHome)
	r.logIn("/login")
	r.get("/account/passkeys")
	r.is(200, "You have no passkey.")
	r.send("/account/passkeys")
	r.is(400, "Choose a name", `href="#name"`)
	const name = `<b>phone</b>"><script>alert(1)</script>`
	r.addKey(device, name)
	r.get("/account/passkeys")
	r.is(200, name, "Never", "On that device alone")
	if strings.Contains(r.last.html, "<script>alert") || strings.Contains(r.last.html, "<b>phone") {
		t.Error("the name is markup")
	}
	r.send("/account/passkeys", "name", "again")
	if _, err := device.Create(r.options()); err == nil {
		t.Error("a passkey of the account is not excluded")
	}
	r.send("/account/passkeys/confirm")
	r.is(400, "The page was open for a long time")
	r.get("/step-up?next=%2Faccount%2Fpasskeys")
	r.send("/step-up")
	r.is(200, "Use a passkey of your account")
	if strings.Contains(r.last.html, `name="code"`) {
		t.Error("a code is asked for that the account cannot have")
	}
	before := r.claims.Handle
	r.sign("/step-up/verify", device)
	r.leads("/account/passkeys")
	if r.claims.Handle == before {
		t.Error("the handle from before the step-up is the one after it")
	}
	r.get("/account/passkeys")
	action := regexp.MustCompile(`action="(/account/passkeys/[^/"]+/remove)"`).FindStringSubmatch(r.last.html)
	r.send(action[1])
	r.leads("/account/passkeys")
	r.get("/account/passkeys")
	r.is(200, "You have no passkey.")
}

// A passkey that the journal does not know of is none, and one is not removed without it.
func TestPasskeysNeedTheJournal(t *testing.T) {
	r := newReader(t)
	device := passkeytest.New("https://" + pagesHome)
	r.logIn("/login")
	count := func() int {
		t.Helper()
		list, err := r.passkeys.List(t.Context(), r.account.ID)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	r.get("/account/passkeys")
	r.send("/account/passkeys", "name", "phone")
	made, err := device.Create(r.options())
	if err != nil {
		t.Fatal(err)
	}
	r.told.Take()
	r.journal.err = errors.New("the disk is full")
	r.send("/account/passkeys/confirm", "passkey", made)
	if r.is(503); count() != 0 || r.told.Take() != "" {
		t.Errorf("%d passkeys without a record", count())
	}
	r.journal.err = nil
	r.addKey(device, "phone")
	r.get("/account/passkeys")
	action := regexp.MustCompile(`action="(/account/passkeys/[^/"]+/remove)"`).FindStringSubmatch(r.last.html)
	r.told.Take()
	r.journal.err = errors.New("the disk is full")
	r.send(action[1])
	if r.is(503); count() != 1 || r.told.Take() != "" {
		t.Errorf("removed without a record: %d are left", count())
	}
	r.journal.err = nil
	r.get("/account/passkeys")
	r.send(action[1])
	if count() != 0 {
		t.Errorf("%d passkeys are left", count())
	}
}

// TestLogInByPasskeyOnPages: without a name, and after the password; mail is not
// offered to an account that has a passkey.
func TestLogInByPasskeyOnPages(t *testing.T) {
	r := newReader(t)
	device := passkeytest.New("https://" + pagesHome)
	r.logIn("/login")
	r.addKey(device, "phone")
	out := func() {
		t.Helper()
		r.get("/logout")
		r.send("/logout")
		r.is(200)
	}
	out()
	r.get("/login?next=%2Faccount%2F")
	r.is(200, "Log in with a passkey", `autocomplete="username webauthn"`)
	r.sign("/login/passkey", device)
	r.leads("/account/")
	r.arrive()
	out()
	r.get("/login")
	r.send("/login", "email", email, "password", passphrase)
	r.is(200, "Use a passkey of your account")
	if strings.Contains(r.last.html, "/login/resend") {
		t.Error("mail is offered beside a passkey")
	}
	asking := r.last
	r.sign("/login/verify", passkeyOf(t, device, func(d *passkeytest.Authenticator) { d.Origin = "https://" + pagesHome + ".evil.test" }))
	r.is(401, "This passkey was not taken")
	r.sign("/login/verify", device)
	r.leads("/")
	r.last = asking
	r.claims.Handle, r.claims.ByCookie = "", false
	r.sign("/login/verify", device)
	r.is(401, "This passkey was not taken") // the challenge was used up
}

func passkeyOf(t *testing.T, of *passkeytest.Authenticator, change func(*passkeytest.Authenticator)) *passkeytest.Authenticator {
	t.Helper()
	other := of.Clone()
	change(other)
	return other
}

// TestPasskeysThatAreNotTaken on the page where people log in: each way there is.
func TestPasskeysThatAreNotTaken(t *testing.T) {
	r := newReader(t)
	device := passkeytest.New("https://" + pagesHome)
	r.logIn("/login")
	r.addKey(device, "phone")
	r.get("/logout")
	r.send("/logout")
	for name, change := range map[string]func(*passkeytest.Authenticator){
		"another origin":        func(d *passkeytest.Authenticator) { d.Origin = "https://evil.test" },
		"another party":         func(d *passkeytest.Authenticator) { d.Party = "evil.test" },
		"its user not verified": func(d *passkeytest.Authenticator) { d.Unverified = true },
		"another account":       func(d *passkeytest.Authenticator) { d.Rename("00000000-0000-7000-8000-000000000009") },
		"another challenge":     func(d *passkeytest.Authenticator) { d.Challenge = strings.Repeat("A", 43) },
		"another ceremony":      func(d *passkeytest.Authenticator) { d.Ceremony = "webauthn.create" },
	} {
		t.Run(name, func(t *testing.T) {
			r.get("/login")
			r.sign("/login/passkey", passkeyOf(t, device, change))
			r.is(401, "This passkey was not taken")
			if r.claims.Handle != "" {
				t.Error("the browser has a session")
			}
		})
	}
	t.Run("an old page", func(t *testing.T) {
		r.get("/login")
		r.clock.Pass(6 * time.Minute)
		r.sign("/login/passkey", device)
		r.is(401)
		r.sign("/login/passkey", device) // the page that came has a new challenge
		r.leads("/")
	})
	t.Run("nothing", func(t *testing.T) {
		r.claims.Subject, r.claims.Session, r.claims.Handle, r.claims.ByCookie = "", "", "", false
		r.get("/login")
		r.send("/login/passkey")
		r.is(400, "The page was open for a long time")
		r.send("/login/passkey", "passkey", "{"+strings.Repeat(" ", 17<<10)+"}")
		r.is(400)
	})
}

// TestPasskeysAreAskedForAtTheirOriginAlone: elsewhere a browser would refuse, and the
// person would not know why.
func TestPasskeysAreAskedForAtTheirOriginAlone(t *testing.T) {
	r := newReader(t)
	r.logIn("/login")
	r.claims.Scheme = "http"
	r.get("/account/passkeys")
	r.is(200, "Passkeys are used at \u2068https://"+pagesHome+"\u2069.")
	if strings.Contains(r.last.html, `name="name"`) {
		t.Error("a passkey can be added where none is used")
	}
	r.claims.Subject, r.claims.Session = "", ""
	r.get("/login")
	r.is(200)
	if strings.Contains(r.last.html, "data-passkey") || strings.Contains(r.last.header.Get("Content-Security-Policy"), "script-src") {
		t.Error("a passkey is asked for where none is used")
	}
}

// TestScriptsRunWherePasskeysAreAskedForAlone.
func TestScriptsRunWherePasskeysAreAskedForAlone(t *testing.T) {
	r := newReader(t)
	has := func(want bool) {
		t.Helper()
		policy := r.last.header.Get("Content-Security-Policy")
		if got := strings.Contains(policy, "script-src 'self'"); got != want || strings.Contains(policy, "unsafe") {
			t.Errorf("got %s", policy)
		}
		if got := strings.Contains(r.last.html, "<script"); got != want {
			t.Errorf("script in the page: %t", got)
		}
		if inline := regexp.MustCompile(`<script[^>]*>[^<]|\son[a-z]+=|\sstyle=`).FindString(r.last.html); inline != "" {
			t.Errorf("inline: %s", inline)
		}
	}
	r.get("/login")
	has(true)
	r.get("/signup")
	has(false)
	r.logIn("/login")
	for _, path := range []string{"/", "/account/", "/account/passkeys", "/account/app", "/step-up", "/logout"} {
		r.get(path)
		has(false)
	}
	r.get("/account/passkeys")
	r.send("/account/passkeys", "name", "phone")
	has(true)
	if script := r.get("/.wardgate/passkey.js"); script.status != 200 || script.header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("got %d %v", script.status, script.header)
	}
}

// TestPasskeyFormsOfOthersDoNothing: the form that ends a log-in by passkey carries proof
// too, or a stranger's page could log a browser in as the stranger.
func TestPasskeyFormsOfOthersDoNothing(t *testing.T) {
	r := newReader(t)
	device := passkeytest.New("https://" + pagesHome)
	r.logIn("/login")
	r.addKey(device, "phone")
	r.get("/logout")
	r.send("/logout")
	r.get("/login")
	signed, err := device.Get(r.options())
	if err != nil {
		t.Fatal(err)
	}
	challenge := regexp.MustCompile(`name="challenge" value="([^"]*)"`).FindStringSubmatch(r.last.html)[1]
	r.ask(http.MethodPost, "/login/passkey", url.Values{"challenge": {challenge}, "passkey": {signed}})
	r.is(403, "Nothing was sent yet")
	if r.claims.Handle != "" {
		t.Error("the browser has a session")
	}
}

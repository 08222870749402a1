package admin_test

import (
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/look"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/browser"
	"github.com/wardgate/wardgate/pdp/admin/handler"
	"github.com/wardgate/wardgate/pdp/admin/pages"
	"github.com/wardgate/wardgate/pdp/admin/workstation"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/policies"
)

const (
	pagesHome = "home.pages.test"
	imaging   = "https://imaging.pages.test"
)

// A reader is a person with a browser in front of the administrator's pages. What
// the enforcement point does between the two is done by hand.
type reader struct {
	*world
	pages *pages.Pages
	held  *browser.Browsers
	desk  *desk
	form  string // the cookie by which forms are known
	lang  string // what the browser accepts
	kept  string // what the enforcement point hands on of a form that it refused

	stations *workstation.Desk
	station  string // the cookie of a workstation
	machine  string // whose certificate the enforcement point has verified

	last page
}

// A page is what came back.
type page struct {
	status int
	header http.Header
	html   string
}

func newReader(t *testing.T) *reader { t.Helper(); return newReaderKnowing(t, nil) }

// newReaderKnowing has machines that are known by the certificates that certified takes.
func newReaderKnowing(t *testing.T, certified func(string, time.Time) (string, error)) *reader {
	t.Helper()
	w := newWorld(t)
	d := &desk{account: w.account.ID}
	a := w.withPeople(d)
	log := slog.New(slog.NewTextHandler(w.log, nil))
	stations, err := workstation.New(workstation.Parts{Admin: a, Store: w.store, Tables: tables, Certified: certified}, pagesHome)
	if err != nil {
		t.Fatal(err)
	}
	b, err := browser.New(browser.Parts{Admin: a, Store: w.store, Sealer: w.sealer, Stations: stations, Log: log},
		browser.Origins{Home: "https://" + pagesHome, Apps: []string{imaging}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := pages.New(pages.Parts{Admin: a, Browsers: b, Sealer: w.sealer, Tables: tables, Log: log, Origins: b.Apps, PasskeyOrigin: "https://" + pagesHome, Stations: stations})
	if err != nil {
		t.Fatal(err)
	}
	w.server = p.Before(handler.New(a, b, stations, w.key, log), w.key)
	w.claims.Host, w.claims.Scheme = pagesHome, "https"
	return &reader{world: w, pages: p, held: b, desk: d, stations: stations}
}

func (r *reader) ask(method, target string, form url.Values) page {
	r.t.Helper()
	body := form.Encode()
	path, query, _ := strings.Cut(target, "?")
	c := r.claims
	c.Method, c.Path, c.QueryDigest, c.BodyDigest = method, path, assertion.Digest([]byte(query)), assertion.Digest([]byte(body))
	signed, err := r.key.Sign(c, handler.Audience, time.Now())
	if err != nil {
		r.t.Fatal(err)
	}
	request := httptest.NewRequest(method, target, strings.NewReader(body))
	request.Header.Set(assertion.Header, signed)
	request.Header.Set("Accept-Language", r.lang)
	if r.kept != "" {
		request.Header.Set(assertion.KeptHeader, r.kept)
	}
	if r.form != "" {
		request.Header.Set(assertion.FormHeader, r.form)
	}
	if r.station != "" {
		request.Header.Set(assertion.StationHeader, r.station)
	}
	if r.machine != "" {
		request.Header.Set(assertion.CertificateHeader, r.machine)
	}
	rec := httptest.NewRecorder()
	r.server.ServeHTTP(rec, request)
	for _, cookie := range rec.Result().Cookies() {
		if cookie.Name == assertion.FormCookie || cookie.Name == assertion.StationCookie {
			if cookie.Name == assertion.FormCookie {
				r.form = cookie.Value
			} else {
				r.station = cookie.Value
			}
			if !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" || cookie.SameSite != http.SameSiteLaxMode {
				r.t.Errorf("cookie %v", cookie)
			}
		}
	}
	switch handle := rec.Header().Get(assertion.BrowserHeader); handle {
	case "":
	case assertion.BrowserClear:
		r.claims.Handle, r.claims.ByCookie, r.claims.Subject, r.claims.Session, r.claims.Rows = "", false, "", "", nil
	default:
		r.claims.Handle, r.claims.ByCookie = handle, true
	}
	r.last = page{status: rec.Code, header: rec.Header(), html: rec.Body.String()}
	return r.last
}

func (r *reader) get(target string) page { r.t.Helper(); return r.ask(http.MethodGet, target, nil) }

var hiddenInput = regexp.MustCompile(`<input type="hidden" name="([a-z_]+)" value="([^"]*)">`)

// send fills the form of the last page that leads to action, and sends it.
func (r *reader) send(action string, pairs ...string) page {
	r.t.Helper()
	_, form, found := strings.Cut(r.last.html, `<form method="post" action="`+action+`"`)
	if !found {
		r.t.Fatalf("no form for %s in %d\n%s", action, r.last.status, r.last.html)
	}
	form, _, _ = strings.Cut(form, "</form>")
	values := url.Values{}
	for _, m := range hiddenInput.FindAllStringSubmatch(form, -1) {
		values.Set(m[1], html.UnescapeString(m[2]))
	}
	for pair := range slices.Chunk(pairs, 2) {
		values.Set(pair[0], pair[1])
	}
	return r.ask(http.MethodPost, action, values)
}

// is holds what came back, and that it has each text.
func (r *reader) is(status int, texts ...string) *reader {
	r.t.Helper()
	if r.last.status != status {
		r.t.Fatalf("got %d %v, want %d\n%s\n%s", r.last.status, r.last.header, status, r.last.html, r.log)
	}
	for _, text := range texts {
		if !strings.Contains(html.UnescapeString(r.last.html), text) {
			r.t.Errorf("no %q in\n%s", text, r.last.html)
		}
	}
	return r
}

// leads holds that the browser is sent on, and returns to where.
func (r *reader) leads(want string) {
	r.t.Helper()
	r.is(http.StatusSeeOther)
	if got := r.last.header.Get("Location"); got != want {
		r.t.Errorf("sent to %q, want %q", got, want)
	}
}

// arrive speaks for the session behind the handle from now on, as the enforcement
// point does.
func (r *reader) arrive() {
	r.t.Helper()
	live, err := r.admin.Sessions(r.t.Context(), r.account.ID)
	if err != nil || len(live) == 0 || r.claims.Handle == "" {
		r.t.Fatalf("no session: %v, handle %t", err, r.claims.Handle != "")
	}
	r.claims.Subject, r.claims.Session, r.claims.Role = r.account.ID, live[0].ID, "doctor"
	r.claims.Rows = &assertion.Condition{Type: "field", Operator: "eq", Field: "session.account", Value: r.account.ID}
}

// logIn goes through both factors.
func (r *reader) logIn(target string) {
	r.t.Helper()
	r.get(target)
	r.is(200, "Log in")
	r.send("/login", "email", email, "password", passphrase)
	r.is(200, "Confirm that it is you")
	r.send("/login/verify", "code", r.mail.Code())
	r.arrive()
}

func TestPagesLogInAndOut(t *testing.T) {
	r := newReader(t)
	r.logIn("/login?next=%2Faccount%2F")
	r.leads("/account/")
	if strings.Contains(r.last.html+strings.Join(r.last.header.Values("Set-Cookie"), ""), "eyJ") {
		t.Error("the browser got a token")
	}
	r.get("/account/")
	r.is(200, "doctor", email)
	r.get("/account/sessions")
	r.is(200, "Firefox, Linux", "This one")
	r.get("/logout")
	r.is(200, "This ends your session")
	session := r.claims.Session
	r.send("/logout")
	r.is(200, "You are logged out")
	if r.claims.Handle != "" || !r.revoked.Has(session) {
		t.Errorf("the session goes on: handle %q, revoked %t", r.claims.Handle, r.revoked.Has(session))
	}
	r.get("/")
	r.leads("/login")
}

// TestFormsOfOthersDoNothing: a form without proof, with another browser's, of
// another session, or too old is shown again, with what was typed but the secrets.
func TestFormsOfOthersDoNothing(t *testing.T) {
	r := newReader(t)
	other := newReader(t)
	other.get("/login")
	theirs := hiddenInput.FindStringSubmatch(other.last.html)[2]
	r.get("/login")
	own := hiddenInput.FindStringSubmatch(r.last.html)[2]
	mine := r.form
	for _, tt := range []struct {
		name, csrf, cookie string
		later              time.Duration
	}{
		{"no proof", "", mine, 0},
		{"no cookie", own, "", 0},
		{"another browser's cookie", own, strings.Repeat("A", 26), 0},
		{"another browser's proof", theirs, mine, 0},
		{"not a proof", "AAAA", mine, 0},
		{"not base64", "!", mine, 0},
		{"a day old", own, mine, 24 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.form = tt.cookie
			r.clock.Pass(tt.later)
			r.ask(http.MethodPost, "/login", url.Values{"csrf": {tt.csrf}, "email": {email}, "password": {passphrase}})
			r.is(403, "Nothing was sent yet", `value="`)
			if r.mail.Code() != "" {
				t.Error("a log-in was begun")
			}
			if !strings.Contains(r.last.html, `value="`+email+`"`) || strings.Contains(r.last.html, passphrase) {
				t.Errorf("the address was not kept, or the password was:\n%s", r.last.html)
			}
		})
	}
	r.send("/login", "email", email, "password", passphrase) // the page that was shown is a new one
	r.is(200, "Confirm that it is you")
}

// TestAFormOfAnEarlierSessionDoesNothing in the session after it.
func TestAFormOfAnEarlierSessionDoesNothing(t *testing.T) {
	r := newReader(t)
	r.logIn("/login")
	r.get("/logout")
	kept := r.last
	r.claims.Session = "00000000-0000-7000-8000-000000000001"
	r.last = kept
	r.send("/logout")
	r.is(403, "Nothing was sent yet")
}

func TestPagesTellWhatIsWrong(t *testing.T) {
	r := newReader(t)
	r.get("/login")
	r.send("/login")
	r.is(400, "There is a problem", "Type your e-mail address", "Type your password", `href="#email"`, `aria-invalid="true"`)
	r.send("/login", "email", "nobody@hospital.test", "password", "wrong wrong wrong")
	r.is(401, "The e-mail address or the password is wrong", `value="nobody@hospital.test"`)
	unknown := r.last.html
	r.send("/login", "email", email, "password", "wrong wrong wrong")
	r.is(401)
	proof := regexp.MustCompile(`name="(csrf|challenge)" value="[^"]*"|data-options="[^"]*"`)
	if proof.ReplaceAllString(unknown, "") != strings.Replace(proof.ReplaceAllString(r.last.html, ""), email, "nobody@hospital.test", 1) {
		t.Error("the page tells whether there is an account")
	}
	r.send("/login", "email", email, "password", passphrase)
	r.send("/login/verify", "code", "000000")
	r.is(401, "The code is wrong")
	r.send("/login/resend")
	r.is(429)
	if r.last.header.Get("Retry-After") == "" || !strings.Contains(r.last.html, "Try again in") {
		t.Errorf("no word of waiting: %v", r.last.header)
	}
	r.policy.answer = pdp.Decision{Reasons: []string{"location_drifted"}, Revision: "r1"}
	r.clock.Pass(2 * time.Minute)
	r.send("/login/verify", "code", r.mail.Code())
	r.is(403, "This is not possible.")
	if r.claims.Handle != "" {
		t.Error("a refused log-in has a handle")
	}
}

// TestWhatIsTypedOnPagesIsText in every field of every form.
func TestWhatIsTypedOnPagesIsText(t *testing.T) {
	r := newReader(t)
	const typed = `"><script>alert(1)</script>`
	for action, fields := range map[string][]string{
		"/login": {"email", "password", "next"}, "/signup": {"username", "email", "password", "role", "patient_number", "enrolment_code"},
		"/forgot": {"email"},
	} {
		r.get(action)
		var pairs []string
		for _, f := range fields {
			pairs = append(pairs, f, typed)
		}
		r.desk.err = &pip.Refusal{Reason: "email_malformed"}
		if r.send(action, pairs...); strings.Contains(r.last.html, "<script>") {
			t.Errorf("%s shows markup:\n%s", action, r.last.html)
		}
		if !strings.Contains(r.last.html, "&lt;script&gt;") {
			t.Errorf("%s keeps nothing of what was typed", action)
		}
	}
}

// TestWhereALogInLeads: own paths, and exactly the configured origins.
func TestWhereALogInLeads(t *testing.T) {
	r := newReader(t)
	r.logIn("/login")
	nonce := browser.Hash("nonce-of-imaging")
	for next, want := range map[string]string{
		"/account/":                             "/account/",
		"/account/sessions?lang=ar":             "/account/sessions?lang=ar",
		"":                                      "/",
		"account":                               "/",
		"https://home.pages.test/account/?a=b":  "/account/?a=b",
		"https://home.pages.test//evil.test/":   "/",
		"https://home.pages.test":               "/",
		"https://home.pages.test.evil.test/":    "/",
		"http://home.pages.test/account/":       "/",
		"//evil.test/":                          "/",
		`/\evil.test/`:                          "/",
		"/\t/evil.test/":                        "/",
		"/%2F/x":                                "/",
		"https://evil.test/":                    "/",
		"https://imaging.pages.test.evil.test/": "/",
		"https://imaging.pages.test:8443/":      "/",
		"http://imaging.pages.test/":            "/",
		"https://x@imaging.pages.test/":         "/",
		"https://IMAGING.pages.test/":           "/",
		"javascript:alert(1)":                   "/",
		"https:imaging.pages.test":              "/",
	} {
		r.get("/login?" + url.Values{"next": {next}, "nonce": {nonce}}.Encode())
		r.leads(want)
	}
	r.get("/login?" + url.Values{"next": {imaging + "/studies?id=7"}, "nonce": {nonce}}.Encode())
	r.is(303)
	at := r.last.header.Get("Location")
	if !regexp.MustCompile(`^https://imaging\.pages\.test/\.wardgate/session\?code=[A-Za-z0-9_-]{43}&next=%2Fstudies%3Fid%3D7$`).MatchString(at) {
		t.Fatalf("sent to %q", at)
	}
	r.get("/login?" + url.Values{"next": {imaging + "/"}}.Encode()) // from nowhere
	r.is(400, "You are logged in, but not there")
}

// TestCSPAllowsTheWayToApplications: browsers hold a form to the policy on its way
// through redirections too.
func TestCSPAllowsTheWayToApplications(t *testing.T) {
	r := newReader(t)
	policy := r.get("/login").header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "form-action 'self' "+imaging+";") {
		t.Errorf("got %s", policy)
	}
}

func TestAccountPages(t *testing.T) {
	r := newReader(t)
	r.logIn("/login")
	r.claims.Withhold = []string{"email"}
	r.get("/account/")
	r.is(200, "Not shown here")
	if strings.Contains(r.last.html, email) {
		t.Error("what the policy withholds is shown")
	}
	r.get("/account/app")
	r.is(200, "Recovery codes that are left: \u20689\u2069.")
	r.send("/account/app/remove")
	r.leads("/account/app")
	if r.desk.removed != 1 {
		t.Errorf("removed %d times", r.desk.removed)
	}
	r.ask(http.MethodPost, "/account/app", url.Values{"csrf": {hiddenInput.FindStringSubmatch(r.get("/account/app").html)[2]}})
	r.is(200, "SECRET", "otpauth://totp/x", `<path d="M4 4h1v1h-1z`)
	if strings.Contains(r.log.String(), "SECRET") || strings.Contains(r.log.String(), "otpauth") {
		t.Error("the log has the key")
	}
	r.send("/account/app/confirm", "code", "123 123")
	r.is(200, "AAAAA-BBBBB")
	r.claims.Rows = nil
	r.get("/account/sessions")
	r.is(403)
	if strings.Contains(r.last.html, "Firefox") {
		t.Error("sessions are shown without a row condition")
	}
}

func TestEndingSessionsOnPages(t *testing.T) {
	r := newReader(t)
	r.logIn("/login")
	own := r.claims.Session
	r.get("/account/sessions")
	r.send("/account/sessions/" + own + "/end")
	r.leads("/login")
	if r.claims.Handle != "" || !r.revoked.Has(own) {
		t.Error("the session goes on")
	}
	r.logIn("/login")
	own = r.claims.Session
	r.get("/account/sessions")
	r.send("/account/sessions/end-all")
	r.is(200, "All sessions of your account have ended")
	if r.claims.Handle != "" || !r.revoked.Has(own) {
		t.Error("the session goes on")
	}
}

func TestStepUpOnPages(t *testing.T) {
	r := newReader(t)
	r.get("/step-up?next=%2Faccount%2Fapp")
	r.leads("/login?next=%2Fstep-up%3Fnext%3D%252Faccount%252Fapp")
	r.logIn(r.last.header.Get("Location"))
	r.leads("/step-up?next=%2Faccount%2Fapp")
	before := r.claims.Handle
	r.get("/step-up?next=%2Faccount%2Fapp")
	r.is(200, "needs a fresh confirmation")
	r.send("/step-up")
	r.is(200, "six digits")
	r.send("/step-up/verify", "code", "000000")
	r.is(401, "The code is wrong")
	r.send("/step-up/verify", "code", r.mail.Code())
	r.leads("/account/app")
	if r.claims.Handle == before {
		t.Error("the handle from before the step-up is the one after it")
	}
}

// TestAnElevationGoesWhereItWasAskedFor: with a step-up that an application asked for,
// and not with an address that leads there while another one lasts.
func TestAnElevationGoesWhereItWasAskedFor(t *testing.T) {
	r := newReader(t)
	r.limits.Carried = time.Minute
	const nonce = "nonce-of-imaging"
	asking := "?" + url.Values{"next": {imaging + "/"}, "nonce": {browser.Hash(nonce)}, "elevated": {"yes"}}.Encode()
	at := on(strings.TrimPrefix(imaging, "https://"))
	acr := func() string {
		t.Helper()
		r.is(303)
		to, err := url.Parse(r.last.header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		handle, err := r.held.Redeem(t.Context(), at, to.Query().Get("code"), nonce)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.held.Continue(t.Context(), pdp.Continuation{Handle: handle, Host: at.Host, Address: at.Address, UserAgent: at.UserAgent, Decision: "d-2"})
		if err != nil {
			t.Fatal(err)
		}
		return text(r.parse(got.AccessToken), "acr")
	}
	stepUp := func(target string) {
		t.Helper()
		r.get(target)
		r.send("/step-up")
		r.send("/step-up/verify", "code", r.mail.Code())
	}
	r.logIn("/login")
	stepUp("/step-up")
	r.leads("/")
	r.get("/login" + asking)
	if got := acr(); got == admin.ACRSteppedUp {
		t.Error("a step-up on the home counts at an application to which an address led")
	}
	stepUp("/step-up" + asking)
	if got := acr(); got != admin.ACRSteppedUp {
		t.Errorf("after a step-up that was asked for: acr %q", got)
	}
}

func TestSignUpAndResetOnPages(t *testing.T) {
	r := newReader(t)
	r.get("/signup")
	r.is(200, "Nurse")
	r.send("/signup", "username", "nia", "email", "nia@hospital.test", "password", "a lamp on the third stair", "role", "nurse")
	r.is(200, "Confirm your e-mail address")
	if r.desk.said.Username != "nia" || r.desk.said.Password != "a lamp on the third stair" || strings.Contains(r.last.html, "third stair") {
		t.Errorf("signed up %v, or the password is shown", r.desk.said.Username)
	}
	r.send("/signup/verify", "code", "123123")
	r.is(200, "Your e-mail address is confirmed")
	r.get("/forgot")
	r.send("/forgot", "email", "nia@hospital.test")
	r.is(200, "If there is an account")
	r.send("/reset", "code", "123123", "password", "a lamp on the third stair")
	r.is(200, "Your password is changed")
	r.get("/reset")
	r.leads("/forgot")
}

// TestPagesInEveryLanguage: each page is whole in each, and keeps the one that was
// chosen.
func TestPagesInEveryLanguage(t *testing.T) {
	r := newReader(t)
	for _, l := range look.Languages() {
		r.claims.Subject, r.claims.Session = "", ""
		r.lang = l.Code
		for _, path := range []string{"/login", "/signup", "/forgot", "/logout"} {
			r.get(path)
			r.is(200, `lang="`+l.Code+`" dir="`+l.Direction+`"`)
			unsaid(t, r.last.html)
		}
		r.get("/login")
		r.send("/login", "email", email, "password", passphrase)
		r.is(200)
		unsaid(t, r.last.html)
		r.send("/login/verify", "code", r.mail.Code())
		r.arrive()
		for _, path := range []string{"/", "/account/", "/account/sessions", "/account/passkeys", "/account/app", "/step-up", "/logout"} {
			r.get(path)
			r.is(200, `dir="`+l.Direction+`"`)
			unsaid(t, r.last.html)
		}
	}
	r.lang = "en"
	r.claims.Subject, r.claims.Session = "", ""
	r.get("/login?lang=ar&next=%2Faccount%2F")
	r.is(200, `dir="rtl"`, "/login?lang=en&next=%2Faccount%2F", "/signup?lang=ar")
	r.send("/login", "email", "x", "password", "y")
	r.is(400, `dir="rtl"`)
}

// unsaid finds words that stand in a page in place of their text.
func unsaid(t *testing.T, page string) {
	t.Helper()
	if found := regexp.MustCompile(`>\s*[a-z_]+\.[a-z_.]+\s*<`).FindString(page); found != "" {
		t.Errorf("a word without a text: %s", found)
	}
}

// TestNoPageTakesWhatTheGuardRefuses: a page without an assertion is none.
func TestNoPageTakesWhatTheGuardRefuses(t *testing.T) {
	r := newReader(t)
	for _, endpoint := range r.pages.Endpoints() {
		method, path, _ := strings.Cut(endpoint, " ")
		rec := httptest.NewRecorder()
		r.server.ServeHTTP(rec, httptest.NewRequest(method, strings.ReplaceAll(path, "{session}", "x"), nil))
		if rec.Code != http.StatusUnauthorized {
			t.Errorf("%s: got %d", endpoint, rec.Code)
		}
	}
}

func TestPagesNeedTheirParts(t *testing.T) {
	if _, err := pages.New(pages.Parts{}); err == nil || !strings.Contains(err.Error(), "Browsers") {
		t.Errorf("got %v", err)
	}
}

// TestPagesKeepSecretsOutOfTheLog: neither codes nor passwords nor handles.
func TestPagesKeepSecretsOutOfTheLog(t *testing.T) {
	r := newReader(t)
	r.logIn("/login")
	for _, secret := range []string{passphrase, r.mail.Code(), r.claims.Handle, r.form} {
		if strings.Contains(r.log.String(), secret) {
			t.Error("the log has a secret")
		}
	}
}

// TestEveryPageHasARoute, which takes the body that it has, and every route for a
// form has a page.
func TestEveryPageHasARoute(t *testing.T) {
	e, err := engine.New(policies.FS, points.Sections(), nil, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	served := newReader(t).pages.Endpoints()
	bodies := map[string]string{http.MethodGet: pdp.BodyNone, http.MethodPost: pdp.BodyForm}
	routed := map[string]bool{}
	for _, row := range e.Tables().Routes {
		if row.Application == handler.Audience && row.Body == bodies[row.Method] {
			routed[row.Method+" "+row.Path] = true
		}
		if row.Body == pdp.BodyForm && !slices.Contains(served, row.Method+" "+row.Path) {
			t.Errorf("no page takes the form of %s", row.Path)
		}
	}
	for _, endpoint := range served {
		if !routed[endpoint] {
			t.Errorf("no route leads to %s", endpoint)
		}
	}
}

// TestThePictureOfAnAppsKey has the three marks by which scanners find a QR code, and its
// white edge (ISO/IEC 18004).
func TestThePictureOfAnAppsKey(t *testing.T) {
	r := newReader(t)
	r.logIn("/login")
	r.ask(http.MethodPost, "/account/app", url.Values{"csrf": {hiddenInput.FindStringSubmatch(r.get("/account/app").html)[2]}})
	side, err := strconv.Atoi(regexp.MustCompile(`viewBox="0 0 (\d+) `).FindStringSubmatch(r.last.html)[1])
	if err != nil || (side-8-17)%4 != 0 {
		t.Fatalf("%d units wide, %v", side, err)
	}
	dark := map[string]bool{}
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)h1v1h-1z`).FindAllStringSubmatch(r.last.html, -1) {
		dark[m[1]+" "+m[2]] = true
	}
	at := func(x, y int) bool { return dark[strconv.Itoa(x)+" "+strconv.Itoa(y)] }
	for _, corner := range [][2]int{{4, 4}, {side - 11, 4}, {4, side - 11}} {
		for y := range 7 {
			for x := range 7 {
				ring := max(x-3, 3-x, y-3, 3-y)
				if at(corner[0]+x, corner[1]+y) != (ring != 2) {
					t.Errorf("at %d, %d: dark %t", corner[0]+x, corner[1]+y, ring == 2)
				}
			}
		}
	}
	for i := range side {
		for edge := range 4 {
			if at(i, edge) || at(edge, i) || at(i, side-1-edge) || at(side-1-edge, i) {
				t.Fatal("the edge is not white")
			}
		}
	}
}

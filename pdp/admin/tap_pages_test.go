package admin_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/workstation"
)

// becomes makes the reader's browser a workstation.
func (r *reader) becomes(name string) {
	r.t.Helper()
	_, code, err := r.stations.Register(r.t.Context(), on(pagesHome), r.chief(), workstation.Registration{Name: name, Zone: "d-1", Network: "hospital"})
	if err != nil {
		r.t.Fatal(err)
	}
	r.get("/workstation")
	r.is(200, "Make this machine a workstation")
	r.send("/workstation", "code", code)
	r.is(200, "This machine is a workstation", name)
	if r.station == "" || strings.Contains(r.last.html, r.station) {
		r.t.Error("the browser has no key, or the page shows it")
	}
	r.get("/workstation")
	r.send("/workstation", "code", code)
	r.is(401, "was used before")
}

// A badge and then a PIN, each followed by Enter, resume a session without any script.
func TestPagesResumeASessionByBadge(t *testing.T) {
	r := newReader(t)
	r.limits = admin.Limits{Shift: 10 * time.Hour, WalkAway: 5 * time.Minute}
	r.becomes("bay <1>")
	r.get("/login?next=%2Faccount%2F")
	r.leads("/tap?next=%2Faccount%2F")
	r.logIn("/login?with=password&next=%2Faccount%2F")
	r.get("/account/badge")
	r.is(200, "Badge and PIN", "not set")
	r.send("/account/badge", "badge", "0047 1199", "pin", "4711")
	r.follows("/account/badge").is(200, "set", "Saved.")
	session := r.claims.Session

	// The person walks away, and the enforcement point clears the cookie.
	r.claims.Handle, r.claims.ByCookie, r.claims.Subject, r.claims.Session, r.claims.Rows = "", false, "", "", nil
	r.get("/tap?next=%2Faccount%2F")
	r.is(200, "Hold your badge to the reader")
	r.send("/tap", "badge", "00471199")
	r.is(200, "Type your PIN")
	r.send("/tap", "pin", "4712")
	r.is(401, "are not accepted", "Hold your badge to the reader")
	r.send("/tap", "badge", "00471199")
	r.send("/tap", "pin", "4711")
	r.leads("/account/")
	r.arrive()
	if r.claims.Session != session {
		t.Errorf("resumed %s, want %s", r.claims.Session, session)
	}
	for _, secret := range []string{"4711", "00471199", r.station} {
		if strings.Contains(r.log.String(), secret) {
			t.Error("the log has a secret")
		}
	}
}

// Who logs in at a workstation that another person is using puts that person's session
// away, and ends it nowhere: its owner resumes it.
func TestALogInAtAWorkstationEndsNobodysSession(t *testing.T) {
	r := newReader(t)
	r.limits = admin.Limits{Shift: 10 * time.Hour, WalkAway: 5 * time.Minute}
	r.becomes("bay 1")
	r.logIn("/login?with=password")
	first, handle := r.claims.Session, r.claims.Handle
	r.logIn("/login?with=password")
	if r.claims.Session == first || r.claims.Handle == handle {
		t.Fatal("the second log-in began no session")
	}
	if r.revoked.Has(first) {
		t.Error("the first session has ended")
	}
	live, err := r.admin.Sessions(t.Context(), r.account.ID)
	if err != nil || len(live) != 2 {
		t.Errorf("got %d sessions, %v", len(live), err)
	}
}

func TestPagesTakeNoBadgeElsewhere(t *testing.T) {
	r := newReader(t)
	r.get("/login")
	r.is(200, "Log in")
	r.get("/tap")
	r.is(200, "at no registered workstation")
	r.becomes("bay 1")
	kept := r.last
	r.claims.Address = "10.1.2.3"
	r.get("/tap")
	r.is(200, "at no registered workstation")
	r.last = kept
	r.ask(http.MethodPost, "/tap", nil)
	r.is(403)
}

func TestPagesOfWorkstationsAreInArabic(t *testing.T) {
	r := newReader(t)
	r.lang = "ar"
	r.get("/workstation")
	r.is(200, "جعل هذا الجهاز محطة عمل")
	r.get("/tap")
	r.is(200, "البطاقة والرقم السري")
}

// Officers' calls are served as JSON, and name what is wrong.
func TestWorkstationsAreServed(t *testing.T) {
	r := newReader(t)
	r.claims.Subject, r.claims.Role = "u-officer", "security"
	got := r.post("/api/admin/workstations", map[string]string{"name": "bay 1", "zone": "d-1", "network": "hospital"})
	if got.Status != 201 || got.text("id") == "" || len(got.text("code")) != 26 {
		t.Fatalf("got %d %s", got.Status, got.Raw)
	}
	if got := r.post("/api/admin/workstations", map[string]string{"name": "bay 1", "network": "hospital"}); got.Status != 409 || got.reason() != "workstation_taken" {
		t.Errorf("got %d %s", got.Status, got.Raw)
	}
	if got := r.post("/api/admin/workstations", map[string]string{"name": "bay 2", "network": "attic"}); got.Status != 400 || got.reason() != "workstation_network" {
		t.Errorf("got %d %s", got.Status, got.Raw)
	}
	list := r.call(http.MethodGet, "/api/admin/workstations")
	if list.Status != 200 || !strings.Contains(list.Raw, `"bay 1"`) || strings.Contains(list.Raw, got.text("code")) {
		t.Errorf("got %d %s", list.Status, list.Raw)
	}
	if gone := r.call(http.MethodDelete, "/api/admin/workstations/"+got.text("id")); gone.Status != 204 {
		t.Errorf("got %d %s", gone.Status, gone.Raw)
	}
	if gone := r.call(http.MethodDelete, "/api/admin/workstations/"+got.text("id")); gone.Status != 404 {
		t.Errorf("got %d %s", gone.Status, gone.Raw)
	}
}

func (r *reader) call(method, path string) answer {
	r.t.Helper()
	return r.world.send(method, path, "")
}

// The authenticator that is built into a shared machine would be everybody's there.
func TestPlatformPasskeysAreNotOfferedAtAWorkstation(t *testing.T) {
	r := newReader(t)
	r.logIn("/login")
	offered := func() bool {
		r.get("/account/passkeys")
		r.send("/account/passkeys", "name", "A key")
		r.is(200)
		return !strings.Contains(r.last.html, "cross-platform")
	}
	if !offered() {
		t.Error("elsewhere the machine's own authenticator is not offered")
	}
	r.becomes("bay 1")
	if offered() {
		t.Error("a workstation's own authenticator is offered")
	}
}

// A session that was begun before the machine was a workstation, or in its browser without
// the key, has handles on other origins that no turn takes away: the next who comes ends it.
func TestATurnEndsASessionThatIsAtNoWorkstation(t *testing.T) {
	r := newReader(t)
	r.limits = admin.Limits{Shift: 10 * time.Hour, WalkAway: 5 * time.Minute}
	r.logIn("/login")
	officers := r.claims.Session
	r.becomes("bay 1")
	r.logIn("/login?with=password")
	if !r.revoked.Has(officers) {
		t.Error("a log-in left the session from before the enrolment")
	}
	r.get("/account/badge")
	r.send("/account/badge", "badge", "0047 1199", "pin", "4711")
	r.follows("/account/badge").is(200, "set")
	own := r.claims.Session

	key := r.station
	r.station = ""
	r.claims.Handle, r.claims.ByCookie, r.claims.Subject, r.claims.Session, r.claims.Rows = "", false, "", "", nil
	r.logIn("/login")
	hidden := r.claims.Session
	r.station = key
	r.get("/tap")
	r.send("/tap", "badge", "00471199")
	r.send("/tap", "pin", "4711")
	r.arrive()
	if r.claims.Session != own || !r.revoked.Has(hidden) || r.revoked.Has(own) {
		t.Errorf("resumed %s, want %s and the other one ended", r.claims.Session, own)
	}
	r.get("/tap") // the same person once more
	r.send("/tap", "badge", "00471199")
	r.send("/tap", "pin", "4711")
	r.arrive()
	if r.claims.Session != own || r.revoked.Has(own) {
		t.Error("a second tap ended the own session")
	}
}

// follows asks for the page that the last answer leads to, which has this path.
func (r *reader) follows(path string) *reader {
	r.t.Helper()
	r.is(http.StatusSeeOther)
	to := r.last.header.Get("Location")
	if got, _, _ := strings.Cut(to, "?"); got != path {
		r.t.Fatalf("sent to %q, want %q", to, path)
	}
	r.get(to)
	return r
}

// The owner is told when a badge is set or removed; the page says what was done,
// to the browser that did it alone, and for a minute.
func TestPagesSayThatABadgeWasSaved(t *testing.T) {
	r := newReader(t)
	r.logIn("/login")
	r.get("/account/badge")
	r.is(200, "not set")
	if strings.Contains(r.last.html, "/account/badge/remove") {
		t.Error("there is a button to remove what there is not")
	}
	r.told.Take()
	r.send("/account/badge", "badge", "0047", "pin", "1111")
	r.is(400, "Choose a PIN of 4 to 12 digits")
	if got := r.told.Take(); got != "" {
		t.Errorf("of what was refused the owner was told %q", got)
	}
	r.send("/account/badge", "badge", "00471199", "pin", "4711")
	saved := r.last.header.Get("Location")
	r.follows("/account/badge").is(200, "Saved.", "Remove badge and PIN")
	if got := r.told.Take(); got != email+" badge_set" {
		t.Errorf("told %q", got)
	}
	if strings.Contains(saved, "aved") || strings.Contains(r.last.html, "00471199") || strings.Contains(r.last.html, "4711") {
		t.Errorf("the address or the page says too much: %s", saved)
	}

	silent := func(why, target string) {
		t.Helper()
		r.get(target)
		r.is(200)
		if strings.Contains(r.last.html, "Saved.") || strings.Contains(r.last.html, `class="done"`) {
			t.Errorf("%s: the page says that something was done", why)
		}
	}
	browser := r.form
	r.form = strings.Repeat("B", 26)
	silent("another browser", saved)
	r.form = browser
	silent("a word that another site chose", "/account/badge?done=badge.removed")
	silent("a form's proof", "/account/badge?done="+regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(r.last.html)[1])
	r.clock.Pass(2 * time.Minute)
	silent("two minutes later", saved)

	r.lang = "ar"
	r.get("/account/badge?lang=ar")
	r.send("/account/badge/remove")
	r.follows("/account/badge").is(200, "تمت إزالة البطاقة والرقم السري.")
	if got := r.told.Take(); got != email+" badge_removed" {
		t.Errorf("told %q", got)
	}
	r.lang = ""
	r.get("/account/badge")
	r.ask(http.MethodPost, "/account/badge/remove", nil)
	r.is(403, "Nothing was sent yet")
}

// Of an officer's word the owner hears, with the officer's name.
func TestOwnerIsToldWhoGaveOrTookABadge(t *testing.T) {
	w := newWard(t)
	officer := w.pending("kim", "security")
	w.told.Take()
	if err := w.admin.GiveBadge(t.Context(), on(home), officer, w.nurse.ID, "X-1234"); err != nil {
		t.Fatal(err)
	}
	if err := w.admin.RemoveBadge(t.Context(), on(home), officer, w.nurse.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.admin.RemoveBadge(t.Context(), on(home), officer, w.nurse.ID); err != nil {
		t.Fatal(err)
	}
	if got, want := w.told.Take(), nurseMail+" badge_set kim, "+nurseMail+" badge_removed kim"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}

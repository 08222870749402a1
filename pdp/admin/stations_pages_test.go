package admin_test

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/look"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/workstation"
	"github.com/wardgate/wardgate/pip"
)

var codeShown = regexp.MustCompile(`<bdi class="code">([A-Z2-7]{26})</bdi>`)

// An officer registers a machine by a page, sees who is where since when, and withdraws it.
func TestOfficerKeepsWorkstationsByPages(t *testing.T) {
	r := newReader(t)
	r.logIn("/login?with=password")
	r.get("/workstations")
	r.is(200, "There is none yet.", "hospital", "labs")
	r.send("/workstations", "station", "bay <1>", "zone", "ward 7", "network", "hospital")
	r.is(200, "is registered.", "bay <1>", "waits for its code", "ward 7", "doctor", "never")
	code := codeShown.FindStringSubmatch(r.last.html)
	if code == nil {
		t.Fatalf("no code in\n%s", r.last.html)
	}
	if strings.Contains(r.last.html, "<1>") || strings.Contains(r.last.html, `value="bay`) {
		t.Error("the name is markup, or stands in the form again")
	}
	if strings.Contains(r.get("/workstations").html, code[1]) || r.last.header.Get("Cache-Control") != "no-store" {
		t.Error("the code is shown again, or kept by the browser")
	}
	r.get("/workstation")
	r.send("/workstation", "code", code[1])
	r.is(200, "This machine is a workstation")
	r.get("/workstations")
	r.is(200, "never")
	if strings.Contains(r.last.html, "waits for its code") {
		t.Error("an enrolled one waits")
	}
	r.logIn("/login?with=password")
	r.get("/workstations")
	r.is(200)
	if strings.Contains(r.last.html, "never") {
		t.Error("a workstation in use is shown as never used")
	}
	r.send(regexp.MustCompile(`/workstations/[0-9a-f-]{36}/remove`).FindString(r.last.html))
	r.follows("/workstations").is(200, "The workstation is withdrawn.", "There is none yet.")
	for action, want := range map[string]string{"workstation.register": r.account.ID + "  workstation ", "workstation.remove": r.account.ID + "  workstation "} {
		if got := r.journalled(action, "success"); len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%s: journalled %q", action, got)
		}
	}
}

func TestStationsPageTellsWhatIsWrong(t *testing.T) {
	r := newReader(t)
	r.becomes("bay 1")
	r.logIn("/login?with=password")
	for _, tt := range []struct {
		name, zone, network, field, want string
	}{
		{"", "", "", "station", "Type a name"},
		{"bay 2", "", "", "network", "Choose a network"},
		{"bay 1", "", "hospital", "station", "Another workstation has this name"},
		{"bay\x01", "", "hospital", "station", "A name has 1 to 64 characters"},
		{strings.Repeat("x", 65), "", "hospital", "station", "A name has 1 to 64 characters"},
		{"bay 2", " x", "hospital", "zone", "up to 64 characters"},
		{"bay 2", "", "nowhere", "network", ""},
	} {
		r.get("/workstations")
		r.send("/workstations", "station", tt.name, "zone", tt.zone, "network", tt.network)
		if r.last.status != http.StatusBadRequest && r.last.status != http.StatusConflict {
			t.Errorf("%+v: got %d", tt, r.last.status)
		}
		r.is(r.last.status, tt.want, `href="#`+tt.field+`"`)
	}
	action := "/workstations/00000000-0000-7000-8000-000000000001/remove"
	r.ask(http.MethodPost, action, url.Values{"csrf": {hiddenInput.FindStringSubmatch(r.get("/workstations").html)[2]}})
	r.is(404, "There is no such workstation any more.")
	r.ask(http.MethodPost, action, nil)
	r.is(403, "Nothing was sent yet")
	r.ask(http.MethodPost, "/workstations", url.Values{"station": {"bay 3"}, "network": {"hospital"}})
	r.is(403, "Nothing was sent yet")
	if all, err := r.stations.List(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("got %+v, %v, want the first alone", all, err)
	}
}

// Many workstations come in parts, each once.
func TestManyWorkstationsComeInParts(t *testing.T) {
	r := newReader(t)
	for i := range 230 {
		if _, _, err := r.stations.Register(t.Context(), on(pagesHome), "u-gone", workstation.Registration{Name: fmt.Sprintf("bay %03d", i), Zone: "", Network: "hospital"}); err != nil {
			t.Fatal(err)
		}
	}
	r.logIn("/login")
	var names []string
	for at := "/workstations"; at != "" && len(names) < 300; {
		r.get(at)
		r.is(200, "u-gone")
		for _, m := range regexp.MustCompile(`<h2><bdi>(.*?)</bdi>`).FindAllStringSubmatch(r.last.html, -1) {
			names = append(names, m[1])
		}
		at = ""
		if m := regexp.MustCompile(`<p><a href="(/workstations\?from=[^"]+)">`).FindStringSubmatch(r.last.html); m != nil {
			at = html.UnescapeString(m[1])
		}
	}
	if len(names) != 230 || !slices.IsSorted(names) || len(slices.Compact(names)) != 230 {
		t.Errorf("%d names", len(names))
	}
}

func TestStationsPageInEveryLanguage(t *testing.T) {
	r := newReader(t)
	r.becomes("bay 1")
	r.logIn("/login?with=password")
	for _, l := range look.Languages() {
		r.get("/workstations?lang=" + l.Code)
		r.is(200, `dir="`+l.Direction+`"`)
		unsaid(t, r.last.html)
		r.send("/workstations", "station", "bay "+l.Code, "network", "hospital")
		r.is(200, `dir="`+l.Direction+`"`)
		unsaid(t, r.last.html)
	}
}

// The link is for those whose role has such affairs; the right is the policy's.
func TestLinkToWorkstationsIsForOfficers(t *testing.T) {
	r := newReader(t)
	r.logIn("/login")
	for role, want := range map[string]bool{"doctor": false, "security": true, "": false} {
		r.claims.Role = role
		if got := strings.Contains(r.get("/account/").html, `"/workstations"`); got != want {
			t.Errorf("%s: link %t", role, got)
		}
	}
	if roles()["security"].Kind != pip.RoleOfficer {
		t.Error("security is no officer here")
	}
}

// A machine with a certificate is registered and enrolled by the same pages, and gets no key.
func TestPagesEnrolAMachineByItsCertificate(t *testing.T) {
	r := newReaderKnowing(t, func(string, time.Time) (string, error) { return "", errors.New("none") })
	r.limits = admin.Limits{Shift: 10 * time.Hour, WalkAway: 5 * time.Minute}
	r.logIn("/login")
	r.get("/workstations")
	r.send("/workstations", "station", "bay 1", "network", "hospital")
	r.is(400, "Choose what the machine is known by", `href="#proof"`)
	r.send("/workstations", "station", "bay 1", "network", "hospital", "proof", "face")
	r.is(400, "Choose one of these", `href="#proof"`)
	r.send("/workstations", "station", "bay 1", "network", "hospital", "proof", "certificate")
	r.is(200, "is registered.", "its client certificate")
	code := codeShown.FindStringSubmatch(r.last.html)
	if code == nil {
		t.Fatal("no code")
	}
	r.station = strings.Repeat("A", 43) // of a registration that was withdrawn
	r.get("/workstation")
	r.send("/workstation", "code", code[1])
	r.is(403, "has shown no certificate of the hospital", "The code has not been used")
	r.machine = strings.Repeat("5a", 32)
	r.send("/workstation", "code", code[1])
	r.is(200, "This machine is a workstation")
	if r.station != "" {
		t.Error("the browser has a key")
	}
	r.claims.Handle, r.claims.ByCookie, r.claims.Subject, r.claims.Session, r.claims.Rows = "", false, "", "", nil
	r.get("/login")
	r.leads("/tap")
	r.logIn("/login?with=password")
	r.get("/account/badge")
	r.send("/account/badge", "badge", "00471199", "pin", "4711")
	r.get("/tap")
	r.send("/tap", "badge", "00471199")
	r.send("/tap", "pin", "4711")
	r.leads("/")
	if len(r.last.header.Values("Set-Cookie")) != 0 {
		t.Errorf("a tap set %q", r.last.header.Values("Set-Cookie"))
	}
	r.machine = strings.Repeat("5b", 32)
	r.get("/tap")
	r.is(200, "at no registered workstation")
}

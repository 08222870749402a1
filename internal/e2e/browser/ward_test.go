//go:build browser

package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// enter types as a badge reader does: text, and the key Enter.
func (b *tab) enter(label, text string) *tab {
	b.t.Helper()
	id := b.input(label)
	return b.turn("enter "+label, chromedp.SendKeys(chromedp.ID(id), text+"\r"))
}

// choosesBadge has the person who is logged in set badge and PIN, with a fresh factor.
func (b *tab) choosesBadge(w *rig.World, name, badge, pin string) *tab {
	b.t.Helper()
	b.visit("/account/badge").sees("not set").fill("Number of the badge", badge).fill("PIN", pin).press("Save")
	b.sees("Confirm that it is you").follow("Confirm with a second factor").isAt("/step-up").press("Continue")
	b.fill("Code", w.NewestCode(name+"@demo.hospital.test")).press("Confirm").isAt("/account/badge").holds("PIN", "")
	b.fill("Number of the badge", badge).fill("PIN", pin).press("Save").isAt("/account/badge")
	return b.sees("Saved.", "Remove badge and PIN").seesNot("not set").visit("/account/badge").seesNot("not set")
}

// workstation has a browser become one, and returns its id.
func (b *tab) workstation(w *rig.World, name string) string {
	b.t.Helper()
	var registered struct{ ID, Code string }
	w.As("security").SteppedUp().Post("/api/admin/workstations", map[string]string{"name": name, "network": "hospital"}).Is(201).Into(&registered)
	b.visit("/workstation").fill("Code of the registration", registered.Code).press("Continue").sees("This machine is a workstation", name)
	return registered.ID
}

// TestALockedWorkstationKeepsWhatWasTyped: somebody is called away in the middle of a form,
// and others use the machine. It is sealed for its author, who sends it.
func TestALockedWorkstationKeepsWhatWasTyped(t *testing.T) {
	const locksAfter = 30
	w, home := houseAt(t, "localhost", rig.WithLimits(t, rig.Row{`"walk_away_seconds": 300`, fmt.Sprintf(`"walk_away_seconds": %d`, locksAfter)}))
	b := open(t, home).withAuthenticator()
	b.workstation(w, "Bay 2")
	b.visit("/login?with=password&next=%2Faccount%2F").logIn(w, "doctor").choosesBadge(w, "doctor", "00471199", "4711")
	b.visit("/account/passkeys").fill("Name of the new passkey", "blue phone")
	time.Sleep((locksAfter + 1) * time.Second)
	b.press("Add a passkey").sees("Log in").seesNot("doctor@demo.hospital.test").follow("Log in").isAt("/tap")
	b.follow("Log in with a password").logIn(w, "nurse").isAt("/account/passkeys").seesNot("What you typed is here again").holds("Name of the new passkey", "")
	b.visit("/tap?next=%2Faccount%2Fpasskeys").enter("Number of the badge", "00471199").enter("PIN", "4711").isAt("/account/passkeys")
	b.sees("What you typed is here again").holds("Name of the new passkey", "blue phone")
}

// TestPeopleTakeTurnsAtAWorkstation: each logs in once in a shift; from then on a badge and a
// PIN bring back the own session, and nothing of the other's.
func TestPeopleTakeTurnsAtAWorkstation(t *testing.T) {
	w, home := house(t)
	b := open(t, home).visit("/tap").sees("at no registered workstation")
	station := b.workstation(w, "Bay <b>1</b>")

	people := []struct{ name, badge, pin string }{{"doctor", "00471199", "4711"}, {"nurse", "00250033", "2580"}}
	for _, p := range people {
		b.visit("/tap?next=%2Faccount%2F").follow("Log in with a password").logIn(w, p.name).isAt("/account/").sees(p.name + "@demo.hospital.test")
		b.choosesBadge(w, p.name, p.badge, p.pin)
	}
	for _, p := range people {
		b.visit("/tap?next=%2Faccount%2F").sees("Hold your badge to the reader").enter("Number of the badge", p.badge).sees("Type your PIN")
		begun := time.Now()
		b.enter("PIN", p.pin).isAt("/account/").sees(p.name + "@demo.hospital.test")
		t.Logf("%s is there %v after the PIN, with a look at the page by axe-core", p.name, time.Since(begun).Round(time.Millisecond))
		for _, other := range people {
			if other != p {
				b.seesNot(other.name + "@demo.hospital.test")
			}
		}
	}
	b.visit("/tap").enter("Number of the badge", "00471199").enter("PIN", "1471").sees("are not accepted")
	b.visit("/account/").sees("nurse@demo.hospital.test") // the person who was there stays

	w.As("security").SteppedUp().Remove("/api/admin/workstations/" + station).Is(204)
	rig.Until(t, "the session there to end", func() bool { return b.visit("/account/").gone() })
	b.visit("/tap").sees("at no registered workstation")
}

// gone reports whether the page that was asked for is not shown.
func (b *tab) gone() bool {
	b.t.Helper()
	return strings.HasPrefix(b.at(), "/login")
}

// TestAnOfficerKeepsWorkstations by a page, with a fresh factor, in both languages; and
// the page is for officers alone.
func TestAnOfficerKeepsWorkstations(t *testing.T) {
	w, home := house(t)
	b := open(t, home).visit("/login?next=%2Fworkstations").logIn(w, "security").isAt("/workstations").sees("There is none yet")
	b.fill("Name", "Bay <i>3</i>").choose("hospital").press("Register").sees("Confirm that it is you")
	b.follow("Confirm with a second factor").isAt("/step-up").press("Continue")
	b.fill("Code", w.NewestCode("security@demo.hospital.test")).press("Confirm").isAt("/workstations").holds("Name", "Bay <i>3</i>")
	b.press("Register").sees("is registered", "Bay <i>3</i>", "waits for its code")
	code := b.shownCode()
	b.visit("/workstations?lang=ar").sees("محطات العمل", "Bay <i>3</i>").visit("/workstations").seesNot(code)

	ward := open(t, home)
	ward.visit("/workstation").fill("Code of the registration", code).press("Continue").sees("This machine is a workstation")
	ward.visit("/login?with=password&next=%2Faccount%2F").logIn(w, "doctor").isAt("/account/").seesNot("Workstations")
	ward.visit("/workstations").sees("Your role does not have this right")
	b.visit("/workstations").seesNot("waits for its code", "never").press("Withdraw").sees("The workstation is withdrawn", "There is none yet")
	rig.Until(t, "the session there to end", func() bool { return ward.visit("/account/").gone() })
}

// shownCode is the code of a registration, as the page shows it.
func (b *tab) shownCode() string {
	b.t.Helper()
	code := regexp.MustCompile(`\b[A-Z2-7]{26}\b`).FindString(b.text())
	if code == "" {
		b.t.Fatal("the page shows no code")
	}
	return code
}

// TestADenialLeadsToBadgeAndPIN: a right that needs a fresh factor, in an application of its own
// origin. Badge and PIN are enough at the workstation, and lead back there.
func TestADenialLeadsToBadgeAndPIN(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, imagingPage)
	}))
	t.Cleanup(server.Close)
	book := rig.CopyBook(t)
	rig.EditFile(t, filepath.Join(book, "authz/tables/routes.rego"), "routes := [", "routes := [\n\t_row(\"GET\", \"/\", \"imaging\", \"imaging.read\", \"study\", \"none\"),\n\t_row(\"GET\", \"/stream\", \"imaging\", \"imaging.read\", \"study\", \"none\"),")
	rights, thresholds := filepath.Join(book, "authz/tables/rights.rego"), filepath.Join(book, "authz/tables/thresholds.rego")
	rig.EditFile(t, rights, "rights := {", "rights := {\n\t\"Imaging\": {\"doctor\": \"any\"},")
	rig.EditFile(t, rights, "actions := {", "actions := {\n\t\"imaging.read\": {\"right\": \"Imaging\", \"changes\": false},")
	rig.EditFile(t, thresholds, "step_up := {", "step_up := {\n\t\"Imaging\",")
	rig.EditFile(t, thresholds, "tap_opens := {", "tap_opens := {\n\t\"Imaging\",")
	w, home := houseAt(t, homeName, func(c *config.Config) {
		c.Policies, c.Applications = book, rig.At("imaging", server.URL)
		c.Applications[0].Hosts = []string{imagingName}
	})
	imaging := strings.Replace(home, homeName, imagingName, 1)

	elsewhere := open(t, home).visit("/account/").logIn(w, "doctor").isAt("/account/")
	elsewhere.turn("visit imaging", chromedp.Navigate(imaging+"/")).sees("Confirm with a second factor").seesNot("Show your badge")

	b := open(t, home)
	b.workstation(w, "Bay 3")
	b.visit("/login?with=password&next=%2Faccount%2F").logIn(w, "doctor").choosesBadge(w, "doctor", "00471199", "4711")
	b.turn("visit imaging", chromedp.Navigate(imaging+"/")).sees("Confirm that it is you", "Confirm with a second factor")
	b.follow("Show your badge and type your PIN").isAt("/tap").enter("Number of the badge", "00471199").enter("PIN", "4712").sees("are not accepted")
	b.enter("Number of the badge", "00471199").enter("PIN", "4711").isAtAddress(imaging + "/").sees("The studies")
}

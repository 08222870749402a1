//go:build browser

package browser_test

import (
	"context"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// TestStepUpInPlace: what was typed is there again after it, and is sent by none but the
// person; a link that needs a fresh factor leads there and back.
func TestStepUpInPlace(t *testing.T) {
	w, home := houseWithPasskeys(t)
	mailed := func() string { return w.NewestCode("doctor@demo.hospital.test") }
	b := open(t, home).withAuthenticator().visit("/account/passkeys").logIn(w, "doctor").isAt("/account/passkeys")
	const typed = `<img src=x onerror=alert(1)> "phone"`
	b.fill("Name of the new passkey", typed).press("Add a passkey")
	b.isAt("/account/passkeys").sees("Confirm that it is you", "Number of this decision")
	b.follow("Confirm with a second factor").isAt("/step-up").press("Continue").fill("Code", mailed()).press("Confirm")
	b.isAt("/account/passkeys").sees("What you typed is here again", "You have no passkey").holds("Name of the new passkey", typed)
	b.press("Add a passkey").sees("Your device makes a passkey", typed).press("Make the passkey")
	b.isAt("/account/passkeys").sees(typed).visit("/account/passkeys").seesNot("What you typed is here again")
}

// TestASessionThatEndedKeepsWhatWasTyped for its author, and shows it to no other person.
func TestASessionThatEndedKeepsWhatWasTyped(t *testing.T) {
	w, home := houseWithPasskeys(t)
	b := open(t, home).withAuthenticator().visit("/account/passkeys").logIn(w, "doctor").fill("Name of the new passkey", "blue phone")
	w.As("doctor").Post("/auth/logout-all", nil).Is(204)
	b.press("Add a passkey").sees("Log in").follow("Log in").logIn(w, "nurse").isAt("/account/passkeys")
	b.seesNot("What you typed is here again").holds("Name of the new passkey", "")
	b.follow("Log out").press("Log out").visit("/account/passkeys").logIn(w, "doctor").isAt("/account/passkeys")
	b.sees("What you typed is here again").holds("Name of the new passkey", "blue phone")
}

func TestADenialIsAPage(t *testing.T) {
	w, home := house(t)
	b := open(t, home).visit("/api/patients/nobody/bills").logIn(w, "nurse")
	b.sees("This is not allowed", "Your role does not have this right", "ask the security officer", "Number of this decision")
	b.seesNot("mergency") // as delivered there is no such access
	b.follow("Go to the start page").isAt("/")
	b.visit("/nothing/here").sees("There is nothing here").seesNot("ask the security officer")
}

func TestForgottenPassword(t *testing.T) {
	w, home := house(t)
	const address = "doctor2@demo.hospital.test"
	b := open(t, home).visit("/login").follow("I have forgotten my password").isAt("/forgot")
	b.fill("E-mail address", address).press("Send a code").sees("If there is an account with this address")
	code := w.NewestCode(address)
	b.fill("Code", wrong(code)).fill("New password", "four loud kettles").press("Save the new password")
	b.sees("The code is wrong").holds("Code", "").holds("New password", "")
	b.fill("Code", code).fill("New password", "four loud kettles").press("Save the new password").sees("Your password is changed")
	b.follow("Log in").fill("E-mail address", address).fill("Password", "Wardgate-demo-2026").press("Continue").sees("The e-mail address or the password is wrong")
	b.fill("Password", "four loud kettles").press("Continue").fill("Code", w.NewestCode(address)).press("Confirm").sees("You are logged in")
}

// TestLoggedOutEverywhere: the other tab is told at the next thing it does, and the back
// button shows nothing of before.
func TestLoggedOutEverywhere(t *testing.T) {
	w, home := house(t)
	b := open(t, home).visit("/account/").logIn(w, "patient").isAt("/account/").sees("patient@demo.hospital.test")
	second := b.another().visit("/account/").isAt("/account/").sees("patient@demo.hospital.test")
	elsewhere := open(t, home).visit("/account/").logIn(w, "patient").isAt("/account/")
	b.visit("/account/sessions").press("Log out everywhere").sees("All sessions of your account have ended")
	b.back().seesNot("patient@demo.hospital.test")
	second.follow("Where you are logged in").isAt("/login").seesNot("This one")
	elsewhere.visit("/account/").isAt("/login").seesNot("patient@demo.hospital.test")
}

// TestAPlantedCookieIsOfNoUse: somebody has put the cookie of an own session into another's
// browser. After the log-in the browser has another one, and the planted session is over.
func TestAPlantedCookieIsOfNoUse(t *testing.T) {
	w, home := house(t)
	thief := open(t, home).visit("/account/").logIn(w, "nurse").isAt("/account/")
	planted := thief.cookie("wardgate")
	b := open(t, home).visit("/login")
	b.run("plant", command(network.SetCookie, network.SetCookieParams{Name: "wardgate", Value: planted, URL: home, Path: "/"}))
	b.fill("E-mail address", "doctor@demo.hospital.test").fill("Password", "Wardgate-demo-2026").press("Continue")
	// The form was of no session, and is shown again in the one that was planted.
	b.sees("Nothing was sent yet").fill("Password", "Wardgate-demo-2026").press("Continue")
	b.fill("Code", w.NewestCode("doctor@demo.hospital.test")).press("Confirm")
	if b.cookie("wardgate") == planted {
		t.Error("the cookie that was planted is the one after the log-in")
	}
	b.visit("/account/").sees("doctor@demo.hospital.test")
	thief.visit("/account/").isAt("/login").seesNot("doctor@demo.hospital.test")
}

// TestAStrangersPageLogsNobodyIn: a page of another site sends the form that would end the
// stranger's own log-in, with all that the stranger was shown.
func TestAStrangersPageLogsNobodyIn(t *testing.T) {
	w, home := house(t)
	stranger := open(t, home).visit("/login").fill("E-mail address", "nurse@demo.hospital.test").fill("Password", "Wardgate-demo-2026").press("Continue")
	const fields = `JSON.stringify([...document.querySelectorAll("form[action='/login/verify'] input[type=hidden]")].map((i) => [i.name, i.value]))`
	shown := get(stranger, "what the form has", chromedp.Evaluate[string](fields))
	var hidden [][2]string
	if err := json.Unmarshal([]byte(shown), &hidden); err != nil || len(hidden) < 2 {
		t.Fatalf("got %q, %v", shown, err)
	}
	form := `<form method="post" action="` + home + `/login/verify">`
	for _, field := range append(hidden, [2]string{"code", w.NewestCode("nurse@demo.hospital.test")}) {
		form += `<input type="hidden" name="` + field[0] + `" value="` + html.EscapeString(field[1]) + `">`
	}
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<!doctype html><html lang="en"><title>x</title><main><h1>x</h1>`+form+`<button>Win</button></form></main></html>`)
	}))
	defer evil.Close()
	b := open(t, home).visit("/login")
	b.turn("visit the stranger", chromedp.Navigate(strings.Replace(evil.URL, "127.0.0.1", "localhost", 1)))
	b.press("Win").sees("Nothing was sent yet")
	if b.cookie("wardgate") != "" {
		t.Error("a stranger's page has logged the person in as the stranger")
	}
	b.visit("/account/").isAt("/login")
}

// TestTwoTabsLogInAsTwo: the second log-in ends the first.
func TestTwoTabsLogInAsTwo(t *testing.T) {
	w, home := house(t)
	b := open(t, home).visit("/login")
	second := b.another().visit("/login")
	b.logIn(w, "doctor").isAt("/")
	first := b.cookie("wardgate")
	second.fill("E-mail address", "nurse@demo.hospital.test").fill("Password", "Wardgate-demo-2026").press("Continue").sees("Nothing was sent yet")
	second.fill("Password", "Wardgate-demo-2026").press("Continue").fill("Code", w.NewestCode("nurse@demo.hospital.test")).press("Confirm")
	second.visit("/account/").sees("nurse@demo.hospital.test")
	b.visit("/account/").sees("nurse@demo.hospital.test").seesNot("doctor@demo.hospital.test")
	other := open(t, home)
	other.run("the first cookie", command(network.SetCookie, network.SetCookieParams{Name: "wardgate", Value: first, URL: home, Path: "/"}))
	other.visit("/account/").isAt("/login").seesNot("doctor@demo.hospital.test")
}

func TestWhatIsTypedOnAccountPagesIsText(t *testing.T) {
	w, home := houseWithPasskeys(t)
	const typed = `"><script>document.title="taken"</script>`
	b := open(t, home).withAuthenticator().visit("/account/passkeys").logIn(w, "patient")
	b.stepUp(func() string { return w.NewestCode("patient@demo.hospital.test") }, "/account/passkeys").enrol(typed)
	for _, path := range []string{"/account/passkeys", "/account/?lang=" + typed, "/step-up?next=" + typed, "/nothing?lang=" + typed} {
		b.visit(strings.ReplaceAll(path, `"><script>document.title="taken"</script>`, "%22%3E%3Cscript%3Edocument.title%3D%22taken%22%3C%2Fscript%3E"))
		if title := get(b, "title", chromedp.Title()); strings.Contains(title, "taken") {
			t.Errorf("%s: what was typed ran", path)
		}
	}
}

// TestSizeOfTheFirstPage: everything that the log-in loads is under 60 KiB.
func TestSizeOfTheFirstPage(t *testing.T) {
	_, home := houseWithPasskeys(t)
	b := open(t, home).visit("/login")
	loaded := get(b, "loaded", chromedp.Evaluate[int](`[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
		.reduce((sum, e) => sum + e.decodedBodySize, 0)`))
	if loaded < 5<<10 || loaded >= 60<<10 {
		t.Errorf("the first page loads %d bytes, want under %d", loaded, 60<<10)
	}
	t.Logf("%d bytes", loaded)
}

// cookie is what the browser holds under a name.
func (b *tab) cookie(name string) string {
	b.t.Helper()
	held := get(b, "cookies", func(ctx context.Context, t *chromedp.Target) ([]*network.Cookie, error) {
		r, err := cdp.Call(ctx, t, network.GetCookies, network.GetCookiesParams{})
		return r.Cookies, err
	})
	for _, c := range held {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

//go:build browser

package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// enrol adds a passkey under a name, by a person who is logged in.
func (b *tab) enrol(name string) *tab {
	b.t.Helper()
	b.visit("/account/passkeys").fill("Name of the new passkey", name).press("Add a passkey")
	b.sees("Your device makes a passkey").press("Make the passkey")
	return b.isAt("/account/passkeys").sees(name)
}

// stepUp confirms by a code that is mailed, and goes on at next.
func (b *tab) stepUp(code func() string, next string) *tab {
	b.t.Helper()
	b.visit("/step-up?next=" + next).press("Continue")
	return b.fill("Code", code()).press("Confirm").isAt(next)
}

func TestPasskeys(t *testing.T) {
	w, home := houseWithPasskeys(t)
	mailed := func() string { return w.NewestCode("doctor@demo.hospital.test") }
	b := open(t, home).withAuthenticator().visit("/account/passkeys").logIn(w, "doctor")
	b.isAt("/account/passkeys").sees("You have no passkey").stepUp(mailed, "/account/passkeys")
	b.enrol("blue phone").sees("Never")
	b.follow("Log out").press("Log out").sees("You are logged out")

	// No account is named: the passkey says whose it is.
	b.waitsForThePerson(true).visit("/login?next=/account/passkeys").waitsForThePerson(false)
	b.press("Log in with a passkey").isAt("/account/passkeys").sees("blue phone").seesNot("Never")
	b.follow("Log out").press("Log out").sees("You are logged out")

	// After the password, and mail is not offered.
	b.waitsForThePerson(true).visit("/login").waitsForThePerson(false)
	b.fill("E-mail address", "doctor@demo.hospital.test").fill("Password", "Wardgate-demo-2026").press("Continue")
	b.sees("Use a passkey of your account", "Confirm in another way").seesNot("No code has come")
	b.press("Use a passkey").isAt("/").sees("You are logged in")

	// A fresh factor, and what needs one.
	b.visit("/account/passkeys").press("Remove this passkey").sees("Confirm that it is you")
	b.visit("/step-up?next=/account/passkeys").press("Continue").sees("Use a passkey of your account").press("Use a passkey")
	b.isAt("/account/passkeys").press("Remove this passkey").isAt("/account/passkeys").sees("You have no passkey")
}

// TestPasskeysOfferedByTheBrowser: without the button being pressed (conditional UI).
func TestPasskeysOfferedByTheBrowser(t *testing.T) {
	w, home := houseWithPasskeys(t)
	b := open(t, home).withAuthenticator().visit("/account/passkeys").logIn(w, "nurse")
	b.stepUp(func() string { return w.NewestCode("nurse@demo.hospital.test") }, "/account/passkeys").enrol("phone")
	b.follow("Log out").press("Log out")
	b.waitsForThePerson(true).visit("/login")
	got := get(b, "autocomplete", chromedp.Evaluate[string](`document.getElementById("email").autocomplete`))
	if got != "username webauthn" {
		t.Errorf("the address is completed by %q", got)
	}
	b.waitsForThePerson(false)
	b.run("choose the passkey that is offered", chromedp.Navigate(b.home+"/login"), chromedp.WaitReady(`//h1[.="You are logged in"]`))
	b.looked().isAt("/").sees("You are logged in")
}

// TestPasskeysThatAreNotTaken: a copy, somebody else's, one whose user was not verified.
func TestPasskeysThatAreNotTaken(t *testing.T) {
	w, home := houseWithPasskeys(t)
	b := open(t, home).withAuthenticator().visit("/account/passkeys").logIn(w, "doctor")
	b.stepUp(func() string { return w.NewestCode("doctor@demo.hospital.test") }, "/account/passkeys").enrol("phone")
	held := *b.keys()[0]
	b.follow("Log out").press("Log out")

	t.Run("a copy whose counter lies behind", func(t *testing.T) {
		b.waitsForThePerson(true).visit("/login").waitsForThePerson(false).press("Log in with a passkey").isAt("/")
		b.follow("Log out").press("Log out")
		copied := held
		copied.SignCount = 0
		b.waitsForThePerson(true).holding(copied).visit("/login").waitsForThePerson(false).press("Log in with a passkey")
		b.sees("There is a copy of this passkey")
		if !w.HasMail("doctor@demo.hospital.test", "passkey") {
			t.Error("the owner was not told")
		}
	})
	t.Run("of another account", func(t *testing.T) {
		other := open(t, home).withAuthenticator().visit("/account/passkeys").logIn(w, "nurse")
		other.stepUp(func() string { return w.NewestCode("nurse@demo.hospital.test") }, "/account/passkeys").enrol("hers")
		stolen := *other.keys()[0]
		stolen.UserHandle = held.UserHandle // it says that it is the doctor's
		b.waitsForThePerson(true).holding(stolen).visit("/login").waitsForThePerson(false).press("Log in with a passkey")
		b.sees("This passkey was not taken").isAt("/login/passkey")
	})
}

// TestNoPasskeyAtAnotherOrigin: there a page does not even ask, and pages are not shown there,
// but at home, where their forms are taken.
func TestNoPasskeyAtAnotherOrigin(t *testing.T) {
	_, home := houseWithPasskeys(t)
	there := strings.Replace(home, "localhost", "127.0.0.1", 1)
	b := open(t, there).withAuthenticator().visit("/login?next=%2Faccount%2F").isAtAddress(home + "/login?next=%2Faccount%2F").sees("Log in with a passkey")
	b.mute = true // this is no page
	b.visit("/.well-known/jwks.json").isAtAddress(there + "/.well-known/jwks.json")
	got := get(b, "ask", chromedp.Evaluate[string](`navigator.credentials.get({publicKey: {challenge: new Uint8Array(32), rpId: "localhost"}})
		.then(() => "signed", (e) => e.name)`, chromedp.EvalAwaitPromise))
	if got != "SecurityError" {
		t.Errorf("a page at another origin: %s", got)
	}
}

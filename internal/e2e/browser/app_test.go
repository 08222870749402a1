//go:build browser

package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// TestAuthenticatorApp: added with a fresh factor, used for the next log-in, removed by itself.
func TestAuthenticatorApp(t *testing.T) {
	w, home := house(t)
	const address = "doctor2@demo.hospital.test"
	b := open(t, home).visit("/account/app").logIn(w, "doctor2").isAt("/account/app").press("Add an authenticator app")
	b.sees("Confirm that it is you").follow("Confirm with a second factor").press("Continue")
	b.fill("Code", w.NewestCode(address)).press("Confirm").isAt("/account/app").press("Add an authenticator app")
	b.sees("Scan the picture with the app")
	key := get(b, "key", chromedp.Evaluate[string](`document.querySelector("dd .code").textContent`))
	square := get(b, "picture", chromedp.Evaluate[bool](`(() => { const r = document.querySelector("svg").getBoundingClientRect(); return r.width > 200 && Math.abs(r.width - r.height) < 2 })()`))
	if !square {
		t.Error("the picture is none that can be scanned")
	}
	b.fill("Code", rig.AppCode(t, key, -1)).press("Confirm the app").sees("Your authenticator app is added", "recovery codes")
	b.visit("/account/app").sees("You confirm log-ins by an authenticator app").seesNot(key)
	b.follow("Log out").press("Log out")
	b.visit("/login").fill("E-mail address", address).fill("Password", "Wardgate-demo-2026").press("Continue")
	b.sees("Type the code that your authenticator app shows").seesNot("No code has come")
	b.fill("Code", rig.AppCode(t, key, 0)).press("Confirm").isAt("/")
	w.HoldsNoSecret(key)
}

//go:build browser

package browser_test

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestADeviceIsForgotten: another browser of the same person, without any script, in either
// language. What began there ends, and the browser that forgets itself is logged out.
func TestADeviceIsForgotten(t *testing.T) {
	w, home := house(t)
	mailed := func() string { return w.NewestCode("nurse@demo.hospital.test") }
	const agent = `<img src=x onerror=alert(1)>/5.0 "Linux"`
	lost := open(t, home, command(emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent}))
	lost.visit("/account/").logIn(w, "nurse").isAt("/account/")
	b := open(t, home).visit("/account/devices").logIn(w, "nurse").isAt("/account/devices")
	b.sees("Devices that you log in from", "This one", "Forget all others")
	if n := get(b, "images", chromedp.Evaluate[int](`document.images.length`)); n != 0 {
		t.Errorf("a client's own markup is in the page: %d images", n)
	}
	b.press("Forget all others").sees("Confirm that it is you")
	lost.visit("/account/").isAt("/account/").sees("nurse@demo.hospital.test")
	b.follow("Confirm with a second factor").isAt("/step-up").press("Continue").fill("Code", mailed()).press("Confirm").isAt("/account/devices")
	b.visit("/account/devices?lang=ar").sees("الأجهزة التي تسجّل الدخول منها").visit("/account/devices")
	b.withoutScript().press("Forget all others").isAt("/account/devices").sees("All other devices are forgotten").seesNot("Forget all others")
	lost.visit("/account/").isAt("/login").seesNot("nurse@demo.hospital.test")
	b.press("Forget it and log out here").sees("your session here has ended")
	b.visit("/account/").isAt("/login")
}

// TestNoticesAreRead: the owner sees what was done around the account, and what to do.
func TestNoticesAreRead(t *testing.T) {
	w, home := house(t)
	const agent = `<img src=x onerror=alert(1)>/5.0 "Linux"`
	other := open(t, home, command(emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent}))
	other.visit("/account/").logIn(w, "patient").isAt("/account/")
	b := open(t, home).visit("/account/").logIn(w, "patient").isAt("/account/")
	b.follow("What has happened around your account").isAt("/account/notices")
	b.sees("Log-in from a new device", "If something was not you", "UTC")
	if n := get(b, "images", chromedp.Evaluate[int](`document.images.length`)); n != 0 {
		t.Errorf("a client's own markup is in the page: %d images", n)
	}
	b.visit("/account/notices?lang=ar").sees("تسجيل دخول من جهاز جديد")
	b.withoutScript().visit("/account/notices").follow("Choose a new password").isAt("/forgot")
	b.visit("/account/notices").follow("Where you are logged in").isAt("/account/sessions")
	open(t, home).visit("/account/notices").isAt("/login").seesNot("new device")
}

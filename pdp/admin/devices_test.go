package admin_test

import (
	"errors"
	"html"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp/admin"
)

// onDevice is a log-in of the world's person on a device: a user agent, with the key that it
// got before.
func (w *world) onDevice(agent, key string) admin.Tokens {
	w.t.Helper()
	c := admin.Client{UserAgent: agent, Device: key}
	challenge, err := w.admin.LogIn(w.t.Context(), c, email, passphrase)
	if err != nil {
		w.t.Fatal(err)
	}
	tokens, err := w.admin.Verify(w.t.Context(), c, challenge.ID, w.mail.Code())
	if err != nil {
		w.t.Fatal(err)
	}
	return tokens
}

func (w *world) devices(session string) []admin.Device {
	w.t.Helper()
	devices, err := w.admin.Devices(w.t.Context(), w.account.ID, session)
	if err != nil {
		w.t.Fatal(err)
	}
	return devices
}

func TestKnownDevicesAreListed(t *testing.T) {
	w := newWorld(t)
	first := w.onDevice(laptop, "")
	w.clock.Pass(time.Hour)
	again := w.onDevice(laptop, first.Device)
	w.clock.Pass(time.Hour)
	second := w.onDevice(phone, "")
	got := w.devices(again.Session)
	if len(got) != 2 {
		t.Fatalf("got %+v, want two devices", got)
	}
	if got[0].Current || !got[1].Current || got[0].OS+got[0].Browser == got[1].OS+got[1].Browser || got[1].Browser == "" {
		t.Errorf("got %+v", got)
	}
	if span := got[1].LastSeen.Sub(got[1].FirstSeen); span != time.Hour {
		t.Errorf("seen for %v, want an hour", span)
	}
	if got := w.devices(second.Session); !got[0].Current || got[1].Current {
		t.Errorf("from the other one: got %+v", got)
	}
	w.clock.Pass(w.admin.Limits().DeviceMemory)
	if got := w.devices(second.Session); len(got) != 0 {
		t.Errorf("long afterwards: got %+v", got)
	}
}

// A forgotten device is a new one at its next log-in, and the sessions that began there
// have ended; others go on.
func TestForgottenDeviceIsUnknownAndLoggedOut(t *testing.T) {
	w := newWorld(t)
	lost, mine := w.onDevice(phone, ""), w.onDevice(laptop, "")
	w.told.Take()
	var id string
	for _, d := range w.devices(mine.Session) {
		if !d.Current {
			id = d.ID
		}
	}
	left, err := w.admin.ForgetDevice(t.Context(), admin.Client{UserAgent: laptop}, w.account.ID, mine.Session, id)
	if err != nil || left {
		t.Fatalf("left %v, %v", left, err)
	}
	if !w.revoked.Has(lost.Session) || w.revoked.Has(mine.Session) {
		t.Error("the session of the lost device goes on, or the other one has ended")
	}
	if got := w.told.Take(); got != email+" device_forgotten" {
		t.Errorf("told %q", got)
	}
	if _, err := w.admin.ForgetDevice(t.Context(), admin.Client{UserAgent: laptop}, w.account.ID, mine.Session, id); refusal(err) != "not_found" {
		t.Errorf("for the second time: got %v", err)
	}
	w.onDevice(phone, lost.Device)
	if got := w.told.Take(); got != email+" device" {
		t.Errorf("at its next log-in: told %q, want that it is a new device", got)
	}
}

// Of another account's device nothing is said, and nothing is done to it.
func TestAnotherAccountsDeviceIsNotForgotten(t *testing.T) {
	w := newWard(t)
	at := on(home)
	_, session := w.logsIn(at, email)
	_, nurses := w.logsIn(at, nurseMail)
	theirs, err := w.admin.Devices(t.Context(), w.nurse.ID, nurses)
	if err != nil || len(theirs) != 1 {
		t.Fatalf("got %v, %v", theirs, err)
	}
	for _, id := range []string{theirs[0].ID, "", "x", strings.Repeat("0", 64)} {
		if _, err := w.admin.ForgetDevice(t.Context(), at, w.account.ID, session, id); refusal(err) != "not_found" {
			t.Errorf("%q: got %v, want not_found", id, err)
		}
	}
	if err := w.admin.ForgetOtherDevices(t.Context(), at, w.account.ID, session); err != nil {
		t.Fatal(err)
	}
	if left, err := w.admin.Devices(t.Context(), w.nurse.ID, nurses); err != nil || len(left) != 1 || w.revoked.Has(nurses) {
		t.Errorf("the nurse has %v, %v; logged out: %v", left, err, w.revoked.Has(nurses))
	}
	// A session of another account names no device as the own.
	if got, err := w.admin.Devices(t.Context(), w.nurse.ID, session); err != nil || len(got) != 1 || got[0].Current {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, who := range [][2]string{{"", session}, {w.account.ID, ""}} {
		if _, err := w.admin.ForgetDevice(t.Context(), at, who[0], who[1], theirs[0].ID); err == nil {
			t.Error("forgotten without a session")
		}
		if err := w.admin.ForgetOtherDevices(t.Context(), at, who[0], who[1]); err == nil {
			t.Error("all forgotten without a session")
		}
	}
}

func TestAllOtherDevicesAreForgotten(t *testing.T) {
	w := newWorld(t)
	lost, mine := w.onDevice(phone, ""), w.onDevice(laptop, "")
	beside := w.onDevice(laptop, mine.Device) // another session on the own device
	if err := w.admin.ForgetOtherDevices(t.Context(), admin.Client{UserAgent: laptop}, w.account.ID, mine.Session); err != nil {
		t.Fatal(err)
	}
	if got := w.devices(mine.Session); len(got) != 1 || !got[0].Current {
		t.Errorf("left are %+v", got)
	}
	if !w.revoked.Has(lost.Session) || w.revoked.Has(mine.Session) || w.revoked.Has(beside.Session) {
		t.Error("other sessions ended than those of other devices")
	}
}

// A log-in that is under way from a device, while its owner forgets it, begins no session,
// and does not bring the device back.
func TestLogInUnderWayDoesNotBringADeviceBack(t *testing.T) {
	w := newWorld(t)
	lost, mine := w.onDevice(phone, ""), w.onDevice(laptop, "")
	var id string
	for _, d := range w.devices(mine.Session) {
		if !d.Current {
			id = d.ID
		}
	}
	w.withDecider(overtaking{w.policy, "session.create", func() {
		if _, err := w.admin.ForgetDevice(t.Context(), admin.Client{UserAgent: laptop}, w.account.ID, mine.Session, id); err != nil {
			t.Error(err)
		}
	}})
	first := w.post("/auth/login", map[string]string{"email": email, "password": passphrase, "device": lost.Device})
	second := w.post("/auth/login/verify", map[string]string{"challenge": first.text("challenge"), "code": w.mail.Code(), "device": lost.Device})
	if second.Status != http.StatusUnauthorized || second.reason() != "session_ended" {
		t.Errorf("got %d %s, want that the session has ended", second.Status, second.Raw)
	}
	if got := w.devices(mine.Session); len(got) != 1 || !got[0].Current {
		t.Errorf("known are %+v", got)
	}
}

// What cannot be journalled forgets nothing, and can be asked for again.
func TestDeviceIsNotForgottenWithoutEvidence(t *testing.T) {
	w := newWorld(t)
	lost, mine := w.onDevice(phone, ""), w.onDevice(laptop, "")
	w.journal.err = errors.New("the disk is full")
	if err := w.admin.ForgetOtherDevices(t.Context(), admin.Client{}, w.account.ID, mine.Session); err == nil {
		t.Error("forgotten without evidence")
	}
	w.journal.err = nil
	if got := w.devices(mine.Session); len(got) != 2 || w.revoked.Has(lost.Session) {
		t.Errorf("known are %+v", got)
	}
	if err := w.admin.ForgetOtherDevices(t.Context(), admin.Client{}, w.account.ID, mine.Session); err != nil || !w.revoked.Has(lost.Session) {
		t.Errorf("got %v", err)
	}
}

// In an older database that is put back a forgotten device stays forgotten.
func TestRestoredDatabaseKnowsNoForgottenDevice(t *testing.T) {
	w := newWorld(t)
	lost := w.onDevice(phone, "")
	id := w.devices(lost.Session)[0].ID
	if err := w.admin.Restore(t.Context(), admin.Restoration{Devices: []string{id}}); err != nil {
		t.Fatal(err)
	}
	if got := w.devices(lost.Session); len(got) != 0 {
		t.Errorf("known are %+v", got)
	}
}

func TestDevicesAreServed(t *testing.T) {
	w := newWorld(t)
	lost := w.onDevice(phone, "")
	w.login()
	list := w.send(http.MethodGet, "/api/me/devices", "")
	if list.Status != 200 || strings.Count(list.Raw, `"current":true`) != 1 || strings.Count(list.Raw, `"first_seen_at"`) != 2 || strings.Contains(list.Raw, lost.Device) {
		t.Fatalf("got %d %s", list.Status, list.Raw)
	}
	if a := w.send(http.MethodDelete, "/api/me/devices/x", ""); a.Status != 404 || a.reason() != "not_found" {
		t.Errorf("got %d %s", a.Status, a.Raw)
	}
	if a := w.send(http.MethodPost, "/api/me/devices/forget-others", ""); a.Status != 204 || !w.revoked.Has(lost.Session) {
		t.Errorf("got %d %s", a.Status, a.Raw)
	}
	own := w.devices(w.claims.Session)[0].ID
	if a := w.send(http.MethodDelete, "/api/me/devices/"+own, ""); a.Status != 204 || !w.revoked.Has(w.claims.Session) {
		t.Errorf("got %d %s", a.Status, a.Raw)
	}
	w.claims.Subject, w.claims.Session = "", ""
	if a := w.send(http.MethodGet, "/api/me/devices", ""); a.Status != 401 {
		t.Errorf("without a session: got %d %s", a.Status, a.Raw)
	}
}

func TestPagesOfDevices(t *testing.T) {
	r := newReader(t)
	const agent = `<script>alert(1)</script>/5.0 (X11; "Linux" <b>)`
	lost := r.onDevice(agent, "")
	r.logIn("/login")
	r.get("/account/devices")
	r.is(200, "Devices that you log in from", "This one", "First log-in", "Forget all others")
	if strings.Contains(r.last.html, "<script") || strings.Contains(r.last.html, "<b>") || strings.Contains(r.last.html, lost.Device) {
		t.Errorf("the page has a client's own markup, or a key:\n%s", r.last.html)
	}
	shown := r.last
	var own, other string
	for _, d := range r.devices(r.claims.Session) {
		if d.Current {
			own = d.ID
		} else {
			other = d.ID
		}
	}
	// A form of another site, or of another browser, does nothing.
	r.ask(http.MethodPost, "/account/devices/"+other+"/forget", nil)
	r.is(403, "Nothing was sent yet")
	r.last = shown
	browser := r.form
	r.form = strings.Repeat("B", 26)
	r.send("/account/devices/forget-others")
	r.is(403, "Nothing was sent yet")
	r.form = browser
	if r.revoked.Has(lost.Session) || len(r.devices(r.claims.Session)) != 2 {
		t.Fatal("a forged form has forgotten a device")
	}
	r.last = shown
	r.send("/account/devices/" + other + "/forget")
	r.follows("/account/devices").is(200, "The device is forgotten")
	if strings.Contains(html.UnescapeString(r.last.html), "Forget all others") || !r.revoked.Has(lost.Session) {
		t.Errorf("the lost device is there still\n%s", r.last.html)
	}
	r.last = shown
	r.send("/account/devices/" + other + "/forget")
	r.is(404)
	r.lang = "ar"
	r.get("/account/devices")
	r.is(200, "الأجهزة التي تسجّل الدخول منها")
	r.lang = ""
	r.send("/account/devices/" + own + "/forget")
	r.is(200, "This device is forgotten, and your session here has ended")
	if r.claims.Handle != "" {
		t.Error("the browser keeps its handle")
	}
}

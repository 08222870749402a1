package admin_test

import (
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/clientca"
	"github.com/wardgate/wardgate/internal/clientca/clientcatest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/browser"
	"github.com/wardgate/wardgate/pdp/admin/workstation"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
)

const (
	nurseMail = "nurse@hospital.test"
	badgeNo   = "0047 1199"
	other     = "B-2200"
	pin       = "4711"
)

// A ward is a floor with workstations, two people and their badges.
type ward struct {
	*floor
	desk  *workstation.Desk
	nurse pip.Profile

	authority *clientcatest.Authority // of workstations
	known     *clientca.Authority
}

func newWard(t *testing.T) *ward {
	t.Helper()
	w := &ward{floor: newFloor(t)}
	w.limits = admin.Limits{Shift: 10 * time.Hour, WalkAway: 5 * time.Minute}
	var err error
	w.authority = clientcatest.New(t, "wards", nil)
	if w.known, err = clientca.Open(w.authority.File); err != nil {
		t.Fatal(err)
	}
	w.desk, err = workstation.New(workstation.Parts{Admin: w.admin, Store: w.store, Tables: tables, Certified: w.known.Named}, home)
	if err != nil {
		t.Fatal(err)
	}
	w.all = nil
	for range 2 {
		b, err := browser.New(browser.Parts{
			Admin: w.admin, Store: w.store, Sealer: w.sealer, Stations: w.desk, Log: slog.New(slog.NewTextHandler(w.log, nil)),
		}, browser.Origins{Home: "https://" + home, Apps: []string{toWards, toLabs}})
		if err != nil {
			t.Fatal(err)
		}
		w.all = append(w.all, b)
	}
	w.now = w.all[0]
	same, err := cheap{}.Hash([]byte(passphrase), 12)
	if err != nil {
		t.Fatal(err)
	}
	w.nurse, err = w.people.Add(t.Context(), identity.NewAccount{
		Username: "nurse", Email: nurseMail, PasswordHash: string(same), Role: "nurse", Standing: pip.AccountActive, Staff: "s-2", Department: "d-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	w.give(w.account.ID, badgeNo, pin)
	w.give(w.nurse.ID, other, "2580")
	return w
}

func (w *ward) give(account, number, pin string) {
	w.t.Helper()
	if err := w.admin.ChooseBadge(w.t.Context(), on(home), account, number, pin); err != nil {
		w.t.Fatal(err)
	}
}

// station registers and enrols a machine, and returns a browser at it.
func (w *ward) station(name string) (at admin.Client, id string) {
	w.t.Helper()
	s, code, err := w.desk.Register(w.t.Context(), on(home), w.chief(), workstation.Registration{Name: name, Zone: "d-1", Network: "hospital"})
	if err != nil {
		w.t.Fatal(err)
	}
	key, _, err := w.desk.Enrol(w.t.Context(), on(home), code)
	if err != nil {
		w.t.Fatal(err)
	}
	at = on(home)
	at.Station = key
	return at, s.ID
}

// logsIn is a whole log-in at a workstation.
func (w *ward) logsIn(at admin.Client, email string) (handle, session string) {
	w.t.Helper()
	challenge, err := w.admin.LogIn(w.t.Context(), at, email, passphrase)
	if err != nil {
		w.t.Fatal(err)
	}
	handle, tokens, err := w.now.Begin(w.t.Context(), at, challenge.ID, w.mail.Code())
	if err != nil {
		w.t.Fatal(err)
	}
	return handle, tokens.Session
}

func (w *ward) taps(at admin.Client, number, pin string) string {
	w.t.Helper()
	handle, err := w.now.Resume(w.t.Context(), at, number, pin)
	if err != nil {
		w.t.Fatal(err)
	}
	return handle
}

func (w *ward) refusedTap(at admin.Client, number, pin, reason string) {
	w.t.Helper()
	handle, err := w.now.Resume(w.t.Context(), at, number, pin)
	var r *admin.Refusal
	if handle != "" || !errors.As(err, &r) || r.Reasons[0] != reason {
		w.t.Errorf("got %v, want the refusal %s", err, reason)
	}
}

// where is what the token of a handle says of the workstation; nil for none.
func (w *ward) where(handle, host string) *pip.Workstation {
	w.t.Helper()
	claims := w.parse(w.goOn(handle, host).AccessToken)
	f, err := devices{}.Open(text(claims, "jti"), text(claims, "fp"))
	if err != nil {
		w.t.Fatal(err)
	}
	return f.Workstation
}

func TestRegistrationIsListedRemovedAndJournalled(t *testing.T) {
	w := newWard(t)
	_, id := w.station("ward 7, bay 2")
	all, err := w.desk.List(t.Context())
	if err != nil || len(all) != 1 || all[0].ID != id || all[0].Name != "ward 7, bay 2" || all[0].Enrolled.IsZero() {
		t.Fatalf("got %+v, %v", all, err)
	}
	if err := w.desk.Remove(t.Context(), on(home), "u-officer", id); err != nil {
		t.Fatal(err)
	}
	if all, err := w.desk.List(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("got %+v, %v, want none", all, err)
	}
	for action, want := range map[string]string{
		"workstation.register": w.chief() + "  workstation " + id, "workstation.enrol": "  workstation " + id, "workstation.remove": "u-officer  workstation " + id,
	} {
		if got := w.journalled(action, "success"); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: journalled %q, want %q", action, got, want)
		}
	}
	if err := w.desk.Remove(t.Context(), on(home), "u-officer", id); err == nil {
		t.Error("what is gone was removed again")
	}
}

func TestBadRegistrationIsNamed(t *testing.T) {
	w := newWard(t)
	w.station("bay 1")
	for _, tt := range []struct{ name, zone, network, reason string }{
		{"", "d-1", "hospital", "workstation_name"},
		{"a\nb", "d-1", "hospital", "workstation_name"},
		{strings.Repeat("x", 65), "d-1", "hospital", "workstation_name"},
		{"bay 2", " d", "hospital", "workstation_zone"},
		{"bay 2", "d-1", "no such row", "workstation_network"},
		{"bay 2", "d-1", "", "workstation_network"},
		{"bay 1", "d-1", "hospital", "workstation_taken"},
	} {
		_, code, err := w.desk.Register(t.Context(), on(home), w.chief(), workstation.Registration{Name: tt.name, Zone: tt.zone, Network: tt.network})
		var r *admin.Refusal
		if code != "" || !errors.As(err, &r) || r.Reasons[0] != tt.reason {
			t.Errorf("%q %q %q: got %v, want %s", tt.name, tt.zone, tt.network, err, tt.reason)
		}
	}
}

// The code of a registration serves once, in time, in the machine's network and at home.
func TestEnrolmentCodeServesOnce(t *testing.T) {
	w := newWard(t)
	_, code, err := w.desk.Register(t.Context(), on(home), w.chief(), workstation.Registration{Name: "bay 1", Zone: "", Network: "hospital"})
	if err != nil {
		t.Fatal(err)
	}
	away := on(home)
	away.Address = netip.MustParseAddr("10.1.2.3")
	for name, c := range map[string]admin.Client{"another network": away, "another host": on(wards)} {
		if key, _, err := w.desk.Enrol(t.Context(), c, code); key != "" || err == nil {
			t.Errorf("%s: enrolled", name)
		}
	}
	var keys atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if key, _, err := w.desk.Enrol(t.Context(), on(home), code); err == nil && key != "" {
				keys.Add(1)
			}
		})
	}
	group.Wait()
	if keys.Load() != 1 {
		t.Errorf("%d machines were enrolled by one code", keys.Load())
	}
	_, late, err := w.desk.Register(t.Context(), on(home), w.chief(), workstation.Registration{Name: "bay 2", Zone: "", Network: "hospital"})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Pass(workstation.CodeLife)
	if _, _, err := w.desk.Enrol(t.Context(), on(home), late); err == nil {
		t.Error("a code served after its time")
	}
}

func TestWorkstationIsKnownByKeyHostAndNetwork(t *testing.T) {
	w := newWard(t)
	at, id := w.station("bay 1")
	if got, err := w.desk.At(t.Context(), at); err != nil || got == nil || got.ID != id || got.Network != "hospital" || got.Zone != "d-1" {
		t.Fatalf("got %+v, %v", got, err)
	}
	elsewhere, host, forged := at, at, at
	elsewhere.Address = netip.MustParseAddr("10.1.2.3")
	host.Host = wards
	forged.Station = strings.Repeat("A", 43)
	for name, c := range map[string]admin.Client{"network": elsewhere, "host": host, "key": forged, "none": on(home)} {
		if got, err := w.desk.At(t.Context(), c); err != nil || got != nil {
			t.Errorf("another %s: got %+v, %v, want no workstation", name, got, err)
		}
	}
}

func TestTokenNamesTheWorkstation(t *testing.T) {
	w := newWard(t)
	at, id := w.station("bay 1")
	handle, _ := w.logsIn(at, email)
	if got := w.where(handle, home); got == nil || got.ID != id || !got.Tapped.IsZero() {
		t.Errorf("after a log-in: got %+v", got)
	}
	code, nonce := w.carry(handle, false)
	carried, err := w.now.Redeem(t.Context(), on(wards), code, nonce)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.where(carried, wards); got == nil || got.ID != id {
		t.Errorf("carried: got %+v", got)
	}
	plain, _ := w.begin(home)
	if got := w.where(plain, home); got != nil {
		t.Errorf("at no workstation: got %+v", got)
	}
}

// The next person gets the own session, at its own level, and the one before is there no
// more, on no host, while that session goes on.
func TestPeopleTakeTurns(t *testing.T) {
	w := newWard(t)
	at, id := w.station("bay 1")
	first, session := w.logsIn(at, email)
	w.goOn(first, home)
	challenge, err := w.admin.StepUp(t.Context(), w.account.ID, session)
	if err != nil {
		t.Fatal(err)
	}
	elevated, _, err := w.now.Elevate(t.Context(), at, browser.StepUp{
		Handle: first, Account: w.account.ID, Session: session, Challenge: challenge.ID, Code: w.mail.Code(),
	})
	if err != nil {
		t.Fatal(err)
	}
	code, nonce := w.carry(elevated, true)
	carried, err := w.now.Redeem(t.Context(), on(wards), code, nonce)
	if err != nil {
		t.Fatal(err)
	}
	w.goOn(carried, wards)

	second, nurses := w.logsIn(at, nurseMail)
	w.goOn(second, home)
	for _, h := range []struct{ handle, host string }{{first, home}, {carried, wards}} {
		w.over(h.handle, h.host)
	}
	w.clock.Pass(2 * time.Minute)
	again := w.taps(at, badgeNo, pin)
	w.over(second, home)
	got := w.goOn(again, home)
	claims := w.parse(got.AccessToken)
	if text(claims, "sid") != session || text(claims, "acr") != admin.ACRTwoFactor {
		t.Errorf("resumed %s at %s, want the own session at the level of its log-in", text(claims, "sid"), text(claims, "acr"))
	}
	if where := w.where(again, home); where == nil || where.ID != id || where.Tapped.IsZero() {
		t.Errorf("got %+v, want a tap at the workstation", where)
	}
	if back := text(w.parse(w.goOn(w.taps(at, other, "2580"), home).AccessToken), "sid"); back != nurses {
		t.Errorf("the nurse got %s, want the own session %s", back, nurses)
	}
	for _, detail := range w.journalled("session.resume", "success") {
		if !strings.HasSuffix(detail, "workstation "+id) {
			t.Errorf("journalled %q", detail)
		}
	}
}

// A session goes along with its person, and is then at one workstation alone.
func TestSessionFollowsItsPerson(t *testing.T) {
	w := newWard(t)
	one, _ := w.station("bay 1")
	two, id := w.station("bay 2")
	before, _ := w.logsIn(one, email)
	w.goOn(before, home)
	after := w.taps(two, badgeNo, pin)
	if where := w.where(after, home); where == nil || where.ID != id {
		t.Errorf("got %+v, want the second workstation", where)
	}
	w.over(before, home)
}

// From three machines at once, three PINs are looked at; then the right one is refused too,
// until a whole log-in.
func TestPINIsGuessedThreeTimes(t *testing.T) {
	w := newWard(t)
	at, _ := w.station("bay 1")
	w.logsIn(at, email)
	var group sync.WaitGroup
	for i := range 12 {
		group.Go(func() {
			if handle, err := w.all[i%2].Resume(t.Context(), at, badgeNo, "90"+string(rune('0'+i%10))+"1"); err == nil || handle != "" {
				t.Error("a wrong PIN resumed a session")
			}
		})
	}
	group.Wait()
	if got := len(w.journalled("session.resume", "failure")); got != 3 {
		t.Errorf("%d PINs were looked at, want 3", got)
	}
	w.refusedTap(at, badgeNo, pin, "badge_refused")
	w.refusedTap(at, "nobody's", pin, "badge_refused")
	w.logsIn(at, email)
	w.taps(at, badgeNo, pin)
}

func TestNoSessionIsResumed(t *testing.T) {
	t.Run("at no workstation", func(t *testing.T) {
		w := newWard(t)
		at, _ := w.station("bay 1")
		w.logsIn(at, email)
		w.refusedTap(on(home), badgeNo, pin, "workstation_missing")
		at.Address = netip.MustParseAddr("10.1.2.3")
		w.refusedTap(at, badgeNo, pin, "workstation_missing")
	})
	t.Run("that began elsewhere", func(t *testing.T) {
		w := newWard(t)
		at, _ := w.station("bay 1")
		w.begin(home)
		w.refusedTap(at, badgeNo, pin, "log_in_required")
	})
	t.Run("of another's badge", func(t *testing.T) {
		w := newWard(t)
		at, _ := w.station("bay 1")
		w.logsIn(at, email)
		w.refusedTap(at, other, "2580", "log_in_required")
		w.refusedTap(at, badgeNo, "2580", "badge_refused")
	})
	t.Run("after the shift", func(t *testing.T) {
		w := newWard(t)
		at, _ := w.station("bay 1")
		w.logsIn(at, email)
		w.limits.Shift = time.Hour
		w.clock.Pass(time.Hour)
		w.refusedTap(at, badgeNo, pin, "log_in_required")
	})
	t.Run("that was logged out", func(t *testing.T) {
		w := newWard(t)
		at, _ := w.station("bay 1")
		_, session := w.logsIn(at, email)
		if err := w.admin.LogOut(t.Context(), on(home), w.account.ID, session); err != nil {
			t.Fatal(err)
		}
		w.refusedTap(at, badgeNo, pin, "log_in_required")
	})
	t.Run("of another kind of browser", func(t *testing.T) {
		w := newWard(t)
		at, _ := w.station("bay 1")
		handle, _ := w.logsIn(at, email)
		at.UserAgent = phone
		w.refusedTap(at, badgeNo, pin, "log_in_required")
		w.goOn(handle, home) // and the session did not end
	})
	t.Run("that the policy does not want", func(t *testing.T) {
		w := newWard(t)
		at, _ := w.station("bay 1")
		w.logsIn(at, email)
		w.policy.mu.Lock()
		w.policy.answer = pdp.Decision{Reasons: []string{"subject_banned"}, Revision: "r1"}
		w.policy.mu.Unlock()
		w.refusedTap(at, badgeNo, pin, "subject_banned")
	})
	t.Run("of a removed badge", func(t *testing.T) {
		w := newWard(t)
		at, _ := w.station("bay 1")
		w.logsIn(at, email)
		if err := w.admin.RemoveBadge(t.Context(), on(home), "u-officer", w.account.ID); err != nil {
			t.Fatal(err)
		}
		w.refusedTap(at, badgeNo, pin, "badge_refused")
	})
}

// What is asked of the policy says that the session is at the workstation.
func TestPolicyIsAskedAtTheWorkstation(t *testing.T) {
	w := newWard(t)
	at, id := w.station("bay 1")
	_, session := w.logsIn(at, email)
	w.taps(at, badgeNo, pin)
	for _, asked := range w.policy.asked {
		if asked.Action.Name != "session.resume" {
			continue
		}
		c := asked.Context.Credential
		f, err := devices{}.Open(c.TokenID, c.Footprint)
		if err != nil || f.Workstation == nil || f.Workstation.ID != id || c.Session != session || asked.Subject.ID != w.account.ID {
			t.Errorf("asked %+v, %v", asked, err)
		}
		return
	}
	t.Error("the policy was not asked")
}

// A person who walks away is put away, and badge and PIN bring the session back.
func TestWalkingAwayLocks(t *testing.T) {
	w := newWard(t)
	at, _ := w.station("bay 1")
	handle, session := w.logsIn(at, email)
	for range 10 { // work goes on
		w.clock.Pass(time.Minute)
		if got := w.goOn(handle, home); got.RenewAfter > time.Second {
			t.Fatalf("asked again after %v", got.RenewAfter)
		}
	}
	w.clock.Pass(5 * time.Minute)
	w.over(handle, home)
	w.clock.Pass(2 * time.Hour) // longer than any session may be idle elsewhere
	if got := text(w.parse(w.goOn(w.taps(at, badgeNo, pin), home).AccessToken), "sid"); got != session {
		t.Errorf("resumed %s, want %s", got, session)
	}
}

// A handle that was never used locks too.
func TestUnusedHandleLocks(t *testing.T) {
	w := newWard(t)
	at, _ := w.station("bay 1")
	handle, _ := w.logsIn(at, email)
	w.clock.Pass(5 * time.Minute)
	w.over(handle, home)
	if _, err := w.now.Carry(t.Context(), at, browser.Passage{Handle: handle, To: toWards, Nonce: browser.Hash("n")}); err == nil {
		t.Error("a locked session was carried")
	}
}

// A removed workstation is none: its sessions are cut off, and its key opens nothing.
func TestRemovedWorkstationIsNone(t *testing.T) {
	w := newWard(t)
	at, id := w.station("bay 1")
	handle, session := w.logsIn(at, email)
	w.goOn(handle, home)
	code, nonce := w.carry(handle, false)
	if err := w.desk.Remove(t.Context(), on(home), "u-officer", id); err != nil {
		t.Fatal(err)
	}
	if !w.revoked.Has(session) {
		t.Error("its session is not on the revocation list")
	}
	w.over(handle, home)
	if _, err := w.now.Redeem(t.Context(), on(wards), code, nonce); err == nil {
		t.Error("a session was carried from it")
	}
	w.refusedTap(at, badgeNo, pin, "workstation_missing")
	again, _ := w.logsIn(at, email)
	if where := w.where(again, home); where != nil {
		t.Errorf("got %+v, want no workstation", where)
	}
}

// An older database does not bring a removed workstation back.
func TestRestoredDatabaseHasNoRemovedWorkstation(t *testing.T) {
	w := newWard(t)
	at, id := w.station("bay 1")
	if err := w.admin.Restore(t.Context(), admin.Restoration{Workstations: []string{id}}); err != nil {
		t.Fatal(err)
	}
	if got, err := w.desk.At(t.Context(), at); err != nil || got != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Patients have no badge, and no officer gives one to the own account.
func TestBadgesAreGiven(t *testing.T) {
	w := newWard(t)
	if err := w.admin.GiveBadge(t.Context(), on(home), w.nurse.ID, w.nurse.ID, "X-1234"); err == nil {
		t.Error("an officer gave a badge to the own account")
	}
	var r *admin.Refusal
	if err := w.admin.GiveBadge(t.Context(), on(home), "u-officer", w.nurse.ID, "00471199"); !errors.As(err, &r) || r.Kind != admin.Conflicting {
		t.Errorf("got %v, want that the badge is another's", err)
	}
	if got := w.journalled("user.set_badge", "success"); len(got) != 0 {
		t.Errorf("what was refused is journalled as done: %q", got)
	}
	w.journal.err = errors.New("the disk is full")
	if err := w.admin.GiveBadge(t.Context(), on(home), "u-officer", w.nurse.ID, "X-1234"); err == nil {
		t.Error("a badge was given without evidence")
	}
	w.journal.err = nil
	if has, _, err := w.admin.Badge(t.Context(), w.nurse.ID); err != nil || has {
		t.Errorf("a badge without evidence is there: %t, %v", has, err)
	}
	for _, weak := range []string{"1111", "1234", "9876", "123", "12a4", "1234567890123"} {
		if err := w.admin.ChooseBadge(t.Context(), on(home), w.nurse.ID, "", weak); !errors.As(err, &r) || r.Reasons[0] != "pin_unfit" {
			t.Errorf("%q: got %v", weak, err)
		}
	}
	if err := w.admin.ChooseBadge(t.Context(), on(home), w.nurse.ID, "X-1234", "1234"); !errors.As(err, &r) || r.Reasons[0] != "pin_unfit" {
		t.Errorf("a badge with a weak PIN: got %v", err)
	}
	if has, _, err := w.admin.Badge(t.Context(), w.nurse.ID); err != nil || has {
		t.Errorf("the badge of a refused form is there, and no record says so: %t, %v", has, err)
	}
	for _, secret := range []string{pin, "2580", "0047"} {
		if strings.Contains(w.log.String(), secret) {
			t.Error("the log has a secret")
		}
	}
}

// People who share a browser are each known there, and none replaces another.
func TestKnownDevicesLiveBesideEachOther(t *testing.T) {
	w := newWard(t)
	at := on(home)
	begin := func(email string) admin.Tokens {
		t.Helper()
		challenge, err := w.admin.LogIn(t.Context(), at, email, passphrase)
		if err != nil {
			t.Fatal(err)
		}
		_, tokens, err := w.now.Begin(t.Context(), at, challenge.ID, w.mail.Code())
		if err != nil {
			t.Fatal(err)
		}
		at.Device = tokens.Devices
		return tokens
	}
	doctors := begin(email).Device
	nurses := begin(nurseMail).Device
	if again := begin(email); again.Device != doctors || again.Devices != doctors+"."+nurses {
		t.Errorf("got %q, want the doctor's key first and the nurse's beside it", again.Devices)
	}
	if again := begin(nurseMail); again.Device != nurses {
		t.Error("the nurse is not known any more")
	}
	for _, id := range []string{w.account.ID, w.nurse.ID} {
		if strings.Contains(at.Device, id) {
			t.Error("the cookie says who was there")
		}
	}
	many := slices.Repeat([]string{doctors}, 40)
	at.Device = strings.Join(append(many, "forged", nurses), ".")
	if got := begin(email); got.Devices != doctors+"."+nurses {
		t.Errorf("got %q, want each genuine key once", got.Devices)
	}
}

// The one duty that resuming can meet is that the session is the account's own.
func TestResumingMeetsTheRowsOfTheOwnSessions(t *testing.T) {
	w := newWard(t)
	at, _ := w.station("bay 1")
	w.logsIn(at, email)
	duty := func(id, value string) {
		w.policy.mu.Lock()
		defer w.policy.mu.Unlock()
		w.policy.answer = pdp.Decision{Allow: true, Revision: "r1", Obligations: []pdp.Obligation{{
			ID: id, Properties: []byte(`{"condition":{"type":"field","operator":"eq","field":"session.account","value":"` + value + `"}}`),
		}}}
	}
	duty("row_condition", w.account.ID)
	w.taps(at, badgeNo, pin)
	duty("row_condition", w.nurse.ID)
	w.refusedTap(at, badgeNo, pin, "obligation_unmet")
	duty("withhold", w.account.ID)
	w.refusedTap(at, badgeNo, pin, "obligation_unmet")
}

// chief is an officer who registers workstations.
func (w *world) chief() string {
	w.t.Helper()
	p, err := w.people.FindNamed(w.t.Context(), "chief")
	if err != nil {
		return w.member("chief", "security", "", false)
	}
	return p.ID
}

// A registration is worth what the word of the officer is worth when the machine is enrolled.
func TestAnOfficerWhoIsKeptOutRegistersNoMachine(t *testing.T) {
	for why, do := range map[string]func(w *ward) error{
		"disabled": func(w *ward) error {
			return w.admin.Disable(t.Context(), admin.Client{}, "operator", w.chief())
		},
		"banned": func(w *ward) error {
			return w.admin.Ban(t.Context(), admin.Client{}, "operator", w.chief(), time.Hour, "test")
		},
	} {
		w := newWard(t)
		w.member("other-chief", "security", "", false)
		_, code, err := w.desk.Register(t.Context(), on(home), w.chief(), workstation.Registration{Name: "bay 9", Network: "hospital"})
		if err != nil {
			t.Fatal(err)
		}
		if err := do(w); err != nil {
			t.Fatal(err)
		}
		_, s, err := w.desk.Enrol(t.Context(), on(home), code)
		if refusal(err) != "workstation_registration_withdrawn" || s.ID != "" {
			t.Errorf("%s: got %+v, %v", why, s, err)
		}
		if got := w.journal.Last(); !strings.HasPrefix(got, "workstation.enrol failure workstation ") || !strings.HasSuffix(got, ": registered by "+w.chief()+": "+why+" workstation_registration_withdrawn") {
			t.Errorf("%s: journalled %q", why, got)
		}
		list, err := w.desk.List(t.Context())
		if err != nil || len(list) == 0 || slices.ContainsFunc(list, func(s workstation.Station) bool { return s.Name == "bay 9" && !s.Enrolled.IsZero() }) {
			t.Errorf("%s: got %+v, %v", why, list, err)
		}
	}
}

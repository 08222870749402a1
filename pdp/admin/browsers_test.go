package admin_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/browser"
	"github.com/wardgate/wardgate/pdp/admin/handler"
	"github.com/wardgate/wardgate/pdp/admin/sqlstore"
	"github.com/wardgate/wardgate/pip"
)

const (
	home    = "home.hospital.test"
	wards   = "wards.hospital.test:8443"
	labs    = "labs.hospital.test"
	toWards = "https://" + wards
	toLabs  = "https://" + labs
)

// A floor is where browsers meet two processes over one database.
type floor struct {
	*world
	all []*browser.Browsers
	now *browser.Browsers // the one that is asked next
}

func newFloor(t *testing.T) *floor {
	t.Helper()
	f := &floor{world: newCheapWorld(t, sqldbtest.New(t))}
	store, second := f.process()
	f.all = []*browser.Browsers{f.browsers(f.admin, f.store), f.browsers(second, store)}
	f.now = f.all[0]
	f.server = handler.New(f.admin, f.now, nil, f.key, slog.New(slog.NewTextHandler(f.log, nil)))
	return f
}

// newCheapWorld is one in which a password is compared at no cost: what is tested here
// begins behind it.
func newCheapWorld(t *testing.T, db sqldbtest.Database) *world {
	t.Helper()
	hash, err := cheap{}.Hash([]byte(passphrase), 12)
	if err != nil {
		t.Fatal(err)
	}
	return newWorldBy(t, db, cheap{}, string(hash))
}

func (f *floor) browsers(a *admin.Admin, s browser.Store) *browser.Browsers {
	f.t.Helper()
	b, err := browser.New(browser.Parts{Admin: a, Store: s, Sealer: f.sealer, Log: slog.New(slog.NewTextHandler(f.log, nil))},
		browser.Origins{Home: "https://" + home, Apps: []string{toWards, toLabs}})
	if err != nil {
		f.t.Fatal(err)
	}
	return b
}

// on is the owner's browser at a host.
func on(host string) admin.Client {
	return admin.Client{Address: netip.MustParseAddr("127.0.0.1"), UserAgent: laptop, Decision: "d-1", Host: host}
}

// begin logs in on a host, and returns the handle and the session.
func (f *floor) begin(host string) (handle, session string) {
	f.t.Helper()
	challenge, err := f.admin.LogIn(f.t.Context(), on(host), email, passphrase)
	if err != nil {
		f.t.Fatal(err)
	}
	handle, tokens, err := f.now.Begin(f.t.Context(), on(host), challenge.ID, f.mail.Code())
	if err != nil {
		f.t.Fatal(err)
	}
	if tokens.Access != "" || tokens.Refresh != "" || tokens.Device == "" {
		f.t.Errorf("a browser's log-in gave tokens, or no key of its device")
	}
	return handle, tokens.Session
}

func asking(handle, host string) pdp.Continuation {
	return pdp.Continuation{Handle: handle, Host: host, Address: netip.MustParseAddr("127.0.0.1"), UserAgent: laptop, Decision: "d-2"}
}

func (f *floor) goOn(handle, host string) pdp.Continued {
	f.t.Helper()
	got, err := f.now.Continue(f.t.Context(), asking(handle, host))
	if err != nil {
		f.t.Fatalf("continue on %s: %v", host, err)
	}
	return got
}

// over wants the handle to be of no more use, in every process.
func (f *floor) over(handle, host string) {
	f.t.Helper()
	for i, b := range f.all {
		if got, err := b.Continue(f.t.Context(), asking(handle, host)); !errors.Is(err, pdp.ErrSessionOver) || got.AccessToken != "" {
			f.t.Errorf("process %d: got %v, want the session to be over", i, err)
		}
	}
}

func (f *floor) carry(handle string, elevated bool) (code, nonce string) {
	f.t.Helper()
	nonce = "nonce of this browser"
	code, err := f.now.Carry(f.t.Context(), on(home), browser.Passage{Handle: handle, To: toWards, Nonce: browser.Hash(nonce), Elevated: elevated})
	if err != nil {
		f.t.Fatal(err)
	}
	return code, nonce
}

func (f *floor) stepUp(handle, session, host string) string {
	f.t.Helper()
	challenge, err := f.admin.StepUp(f.t.Context(), f.account.ID, session)
	if err != nil {
		f.t.Fatal(err)
	}
	handle, until, err := f.now.Elevate(f.t.Context(), on(host), browser.StepUp{
		Handle: handle, Account: f.account.ID, Session: session, Challenge: challenge.ID, Code: f.mail.Code(),
	})
	if err != nil {
		f.t.Fatal(err)
	}
	if want := f.clock.Now().Add(5 * time.Minute); !until.Equal(want) {
		f.t.Errorf("elevated until %v, want %v", until, want)
	}
	return handle
}

func (f *floor) acr(c pdp.Continued) string { return text(f.parse(c.AccessToken), "acr") }

// count is how many rows a table has.
func (f *floor) count(table string) (n int) {
	f.t.Helper()
	if err := f.db().QueryRowContext(f.t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

// journalled are who, which session and what detail the journal has of an action.
func (w *world) journalled(action, outcome string) (details []string) {
	w.journal.mu.Lock()
	defer w.journal.mu.Unlock()
	for _, e := range w.journal.events {
		if e.Action == action && e.Outcome == outcome {
			details = append(details, e.Subject+" "+e.Session+" "+e.Detail)
		}
	}
	return details
}

// Fifty tabs at once, through two enforcement points at two administrators, are
// one browser: they get one token, each time that it is due, and never end the
// session as a replay.
func TestFiftyTabsAreOneBrowser(t *testing.T) {
	f := newFloor(t)
	handle, session := f.begin(home)
	var before string
	for generation := 1; generation <= 3; generation++ {
		got := make([]pdp.Continued, 50)
		faults := make([]error, len(got))
		var group sync.WaitGroup
		for i := range got {
			group.Go(func() {
				got[i], faults[i] = f.all[i%2].Continue(context.Background(), asking(handle, home))
			})
		}
		group.Wait()
		for i := range got {
			if faults[i] != nil || got[i] != got[0] {
				t.Fatalf("generation %d, tab %d: %v, or another token than the first", generation, i, faults[i])
			}
		}
		if got[0].AccessToken == before || got[0].RenewAfter != 2*time.Minute {
			t.Errorf("generation %d: the same token as before, or to be renewed after %v", generation, got[0].RenewAfter)
		}
		before = got[0].AccessToken
		if sid := text(f.parse(before), "sid"); sid != session {
			t.Errorf("a token of session %q", sid)
		}
		h, s, err := f.store.Handle(t.Context(), browser.Hash(handle))
		if err != nil || h.Generation != int64(generation) || !s.Live(f.clock.Now()) || f.revoked.Has(session) {
			t.Errorf("generation %d in the store, live %t, %v", h.Generation, s.Live(f.clock.Now()), err)
		}
		if n := len(f.journalled("session.refresh", "success")); n != generation {
			t.Errorf("%d renewals journalled, want %d", n, generation)
		}
		f.clock.Pass(2*time.Minute + time.Second)
	}
	if want := f.account.ID + " " + session + " " + home; !slices.Contains(f.journalled("session.refresh", "success"), want) {
		t.Errorf("the journal does not say who, in which session, on which host: %v", f.journalled("session.refresh", "success"))
	}
}

func TestAHandleServesOnItsOwnHostAlone(t *testing.T) {
	f := newFloor(t)
	handle, session := f.begin(home)
	for _, host := range []string{wards, labs, "", "HOME.hospital.test", home + ":443", "evil.test"} {
		f.over(handle, host)
	}
	for _, other := range []string{"", "x", handle[1:], handle + "A", strings.Repeat("A", 43), browser.Hash(handle)} {
		f.over(other, home)
	}
	if f.revoked.Has(session) {
		t.Error("asking with what is none has ended the session")
	}
	f.goOn(handle, home)
}

// Whatever ends a session ends what browsers hold of it, on every host and in every
// process, at once.
func TestWhatEndsASessionEndsItsHandles(t *testing.T) {
	for name, end := range map[string]func(f *floor, session string) error{
		"log-out": func(f *floor, session string) error {
			return f.admin.LogOut(f.t.Context(), on(home), f.account.ID, session)
		},
		"log-out everywhere": func(f *floor, _ string) error { return f.admin.LogOutAll(f.t.Context(), on(home), f.account.ID) },
		"the owner": func(f *floor, session string) error {
			return f.admin.EndOwn(f.t.Context(), on(wards), f.account.ID, session)
		},
		"the sentinel": func(f *floor, session string) error { return f.admin.Revoke(f.t.Context(), session, "test") },
		"a ban": func(f *floor, _ string) error {
			return f.admin.Ban(f.t.Context(), admin.Client{}, "operator", f.account.ID, time.Hour, "test")
		},
		"a disabled account": func(f *floor, _ string) error {
			return f.admin.Disable(f.t.Context(), admin.Client{}, "operator", f.account.ID)
		},
		"a new password": func(f *floor, _ string) error {
			return f.admin.RevokeAccount(f.t.Context(), f.account.ID, "password_reset")
		},
		"another address": func(f *floor, _ string) error { return f.change(admin.Changes{Email: "new@hospital.test"}) },
		"a restored database": func(f *floor, _ string) error {
			return f.admin.Restore(f.t.Context(), admin.Restoration{Over: f.clock.Now()})
		},
		"silence": func(f *floor, _ string) error { f.clock.Pass(15 * time.Minute); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFloor(t)
			handle, session := f.begin(home)
			code, nonce := f.carry(handle, false)
			there, err := f.now.Redeem(t.Context(), on(wards), code, nonce)
			if err != nil {
				t.Fatal(err)
			}
			late, nonce := f.carry(handle, false)
			f.goOn(handle, home)
			f.goOn(there, wards)
			if err := end(f, session); err != nil {
				t.Fatal(err)
			}
			f.over(handle, home)
			f.over(there, wards)
			f.refusedCode(wards, late, nonce)
			if _, err := f.now.Carry(t.Context(), on(home), browser.Passage{Handle: handle, To: toLabs, Nonce: browser.Hash("x")}); refusal(err) != "session_ended" {
				t.Errorf("an ended session is carried on: %v", err)
			}
		})
	}
}

func refusal(err error) string {
	if r, ok := errors.AsType[*admin.Refusal](err); ok {
		return r.Reasons[0]
	}
	return fmt.Sprint(err)
}

// refusedCode wants a code to be refused in every process.
func (f *floor) refusedCode(host, code, nonce string) {
	f.t.Helper()
	for _, b := range f.all {
		handle, err := b.Redeem(f.t.Context(), on(host), code, nonce)
		if r := refusal(err); handle != "" || r != "carry_invalid" && r != "session_ended" {
			f.t.Errorf("got %v, want the code to be refused", err)
		}
	}
}

// A session lasts as long as any other: twelve hours, however busy its browser is.
func TestABrowsersSessionHasItsAbsoluteEnd(t *testing.T) {
	f := newFloor(t)
	handle, session := f.begin(home)
	for range 72 {
		f.goOn(handle, home)
		f.clock.Pass(10 * time.Minute)
	}
	f.over(handle, home)
	if !f.revoked.Has(session) {
		t.Error("the session was not ended")
	}
}

// What could not be found out is no end: the same handle serves when the database,
// or the policy, or the journal, answers again.
func TestWhatIsAwayIsNotOver(t *testing.T) {
	f := newFloor(t)
	handle, _ := f.begin(home)
	dark := f.browsers(f.admin, failing{f.store})
	if got, err := dark.Continue(t.Context(), asking(handle, home)); err == nil || errors.Is(err, pdp.ErrSessionOver) || got != (pdp.Continued{}) {
		t.Errorf("the database is away: %v", err)
	}
	f.policy.goesOn, f.policy.err = pdp.Decision{}, errors.New("no answer")
	if got, err := f.now.Continue(t.Context(), asking(handle, home)); err == nil || errors.Is(err, pdp.ErrSessionOver) || got != (pdp.Continued{}) {
		t.Errorf("the policy is away: %v", err)
	}
	f.policy.goesOn, f.policy.err = pdp.Decision{Allow: true, Revision: "r1"}, nil
	f.journal.err = errors.New("the disk is full")
	for range 2 { // what was not journalled is not given out, later either
		if got, err := f.now.Continue(t.Context(), asking(handle, home)); err == nil || errors.Is(err, pdp.ErrSessionOver) || got != (pdp.Continued{}) {
			t.Errorf("the journal is away: %v", err)
		}
	}
	f.journal.err = nil
	f.goOn(handle, home)
}

// failing is a store whose database does not answer.
type failing struct{ *sqlstore.Store }

func (failing) Handle(context.Context, string) (browser.Handle, admin.Session, error) {
	return browser.Handle{}, admin.Session{}, sql.ErrConnDone
}

// The policy is asked each time that a token is replaced, and its no ends the session.
func TestThePolicyMayEndABrowsersSession(t *testing.T) {
	f := newFloor(t)
	handle, session := f.begin(home)
	f.goOn(handle, home)
	f.policy.goesOn = pdp.Decision{Reasons: []string{"subject_banned"}, Revision: "r1"}
	f.goOn(handle, home) // the token is young
	f.clock.Pass(2 * time.Minute)
	f.over(handle, home)
	if !f.revoked.Has(session) {
		t.Error("the session was not ended")
	}
}

// A browser that said at its log-in where it is, and is not asked again, has not
// drifted.
func TestABrowserIsNotAskedWhereItIs(t *testing.T) {
	f := newFloor(t)
	c := on(home)
	c.Coordinates = &pip.Coordinates{Latitude: 5.6, Longitude: -0.2}
	challenge, err := f.admin.LogIn(t.Context(), c, email, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	handle, _, err := f.now.Begin(t.Context(), c, challenge.ID, f.mail.Code())
	if err != nil {
		t.Fatal(err)
	}
	f.goOn(handle, home)
	if last := f.policy.asked[len(f.policy.asked)-1]; last.Action.Name != "session.continue" || last.Context.Journey.Lost || last.Context.Journey.Measured {
		t.Errorf("asked about %s with %+v", last.Action.Name, last.Context.Journey)
	}
}

// A handle in another browser ends the session, as a refresh token there does.
func TestAHandleInAnotherBrowserEndsTheSession(t *testing.T) {
	f := newFloor(t)
	handle, session := f.begin(home)
	thief := asking(handle, home)
	thief.UserAgent = phone
	if _, err := f.now.Continue(t.Context(), thief); !errors.Is(err, pdp.ErrSessionOver) || !f.revoked.Has(session) {
		t.Errorf("got %v, ended %t", err, f.revoked.Has(session))
	}
	f.over(handle, home)
}

func TestACodeCarriesASessionOnce(t *testing.T) {
	f := newFloor(t)
	handle, session := f.begin(home)
	code, nonce := f.carry(handle, false)
	var group sync.WaitGroup
	handles := make([]string, 20)
	for i := range handles {
		group.Go(func() {
			got, err := f.all[i%2].Redeem(context.Background(), on(wards), code, nonce)
			if handles[i] = got; err != nil && refusal(err) != "carry_invalid" {
				t.Error(err)
			}
		})
	}
	group.Wait()
	handles = slices.DeleteFunc(handles, func(h string) bool { return h == "" })
	if len(handles) != 1 || handles[0] == handle {
		t.Fatalf("%d handles of one code", len(handles))
	}
	if sid := text(f.parse(f.goOn(handles[0], wards).AccessToken), "sid"); sid != session {
		t.Errorf("a token of session %q", sid)
	}
	f.over(handles[0], home)
	f.goOn(handle, home)
	if got, want := f.journalled("session.carry", "success"), []string{f.account.ID + " " + session + " " + wards}; !slices.Equal(got, want) {
		t.Errorf("journalled %v, want %v", got, want)
	}
}

func TestACodeIsBoundToWhatItWasMadeFor(t *testing.T) {
	for name, redeem := range map[string]func(f *floor, code, nonce string) (string, error){
		"late": func(f *floor, code, nonce string) (string, error) {
			f.clock.Pass(31 * time.Second)
			return f.now.Redeem(f.t.Context(), on(wards), code, nonce)
		},
		"another host": func(f *floor, code, nonce string) (string, error) {
			return f.now.Redeem(f.t.Context(), on(labs), code, nonce)
		},
		"another nonce": func(f *floor, code, _ string) (string, error) {
			return f.now.Redeem(f.t.Context(), on(wards), code, "of another browser")
		},
		"no nonce": func(f *floor, code, _ string) (string, error) {
			return f.now.Redeem(f.t.Context(), on(wards), code, "")
		},
		"the hash of the nonce": func(f *floor, code, nonce string) (string, error) {
			return f.now.Redeem(f.t.Context(), on(wards), code, browser.Hash(nonce))
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFloor(t)
			handle, session := f.begin(home)
			code, nonce := f.carry(handle, false)
			if got, err := redeem(f, code, nonce); got != "" || refusal(err) != "carry_invalid" {
				t.Errorf("got %v", err)
			}
			f.refusedCode(wards, code, nonce) // it is used up
			if n := len(f.journalled("session.carry", "failure")); n != 1 {
				t.Errorf("%d refusals journalled, want 1", n)
			}
			if f.revoked.Has(session) {
				t.Error("a code that does not fit has ended the session")
			}
			f.goOn(handle, home)
		})
	}
}

func TestACodeLeadsToConfiguredOriginsAlone(t *testing.T) {
	f := newFloor(t)
	handle, _ := f.begin(home)
	for _, to := range []string{
		"", "https://evil.test", "http://" + wards, "https://wards.hospital.test", toWards + "/", toWards + "?x", "https://WARDS.hospital.test:8443",
		"https://x@" + wards, wards, "//" + wards, "https://" + home, toWards + "#", "https://" + wards + ".evil.test", "javascript:alert(1)",
	} {
		if code, err := f.now.Carry(t.Context(), on(home), browser.Passage{Handle: handle, To: to, Nonce: browser.Hash("n")}); code != "" || refusal(err) != "origin_unknown" {
			t.Errorf("%q: got %v", to, err)
		}
	}
	for _, from := range []string{wards, "", "evil.test"} {
		if code, err := f.now.Carry(t.Context(), on(from), browser.Passage{Handle: handle, To: toLabs, Nonce: browser.Hash("n")}); code != "" || refusal(err) != "origin_unknown" {
			t.Errorf("from %q: got %v", from, err)
		}
	}
	for _, nonce := range []string{"", "n", strings.ToUpper(browser.Hash("n")), browser.Hash("n") + "0"} {
		if code, err := f.now.Carry(t.Context(), on(home), browser.Passage{Handle: handle, To: toLabs, Nonce: nonce}); code != "" || refusal(err) != "nonce_malformed" {
			t.Errorf("nonce %q: got %v", nonce, err)
		}
	}
	for _, host := range []string{"", "evil.test", "HOME.hospital.test"} {
		if _, _, err := f.now.Begin(t.Context(), on(host), "c", "123456"); refusal(err) != "origin_unknown" {
			t.Errorf("a log-in on %q: %v", host, err)
		}
	}
}

// An elevation ends with its time, and stays with the browser and the host where it
// was proven.
func TestAnElevationStaysWhereItWasProven(t *testing.T) {
	f := newFloor(t)
	handle, session := f.begin(home)
	code, nonce := f.carry(handle, false)
	there, err := f.now.Redeem(t.Context(), on(wards), code, nonce)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := f.begin(home)
	higher := f.stepUp(handle, session, home)
	for name, c := range map[string]struct{ handle, host, acr string }{
		"the new handle":        {higher, home, admin.ACRSteppedUp},
		"the one from before":   {handle, home, admin.ACRTwoFactor},
		"another host":          {there, wards, admin.ACRTwoFactor},
		"another session":       {other, home, admin.ACRTwoFactor},
		"the new handle, again": {higher, home, admin.ACRSteppedUp},
	} {
		if got := f.acr(f.goOn(c.handle, c.host)); got != c.acr {
			t.Errorf("%s: got %s, want %s", name, got, c.acr)
		}
	}
	f.clock.Pass(4 * time.Minute)
	if got := f.goOn(higher, home); got.RenewAfter > time.Minute || got.Expires.After(f.clock.Now().Add(time.Minute)) || f.acr(got) != admin.ACRSteppedUp {
		t.Errorf("a token outlives its elevation: %v", got.RenewAfter)
	}
	f.over(handle, home) // its grace has passed
	f.clock.Pass(time.Minute)
	if got := f.acr(f.goOn(higher, home)); got != admin.ACRTwoFactor {
		t.Errorf("after its time: %s", got)
	}
	if !slices.Contains(f.journalled("session.elevate", "success"), f.account.ID+" "+session+" "+home) {
		t.Errorf("journalled %v", f.journalled("session.elevate", "success"))
	}
}

// It goes to another origin when that asked for it, for as long as the hospital's
// table says, and no further than its own end.
func TestAnElevationIsCarriedAsFarAsTheTableSays(t *testing.T) {
	for _, test := range []struct {
		name    string
		asked   bool
		carried time.Duration // by the table
		lasts   time.Duration // there, of an elevation of five minutes that is two minutes old; 0 for none
	}{
		{"asked for, to its end", true, 5 * time.Minute, 3 * time.Minute},
		{"asked for, less than its end", true, time.Minute, time.Minute},
		{"asked for, no row", true, 0, 0},
		{"not asked for", false, 5 * time.Minute, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFloor(t)
			f.limits.Carried = test.carried
			handle, session := f.begin(home)
			higher := f.stepUp(handle, session, home)
			f.clock.Pass(2 * time.Minute)
			code, nonce := f.carry(higher, test.asked)
			f.clock.Pass(20 * time.Second)
			there, err := f.now.Redeem(t.Context(), on(wards), code, nonce)
			if err != nil {
				t.Fatal(err)
			}
			got := f.goOn(there, wards)
			if (f.acr(got) == admin.ACRSteppedUp) != (test.lasts > 0) {
				t.Errorf("on arrival: %s", f.acr(got))
			}
			if left := got.Expires.Sub(f.clock.Now()); test.lasts > 0 && left != test.lasts-20*time.Second {
				t.Errorf("a token of %v, want %v", left, test.lasts-20*time.Second)
			}
			f.clock.Pass(max(0, test.lasts-20*time.Second))
			if got := f.acr(f.goOn(there, wards)); got != admin.ACRTwoFactor {
				t.Errorf("after its time: %s", got)
			}
		})
	}
}

// A wrong code elevates nothing and leaves the browser as it was.
func TestAWrongCodeElevatesNothing(t *testing.T) {
	f := newFloor(t)
	handle, session := f.begin(home)
	challenge, err := f.admin.StepUp(t.Context(), f.account.ID, session)
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := f.now.Elevate(t.Context(), on(home), browser.StepUp{
		Handle: handle, Account: f.account.ID, Session: session, Challenge: challenge.ID, Code: "000000x",
	}); got != "" || refusal(err) != "code_invalid" {
		t.Errorf("got %v", err)
	}
	if got := f.acr(f.goOn(handle, home)); got != admin.ACRTwoFactor {
		t.Errorf("got %s", got)
	}
}

// Over HTTP too, a caller whose session is behind a cookie is answered no token.
func TestACallerByCookieIsAnsweredNoToken(t *testing.T) {
	f := newFloor(t)
	handle, session := f.begin(home)
	f.claims.Subject, f.claims.Session, f.claims.Handle, f.claims.Host, f.claims.ByCookie = f.account.ID, session, handle, home, true
	challenge := f.post("/auth/step-up", map[string]string{}).text("challenge")
	got := f.post("/auth/step-up/verify", map[string]string{"challenge": challenge, "code": f.mail.Code()})
	higher := got.Header.Get(assertion.BrowserHeader)
	if got.Status != http.StatusOK || strings.Contains(got.Raw, "token") || got.Body["expires_in"] != 300.0 || f.acr(f.goOn(higher, home)) != admin.ACRSteppedUp {
		t.Errorf("got %d %s", got.Status, got.Raw)
	}
	for _, leave := range []string{"/auth/logout", "/auth/logout-all"} {
		handle, f.claims.Session = f.begin(home)
		if got := f.post(leave, map[string]string{}); got.Status != http.StatusNoContent || got.Header.Get(assertion.BrowserHeader) != assertion.BrowserClear {
			t.Errorf("%s: got %d, %q", leave, got.Status, got.Header.Get(assertion.BrowserHeader))
		}
		f.over(handle, home)
	}
	f.claims.ByCookie = false
	_, f.claims.Session = f.begin(home)
	if got := f.post("/auth/logout", map[string]string{}); got.Header.Get(assertion.BrowserHeader) != "" {
		t.Error("a caller without a cookie is told to clear it")
	}
}

// The database alone opens nothing: neither what a browser holds is in it, nor a
// token. Nor does anything of it end in a log or the journal.
func TestNothingThatOpensIsKeptInTheClear(t *testing.T) {
	f := newFloor(t)
	handle, session := f.begin(home)
	code, nonce := f.carry(handle, false)
	there, err := f.now.Redeem(t.Context(), on(wards), code, nonce)
	if err != nil {
		t.Fatal(err)
	}
	higher := f.stepUp(handle, session, home)
	waiting, _ := f.carry(higher, true)
	secrets := []string{handle, there, higher, code, waiting, nonce}
	for _, one := range []pdp.Continued{f.goOn(handle, home), f.goOn(there, wards), f.goOn(higher, home)} {
		secrets = append(secrets, one.AccessToken, strings.Split(one.AccessToken, ".")[2])
	}
	kept := f.log.String() + fmt.Sprintf("%+v", f.journal.events)
	for _, table := range []string{"admin_handles", "admin_carries", "admin_sessions", "admin_refresh_tokens", "admin_refresh_answers"} {
		kept += f.dump(table)
	}
	if !strings.Contains(kept, browser.Hash(handle)) {
		t.Fatal("the test does not see the store")
	}
	for _, secret := range secrets {
		if strings.Contains(kept, secret) {
			t.Errorf("%q is kept", secret)
		}
	}
	if f.count("admin_refresh_tokens") != 0 {
		t.Error("a browser's session has a refresh token")
	}
}

// A sealed token moved to another row, or dated later, does not open there: it is
// replaced.
func TestATokenOfAnotherRowIsNotGivenOut(t *testing.T) {
	f := newFloor(t)
	handle, _ := f.begin(home)
	victim := f.goOn(handle, home)
	own, _ := f.begin(home)
	f.goOn(own, home)
	db := f.db()
	for _, change := range []string{
		"UPDATE admin_handles SET token = (SELECT token FROM (SELECT token FROM admin_handles WHERE hash = '%[1]s') AS x) WHERE hash = '%[2]s'",
		"UPDATE admin_handles SET issued_at = issued_at + 60000000, expires_at = expires_at + 60000000 WHERE hash = '%[2]s'",
	} {
		if _, err := db.ExecContext(t.Context(), fmt.Sprintf(change, browser.Hash(handle), browser.Hash(own))); err != nil {
			t.Fatal(err)
		}
		if got := f.goOn(own, home); got.AccessToken == victim.AccessToken {
			t.Error("another session's token")
		}
	}
}

// dump is all that a table holds.
func (f *floor) dump(table string) string {
	f.t.Helper()
	rows, err := f.db().QueryContext(f.t.Context(), "SELECT * FROM "+table)
	if err != nil {
		f.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		f.t.Fatal(err)
	}
	var all strings.Builder
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.RawBytes)
		}
		if err := rows.Scan(values...); err != nil {
			f.t.Fatal(err)
		}
		for _, v := range values {
			all.Write(*v.(*sql.RawBytes))
			all.WriteByte(' ')
		}
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	return all.String()
}

// A browser that asks without end has a bounded number of rows, and is not held back
// for longer than a code lives. Others are not held back at all.
func TestABrowserThatAsksWithoutEndIsBounded(t *testing.T) {
	f := newFloor(t)
	handle, _ := f.begin(home)
	other, _ := f.begin(home)
	served := 0
	for range 10 {
		for range 40 {
			nonce := "n"
			code, err := f.now.Carry(t.Context(), on(home), browser.Passage{Handle: handle, To: toWards, Nonce: browser.Hash(nonce)})
			if refusal(err) == "throttled" {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.now.Redeem(t.Context(), on(wards), code, nonce); err != nil {
				t.Fatal(err)
			}
			served++
		}
		f.carry(other, false)
		f.clock.Pass(31 * time.Second)
	}
	if served != 10*16 {
		t.Errorf("%d codes were served, want 16 in each 30 s", served)
	}
	if n := f.count("admin_handles") + f.count("admin_carries"); n > 60 {
		t.Errorf("%d rows of two sessions", n)
	}
}

// Codes at once are bounded too, through two processes.
func TestCodesAtOnceAreBounded(t *testing.T) {
	f := newFloor(t)
	handle, _ := f.begin(home)
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			_, err := f.all[i%2].Carry(context.Background(), on(home), browser.Passage{Handle: handle, To: toWards, Nonce: browser.Hash("n")})
			if err != nil && refusal(err) != "throttled" {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := f.count("admin_carries"); n != 16 {
		t.Errorf("%d codes, want 16", n)
	}
}

func TestWhatIsOverIsSwept(t *testing.T) {
	f := newFloor(t)
	handle, _ := f.begin(home)
	f.carry(handle, false)
	f.goOn(handle, home)
	if err := f.now.Sweep(t.Context()); err != nil || f.count("admin_handles") != 1 || f.count("admin_carries") != 1 {
		t.Errorf("swept too early: %v", err)
	}
	f.clock.Pass(31 * time.Second)
	if err := f.now.Sweep(t.Context()); err != nil || f.count("admin_handles") != 1 || f.count("admin_carries") != 0 {
		t.Errorf("codes are kept for longer than they live: %v", err)
	}
	f.clock.Pass(12 * time.Hour)
	if err := f.now.Sweep(t.Context()); err != nil || f.count("admin_handles") != 0 {
		t.Errorf("handles are kept for longer than they serve: %v", err)
	}
}

// What strangers present leaves no trace in the database or the journal.
func TestStrangersFillNothing(t *testing.T) {
	f := newFloor(t)
	f.begin(home)
	before := len(f.journal.events)
	rows := f.count("admin_handles") + f.count("admin_carries")
	for i := range 100 {
		secret := fmt.Sprintf("%043d", i)
		f.over(secret, home)
		f.refusedCode(wards, secret, "n")
	}
	if n := len(f.journal.events); n != before || f.count("admin_handles")+f.count("admin_carries") != rows {
		t.Errorf("%d records and rows more", n-before)
	}
}

// A host that goes away while the process runs ends what browsers have there, wherever that
// is known; where it is not known yet, none the less, a session comes to no host that either
// side does not know. One that is new is carried to at once.
func TestHostsComeAndGo(t *testing.T) {
	f := newFloor(t)
	handle, _ := f.begin(home)
	code, nonce := f.carry(handle, false)
	ward, err := f.all[0].Redeem(t.Context(), on(wards), code, nonce)
	if err != nil {
		t.Fatal(err)
	}
	take, err := f.all[0].Prepare([]string{toLabs})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.all[0].Continue(t.Context(), asking(ward, wards)); err != nil {
		t.Errorf("a prepared change is in force: %v", err)
	}
	take()
	if got, err := f.all[0].Continue(t.Context(), asking(ward, wards)); !errors.Is(err, pdp.ErrSessionOver) || got.AccessToken != "" {
		t.Errorf("a host that has gone: got %v", err)
	}
	passage := browser.Passage{Handle: handle, To: toWards, Nonce: browser.Hash(nonce)}
	if code, err := f.all[0].Carry(t.Context(), on(home), passage); code != "" || refusal(err) != "origin_unknown" {
		t.Errorf("carried there: got %v", err)
	}
	code, err = f.all[1].Carry(t.Context(), on(home), passage) // which has not heard yet
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.all[0].Redeem(t.Context(), on(wards), code, nonce); got != "" || refusal(err) != "origin_unknown" {
		t.Errorf("a code for a host that has gone: got %v", err)
	}
	if _, err := f.all[0].Continue(t.Context(), asking(handle, home)); err != nil {
		t.Errorf("at home: %v", err)
	}
	for _, faulty := range [][]string{{toWards, "https://x/"}, {toWards, toWards}, {"https://" + home}} {
		if _, err := f.all[0].Prepare(faulty); err == nil {
			t.Errorf("%v: prepared", faulty)
		}
	}
	if take, err = f.all[0].Prepare([]string{toWards}); err != nil {
		t.Fatal(err)
	}
	take()
	if code, err = f.all[0].Carry(t.Context(), on(home), passage); err != nil {
		t.Fatal(err)
	}
	if _, err := f.all[0].Redeem(t.Context(), on(wards), code, nonce); err != nil {
		t.Errorf("a new host: %v", err)
	}
	if got := f.all[0].Apps(); !slices.Equal(got, []string{toWards}) {
		t.Errorf("got %v", got)
	}
}

func TestOriginsThatAreNoneAreNamedAtOnce(t *testing.T) {
	f := newFloor(t)
	parts := browser.Parts{Admin: f.admin, Store: f.store, Sealer: f.sealer, Log: slog.New(slog.DiscardHandler)}
	_, err := browser.New(parts, browser.Origins{Home: "https://h.test/", Apps: []string{
		"https://a.test", "https://a.test", "http://a.test", "ftp://b.test", "https://C.test", "https://d.test:443", "e.test", "https://f@g.test", "https://", "https://i.test:", "",
	}})
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{"https://h.test/", "a.test\" is named twice", "ftp://b.test", "https://C.test", "https://d.test:443", `"e.test"`, "https://f@g.test", `"https://"`, "https://i.test:", `""`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in: %v", want, err)
		}
	}
	b, err := browser.New(parts, browser.Origins{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Begin(t.Context(), on(home), "c", "1"); refusal(err) != "origin_unknown" {
		t.Errorf("without origins: %v", err)
	}
}

// Whatever statement fails of whatever is asked for a browser: it is a fault, and
// neither the end of the session nor a wrong code; nothing is granted with it.
func TestEveryStatementForABrowserMayFail(t *testing.T) {
	faults := &sqldbtest.Faults{}
	file := filepath.Join(t.TempDir(), "test.db")
	f := &floor{world: newCheapWorld(t, func() *sqldb.DB { return sqldbtest.OpenFaulty(t, file, faults) })}
	f.now = f.browsers(f.admin, f.store)
	var handle, session, code, challenge string
	live := func() { handle, session = f.begin(home) }
	for _, asked := range []struct {
		name   string
		before func()
		do     func() (string, error)
	}{
		{"begin", func() {
			c, err := f.admin.LogIn(t.Context(), on(home), email, passphrase)
			if err != nil {
				t.Fatal(err)
			}
			challenge = c.ID
		}, func() (string, error) {
			got, _, err := f.now.Begin(t.Context(), on(home), challenge, f.mail.Code())
			return got, err
		}},
		{"continue", live, func() (string, error) {
			got, err := f.now.Continue(t.Context(), asking(handle, home))
			return got.AccessToken, err
		}},
		{"carry", live, func() (string, error) {
			return f.now.Carry(t.Context(), on(home), browser.Passage{Handle: handle, To: toWards, Nonce: browser.Hash("n")})
		}},
		{"redeem", func() { live(); code, _ = f.carry(handle, false) }, func() (string, error) {
			return f.now.Redeem(t.Context(), on(wards), code, "nonce of this browser")
		}},
		{"elevate", func() {
			live()
			c, err := f.admin.StepUp(t.Context(), f.account.ID, session)
			if err != nil {
				t.Fatal(err)
			}
			challenge = c.ID
		}, func() (string, error) {
			got, _, err := f.now.Elevate(t.Context(), on(home), browser.StepUp{
				Handle: handle, Account: f.account.ID, Session: session, Challenge: challenge, Code: f.mail.Code(),
			})
			return got, err
		}},
	} {
		t.Run(asked.name, func(t *testing.T) {
			f.t = t
			for n := 1; ; n++ {
				f.clock.Pass(25 * time.Hour) // what a failure has left open is over
				asked.before()
				faults.Fail(n, errors.New("the database is not as it was"))
				got, err := asked.do()
				failed, seen := faults.Failed(), faults.Asked()
				faults.Fail(0, nil)
				if !failed {
					if err != nil || got == "" {
						t.Fatalf("without a failure got %v", err)
					}
					return
				}
				if _, no := errors.AsType[*admin.Refusal](err); no || errors.Is(err, pdp.ErrSessionOver) || err != nil && got != "" {
					t.Errorf("at %q: got %v, want a fault", seen[len(seen)-1], err)
				}
			}
		})
	}
}

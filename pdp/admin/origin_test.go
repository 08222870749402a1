package admin_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pip"
)

// TestRetriesOfOneRefreshAreOneAnswer: any number of parallel retries with one
// idempotency key, at two processes, get the identical pair.
func TestRetriesOfOneRefreshAreOneAnswer(t *testing.T) {
	w := newWorld(t)
	token := w.login().text("refresh_token")
	w.clock.Pass(2 * time.Minute)
	_, other := w.process()
	client := admin.Client{UserAgent: laptop, Retry: "k-1"}
	var mu sync.Mutex
	answers := map[string]int{}
	var wg sync.WaitGroup
	for i := range 100 {
		a := w.admin
		if i%2 == 1 {
			a = other
		}
		wg.Go(func() {
			tokens, err := a.Refresh(t.Context(), client, token)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("got %v", err)
				return
			}
			answers[tokens.Access+tokens.Refresh]++
		})
	}
	wg.Wait()
	if len(answers) != 1 {
		t.Errorf("%d different answers, want 1", len(answers))
	}
}

// What could not be journalled is given to no retry: a refresh that the journal does not
// know is one that a database from before would let happen again.
func TestARetryIsOnRecord(t *testing.T) {
	w := newCheapWorld(t, sqldbtest.New(t))
	token := w.login().text("refresh_token")
	w.clock.Pass(2 * time.Minute)
	client := admin.Client{UserAgent: laptop, Retry: "k-1"}
	w.journal.err = errors.New("the disk is full")
	for range 2 {
		if got, err := w.admin.Refresh(t.Context(), client, token); err == nil || got.Access != "" {
			t.Errorf("without a record: got tokens, %v", err)
		}
	}
	w.journal.err = nil
	if got, err := w.admin.Refresh(t.Context(), client, token); err != nil || got.Access == "" || !strings.HasPrefix(w.journal.Last(), "session.refresh success") {
		t.Errorf("with one: %v, journalled %q", err, w.journal.Last())
	}
}

func TestRetryEndsAfterTenSecondsAndForOthers(t *testing.T) {
	cases := map[string]func(w *world, c *admin.Client){
		"late":           func(w *world, _ *admin.Client) { w.clock.Pass(10*time.Second + time.Microsecond) },
		"another key":    func(_ *world, c *admin.Client) { c.Retry = "k-2" },
		"no key":         func(_ *world, c *admin.Client) { c.Retry = "" },
		"another device": func(_ *world, c *admin.Client) { c.UserAgent = phone },
		"banned": func(w *world, _ *admin.Client) {
			w.policy.goesOn = pdp.Decision{Reasons: []string{"subject_banned"}}
		},
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			token := w.login().text("refresh_token")
			w.clock.Pass(2 * time.Minute)
			c := admin.Client{UserAgent: laptop, Retry: "k-1"}
			if _, err := w.admin.Refresh(t.Context(), c, token); err != nil {
				t.Fatal(err)
			}
			spoil(w, &c)
			if _, err := w.admin.Refresh(t.Context(), c, token); err == nil || !w.revoked.Has(w.claims.Session) {
				t.Errorf("got %v, session ended: %v", err, w.revoked.Has(w.claims.Session))
			}
		})
	}
}

// TestRefreshAsksThePolicy: what it denies ends the session, what it cannot
// find out ends nothing.
func TestRefreshAsksThePolicy(t *testing.T) {
	cases := []struct {
		name   string
		answer pdp.Decision
		status int
		ends   bool
	}{
		{"banned", pdp.Decision{Reasons: []string{"subject_banned"}}, http.StatusUnauthorized, true},
		{"drifted", pdp.Decision{Reasons: []string{"location_drifted"}}, http.StatusUnauthorized, true},
		{"list stale", pdp.Decision{Reasons: []string{"revocation_unknown"}}, http.StatusServiceUnavailable, false},
		{"silence", pdp.Decision{}, http.StatusServiceUnavailable, false},
		{"an unknown duty", pdp.Decision{Allow: true, Obligations: []pdp.Obligation{{ID: "x"}}}, http.StatusServiceUnavailable, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			token := w.login().text("refresh_token")
			w.clock.Pass(2 * time.Minute)
			w.policy.goesOn = c.answer
			a := w.refresh(token)
			if a.Status != c.status || w.revoked.Has(w.claims.Session) != c.ends || strings.Contains(a.Raw, "access_token") {
				t.Errorf("got %d %s, session ended: %v", a.Status, a.Raw, w.revoked.Has(w.claims.Session))
			}
			if c.ends {
				return
			}
			w.policy.goesOn = pdp.Decision{Allow: true}
			if a := w.refresh(token); a.Status != http.StatusOK {
				t.Errorf("afterwards: got %d %s", a.Status, a.Raw)
			}
		})
	}
}

// TestAJourneyIsMeasured between the last log-in and this one.
func TestAJourneyIsMeasured(t *testing.T) {
	w := newWorld(t)
	berlin := &pip.Coordinates{Latitude: 52.52, Longitude: 13.405}
	paris := &pip.Coordinates{Latitude: 48.8566, Longitude: 2.3522}
	for _, at := range []*pip.Coordinates{berlin, paris} {
		first := w.post("/auth/login", map[string]string{"email": email, "password": passphrase})
		_, err := w.admin.Verify(t.Context(), admin.Client{UserAgent: laptop, Coordinates: at}, first.text("challenge"), w.mail.Code())
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Pass(time.Hour)
	}
	asked := w.policy.asked[len(w.policy.asked)-1].Context.Journey
	if !asked.Measured || asked.Kilometres < 870 || asked.Kilometres > 885 || asked.Elapsed != time.Hour {
		t.Errorf("got %+v, want 878 km in an hour", asked)
	}
}

// TestWhatIsRememberedOfLogInsIsForgotten when its time is over.
func TestWhatIsRememberedOfLogInsIsForgotten(t *testing.T) {
	w := newWorld(t)
	w.claims.Address = "203.0.113.7"
	device, _ := w.admin.KnownDevice(w.login().text("device"))
	stay := []struct {
		days            int
		device, network bool
		lastly          bool
	}{
		{29, true, true, true},
		{31, true, true, false},
		{91, true, false, false},
		{181, false, false, false},
	}
	passed := 0
	for _, s := range stay {
		w.clock.Pass(time.Duration(s.days-passed) * 24 * time.Hour)
		passed = s.days
		if err := w.admin.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		known, err := w.store.Familiar(t.Context(), w.account.ID, device, "203.0.113.0/24", time.Time{}, time.Time{})
		if err != nil || known.Device != s.device || known.Network != s.network || (known.Last.Place != "") != s.lastly {
			t.Errorf("after %d days: device %v, network %v, last log-in %v (%v)", s.days, known.Device, known.Network, known.Last.Place != "", err)
		}
		if live, err := w.store.Session(t.Context(), w.claims.Session); err == nil {
			t.Errorf("after %d days the footprint of session %s is still there", s.days, live.ID)
		}
	}
}

// TestAFootprintIsKeptSealed: the store has no column that says what it is.
func TestAFootprintIsKeptSealed(t *testing.T) {
	w := newWorld(t)
	w.login()
	s, err := w.store.Session(t.Context(), w.claims.Session)
	if err != nil || s.Footprint != (pip.Footprint{}) || s.Sealed == "" {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestDeviceCookie(t *testing.T) {
	w := newWorld(t)
	a := w.login()
	cookie := a.Header.Get("Set-Cookie")
	for _, want := range []string{"__Host-wardgate-device=" + a.text("device"), "Path=/", "Secure", "HttpOnly", "SameSite=Strict", "Max-Age=15552000"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q lacks %s", cookie, want)
		}
	}
}

func TestApprove(t *testing.T) {
	w := newWorld(t)
	pending := w.pending("nurse.two", "doctor")
	patient := w.pending("patient.two", "patient")
	cases := []struct {
		name, account, staff, department string
		want                             string
	}{
		{"without a staff record", pending, "", "", "refused: staff_unfit"},
		{"unknown staff record", pending, "s-0", "", "refused: staff_unfit"},
		{"another department", pending, "s-9", "d-1", "refused: staff_unfit"},
		{"a patient with a staff record", patient, "s-9", "", "refused: staff_unfit"},
		{"nobody", "none", "s-9", "", "refused: not_found"},
		{"active", w.account.ID, "s-9", "", "refused: not_pending"},
		{"right", pending, "s-9", "d-9", "<nil>"},
		{"twice", pending, "s-9", "", "refused: not_pending"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := w.admin.Approve(t.Context(), admin.Client{}, "u-security", c.account, c.staff, c.department)
			if got := fmt.Sprint(err); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	p, err := w.people.Find(t.Context(), pending)
	if err != nil || p.Standing != pip.AccountActive || p.Staff != "s-9" || p.Department != "d-9" {
		t.Errorf("got %+v, %v", p, err)
	}
}

package admin_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin/browser"
)

// goesOn asks as what is under way does.
func goesOn(t *testing.T, b *browser.Browsers, session, handle, host string) bool {
	t.Helper()
	_, err := b.GoesOn(t.Context(), pdp.Ongoing{Session: session, Handle: handle, Host: host})
	if err != nil && !errors.Is(err, pdp.ErrSessionOver) {
		t.Fatal(err)
	}
	return err == nil
}

// However often it is asked, a session ends when it would: what only waits is no use of one.
func TestToBeAskedKeepsNoSessionAlive(t *testing.T) {
	f := newFloor(t)
	handle, session := f.begin(home)
	f.goOn(handle, home)
	began := f.clock.Now()
	for goesOn(t, f.now, session, handle, home) && goesOn(t, f.now, session, "", "") && f.clock.Now().Sub(began) < 48*time.Hour {
		f.clock.Pass(time.Minute)
	}
	if idle := f.clock.Now().Sub(began); idle >= 48*time.Hour || idle < 6*time.Minute {
		t.Errorf("the session was idle for %v", idle)
	}
	if goesOn(t, f.now, session, "", "") {
		t.Error("by its id alone it goes on")
	}
	f.over(handle, home)
	for name, asked := range map[string]pdp.Ongoing{
		"nothing":         {},
		"no such session": {Session: "s-none"},
		"no such handle":  {Session: session, Handle: "none", Host: home},
		"another host":    {Session: session, Handle: handle, Host: wards},
		"another session": {Session: "s-none", Handle: handle, Host: home},
	} {
		if _, err := f.now.GoesOn(t.Context(), asked); !errors.Is(err, pdp.ErrSessionOver) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// At a workstation that was walked away from nothing goes on, though the session is kept for
// who comes back.
func TestWhatIsUnderWayStaysAtNoWorkstation(t *testing.T) {
	w := newWard(t)
	at, _ := w.station("bay 1")
	handle, session := w.logsIn(at, email)
	w.goOn(handle, home)
	for range 4 {
		w.clock.Pass(time.Minute)
		if !goesOn(t, w.now, session, handle, home) {
			t.Fatal("it ended before the table says")
		}
	}
	w.clock.Pass(time.Minute)
	if goesOn(t, w.now, session, handle, home) {
		t.Error("it goes on after the person has walked away")
	}
}

// What is under way at a workstation is asked about so often that it is over within a second of
// another person's tap; elsewhere that is left to who asks.
func TestWhatIsUnderWayEndsWithATurn(t *testing.T) {
	w := newWard(t)
	elsewhere, session := w.begin(home)
	if going, err := w.now.GoesOn(t.Context(), pdp.Ongoing{Session: session, Handle: elsewhere, Host: home}); err != nil || going.AskAfter != 0 {
		t.Errorf("got %v, %v", going, err)
	}
	at, _ := w.station("bay 1")
	_, _ = w.logsIn(at, nurseMail)
	handle, session := w.logsIn(at, email)
	w.goOn(handle, home)
	asked := pdp.Ongoing{Session: session, Handle: handle, Host: home}
	if going, err := w.now.GoesOn(t.Context(), asked); err != nil || going.AskAfter <= 0 || going.AskAfter > time.Second {
		t.Errorf("got %v, %v, want a second at most", going, err)
	}
	w.taps(at, other, "2580")
	if _, err := w.now.GoesOn(t.Context(), asked); !errors.Is(err, pdp.ErrSessionOver) {
		t.Errorf("the person before goes on: %v", err)
	}
}

// A host at which browsers have no sessions any more has none that goes on.
func TestNothingGoesOnAtAHostThatWasTakenAway(t *testing.T) {
	f := newFloor(t)
	handle, session := f.begin(wards)
	if !goesOn(t, f.now, session, handle, wards) {
		t.Fatal("it does not go on")
	}
	take, err := f.now.Prepare([]string{toLabs})
	if err != nil {
		t.Fatal(err)
	}
	take()
	if goesOn(t, f.now, session, handle, wards) {
		t.Error("it goes on")
	}
}

package client_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
)

func continuation() pdp.Continuation {
	return pdp.Continuation{Handle: "h", Host: "home.test:8443", Address: netip.MustParseAddr("10.0.0.1"), UserAgent: "Firefox", Decision: "d"}
}

func TestABrowsersSessionCrosses(t *testing.T) {
	w := newWorld(t)
	got, err := w.client.Continue(t.Context(), continuation())
	if err != nil || got != goingOn() || len(w.point.asks) != 1 || w.point.asks[0] != continuation() {
		t.Errorf("got %v, or another question or answer than was given", err)
	}
}

// Only the decision point's own word ends a browser's session.
func TestWhatIsNoAnswerEndsNoSession(t *testing.T) {
	w := newWorld(t)
	w.point.goesOn = pdp.ErrSessionOver
	if got, err := w.client.Continue(t.Context(), continuation()); !errors.Is(err, pdp.ErrSessionOver) || got != (pdp.Continued{}) {
		t.Errorf("over: got %v", err)
	}
	w.point.goesOn = errors.New("SQL is gone")
	if got, err := w.client.Continue(t.Context(), continuation()); err == nil || errors.Is(err, pdp.ErrSessionOver) || got != (pdp.Continued{}) {
		t.Errorf("not known: got %v", err)
	}
	w.down.Store(true)
	if got, err := w.client.Continue(t.Context(), continuation()); err == nil || errors.Is(err, pdp.ErrSessionOver) || got != (pdp.Continued{}) {
		t.Errorf("down: got %v", err)
	}
	for _, answer := range []struct {
		status int
		body   string
	}{
		{200, ``}, {200, `{}`}, {200, `null`}, {200, `{"AccessToken":"a"}`}, {200, `{"AccessToken":"a","Expires":"2026-01-01T00:00:00Z","RenewAfter":0}`},
		{200, `{"AccessToken":"a","Expires":"2026-01-01T00:00:00Z","RenewAfter":1,"More":1}`}, {200, strings.Repeat(" ", 2<<20)},
		{204, ``}, {302, ``}, {401, ``}, {403, ``}, {404, `{}`}, {500, ``}, {503, ``},
	} {
		w := pointed(t, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(answer.status)
			_, _ = rw.Write([]byte(answer.body))
		}))
		if got, err := w.client.Continue(t.Context(), continuation()); err == nil || errors.Is(err, pdp.ErrSessionOver) || got != (pdp.Continued{}) {
			t.Errorf("%d %.40s: got %v", answer.status, answer.body, err)
		}
	}
}

// Whether a session goes on is the decision point's own word too.
func TestWhetherASessionGoesOnCrosses(t *testing.T) {
	w, asked := newWorld(t), pdp.Ongoing{Session: "s-1", Handle: "h", Host: "home.test:8443"}
	if going, err := w.client.GoesOn(t.Context(), asked); err != nil || going.AskAfter != time.Second || len(w.point.ongoing) != 1 || w.point.ongoing[0] != asked {
		t.Errorf("got %v, or another question than was asked", err)
	}
	w.point.goesOn = pdp.ErrSessionOver
	if _, err := w.client.GoesOn(t.Context(), asked); !errors.Is(err, pdp.ErrSessionOver) {
		t.Errorf("over: got %v", err)
	}
	w.point.goesOn = errors.New("SQL is gone")
	if _, err := w.client.GoesOn(t.Context(), asked); err == nil || errors.Is(err, pdp.ErrSessionOver) {
		t.Errorf("not known: got %v", err)
	}
	w.down.Store(true)
	if _, err := w.client.GoesOn(t.Context(), asked); err == nil || errors.Is(err, pdp.ErrSessionOver) {
		t.Errorf("down: got %v", err)
	}
	for _, status := range []int{200, 204, 302, 401, 403, 404, 500, 503} {
		w := pointed(t, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(status) }))
		if _, err := w.client.GoesOn(t.Context(), asked); err == nil || errors.Is(err, pdp.ErrSessionOver) {
			t.Errorf("%d: got %v", status, err)
		}
	}
}

// The key of cookies is had from the decision point, outlives its silence, and a
// faulty one changes nothing.
func TestTheKeyOfCookiesIsFollowed(t *testing.T) {
	w := newWorld(t)
	if key, err := w.client.CookieKey(); err == nil || key.Secret != nil {
		t.Errorf("before anything was heard: %v", err)
	}
	first, second := w.point.cookie, bytes.Repeat([]byte("fedcba9876543210"), 2)
	has := func(want []byte) func() bool {
		return func() bool {
			key, err := w.client.CookieKey()
			return err == nil && bytes.Equal(key.Secret, want)
		}
	}
	w.run()
	until(t, "the first key", has(first))
	w.point.set(func() { w.point.cookie = []byte("short") })
	until(t, "the faulty key is asked for again", func() bool { return w.requests.Load() > 12 })
	if !has(first)() {
		t.Error("a faulty key was taken")
	}
	w.down.Store(true)
	if !has(first)() {
		t.Error("the key is gone with its decision point")
	}
	w.down.Store(false)
	w.point.set(func() { w.point.cookie = second })
	until(t, "the second key", has(second))
}

package main

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// A kind of request, and how often it is drawn.
type kind struct {
	weight int
	make   func(*harness, *world) error
}

// kinds are what the sequence is drawn from. What hashes a password costs a
// thousand times as much as a read, and is drawn as much less often.
var kinds = []kind{
	{6000, (*harness).routed},
	{900, (*harness).credentials},
	{700, (*harness).malformed},
	{1200, (*harness).evaluation},
	{300, (*harness).badEvaluation},
	{900, (*harness).forwarded},
	{400, (*harness).laboratory},
	{60, (*harness).signal},
	{14, (*harness).failedLogIn},
	{4, (*harness).signUp},
	{3, (*harness).forgot},
	{4, (*harness).elevate},
	{3, (*harness).ban},
	{4, (*harness).refreshes},
	{2, (*harness).logOut},
	{4, (*harness).forbiddenChange},
	{2, (*harness).machine},
	{2, (*harness).authenticator},
}

// run sends the whole sequence.
func (h *harness) run(requests int, out io.Writer) error {
	w, err := h.setUp()
	if err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	sum := 0
	for _, k := range kinds {
		sum += k.weight
	}
	next := time.Now().Add(30 * time.Second)
	for h.sent < requests {
		if err := h.draw(sum).make(h, w); err != nil && !errors.Is(err, errTorn) {
			return err
		}
		if err := h.keepSessions(w); err != nil {
			return err
		}
		if time.Now().After(next) {
			fmt.Fprintf(out, "… %d requests, %d members differ\n", h.sent, len(h.report.groups))
			next = next.Add(30 * time.Second)
		}
	}
	return h.ending(w)
}

func (h *harness) draw(sum int) kind {
	n := h.random.IntN(sum)
	for _, k := range kinds {
		if n -= k.weight; n < 0 {
			return k
		}
	}
	return kinds[0]
}

// keepSessions begins new sessions for those whose session is over, some
// requests after it ended: until then the dead token is used.
func (h *harness) keepSessions(w *world) error {
	for _, p := range w.people {
		old := time.Since(p.begun) > tokenLife
		if p.banned || !old && (!p.ended || h.random.IntN(40) > 0) {
			continue
		}
		if err := h.logIn(p); err != nil {
			return err
		}
		if h.random.IntN(2) == 0 && !p.ended {
			if err := h.stepUp(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// tokenLife is how long tokens are used, well below the 900 seconds that they
// live under the edited rule book.
const tokenLife = 12 * time.Minute

// ending compares what is left.
func (h *harness) ending(w *world) error {
	for _, p := range w.people {
		for _, target := range []string{"/api/me", "/api/sessions", "/api/patients?limit=100", "/api/admin/users?limit=200", "/api/admin/bans"} {
			if err := h.ask(h.read(p, target)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Package restored_test puts older databases in the place of newer ones, and asks
// whether what was ordered since is still in force.
package restored_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

const (
	identity = "identity.db"
	sessions = "sessions.db"

	doctorMail = "doctor@demo.hospital.test"
)

// A deed is done after the copy was taken, and has to be in force still when the copy
// was put back.
type deed struct {
	name   string
	before func(h *house) any // and what it leads to, which do and still are given
	do     func(h *house, with any)
	still  func(h *house, with any)
}

func post(h *house, path string, body map[string]string) *rig.Answer {
	return h.Anonymous().Post(path, body)
}

// challenged has the doctor begin a log-in, and returns challenge and code.
func challenged(h *house) map[string]string {
	var c struct{ Challenge string }
	post(h, "/auth/login", map[string]string{"email": doctorMail, "password": rig.DemoPassword}).Is(http.StatusOK).Into(&c)
	return map[string]string{"challenge": c.Challenge, "code": h.NewestCode(doctorMail)}
}

func officer(h *house) *rig.Person { return h.As("security").SteppedUp() }

func ban(h *house) {
	by := officer(h)
	by.Post("/api/admin/users/"+by.User("doctor").ID+"/ban", map[string]any{"minutes": 30, "reason": "test"}).Is(http.StatusNoContent)
}

// again is somebody of before, at the process of now.
func again(h *house, p *rig.Person) *rig.Person {
	return &rig.Person{World: h.World, Name: p.Name, Token: p.Token}
}

// app enrols an authenticator app for the doctor and returns its secret.
func app(h *house) string {
	elevated := h.As("doctor").SteppedUp()
	var offer struct{ Secret string }
	elevated.Post("/api/me/totp", nil).Is(http.StatusOK).Into(&offer)
	elevated.Post("/api/me/totp/confirm", map[string]string{"code": rig.AppCode(h.t, offer.Secret, -1)}).Is(http.StatusOK)
	return offer.Secret
}

func methods(h *house) string {
	var c struct{ Methods []string }
	post(h, "/auth/login", map[string]string{"email": doctorMail, "password": rig.DemoPassword}).Is(http.StatusOK).Into(&c)
	return fmt.Sprint(c.Methods)
}

var deeds = []deed{
	{
		name:   "log-out",
		before: func(h *house) any { return h.As("doctor") },
		do: func(h *house, with any) {
			with.(*rig.Person).Post("/auth/logout", nil).Is(http.StatusNoContent)
		},
		still: func(h *house, with any) { again(h, with.(*rig.Person)).Get("/api/me").Is(http.StatusUnauthorized) },
	},
	{
		name:   "session that the copy has never seen",
		do:     func(h *house, _ any) { h.As("doctor") },
		before: func(h *house) any { return nil },
		still:  func(h *house, _ any) {},
	},
	{
		name:   "ban",
		before: func(h *house) any { return h.As("doctor") },
		do:     func(h *house, _ any) { ban(h) },
		still: func(h *house, with any) {
			again(h, with.(*rig.Person)).Get("/api/me").Is(http.StatusUnauthorized)
			post(h, "/auth/login/verify", challenged(h)).Denied(http.StatusForbidden, "subject_banned")
		},
	},
	{
		name:   "disabled account",
		before: func(h *house) any { return h.As("doctor") },
		do: func(h *house, _ any) {
			by := officer(h)
			by.Post("/api/admin/users/"+by.User("doctor").ID+"/disable", nil).Is(http.StatusNoContent)
		},
		still: func(h *house, with any) {
			again(h, with.(*rig.Person)).Get("/api/me").Is(http.StatusUnauthorized)
			if got := officer(h).User("doctor").Standing; got != "disabled" {
				h.t.Errorf("the account is %s", got)
			}
		},
	},
	{
		name:   "lifted ban",
		before: func(h *house) any { ban(h); return nil },
		do: func(h *house, _ any) {
			by := officer(h)
			by.Post("/api/admin/users/"+by.User("doctor").ID+"/unban", nil).Is(http.StatusNoContent)
		},
		still: func(h *house, _ any) { h.As("doctor").Get("/api/me").Is(http.StatusOK) },
	},
	{
		name:   "used code",
		before: func(h *house) any { return challenged(h) },
		do: func(h *house, with any) {
			post(h, "/auth/login/verify", with.(map[string]string)).Is(http.StatusOK)
		},
		still: func(h *house, with any) {
			post(h, "/auth/login/verify", with.(map[string]string)).Is(http.StatusUnauthorized)
		},
	},
	{
		name: "used refresh token",
		before: func(h *house) any {
			pair, a := h.From("doctor", "").SignIn("", nil)
			a.Is(http.StatusOK)
			time.Sleep(7 * time.Second) // a hundredth of its life, as the table of this house says
			return map[string]string{"refresh_token": pair.Refresh}
		},
		do: func(h *house, with any) {
			post(h, "/auth/refresh", with.(map[string]string)).Is(http.StatusOK)
		},
		still: func(h *house, with any) {
			post(h, "/auth/refresh", with.(map[string]string)).Is(http.StatusUnauthorized)
		},
	},
	{
		name: "used reset code, and the password of before",
		before: func(h *house) any {
			var c struct{ Challenge string }
			post(h, "/auth/forgot", map[string]string{"email": doctorMail}).Is(http.StatusAccepted).Into(&c)
			return map[string]string{"challenge": c.Challenge, "code": h.NewestCode(doctorMail), "password": "Another-one-2027"}
		},
		do: func(h *house, with any) {
			post(h, "/auth/reset", with.(map[string]string)).Is(http.StatusNoContent)
		},
		still: func(h *house, with any) {
			post(h, "/auth/reset", with.(map[string]string)).Is(http.StatusUnauthorized)
			post(h, "/auth/login", map[string]string{"email": doctorMail, "password": rig.DemoPassword}).Is(http.StatusUnauthorized)
		},
	},
	{
		name:   "removed app",
		before: func(h *house) any { return app(h) },
		do: func(h *house, with any) {
			var c struct{ Challenge string }
			post(h, "/auth/login", map[string]string{"email": doctorMail, "password": rig.DemoPassword}).Is(http.StatusOK).Into(&c)
			doctor := h.From("doctor", "")
			var pair rig.Pair
			doctor.Post("/auth/login/verify", map[string]string{"challenge": c.Challenge, "code": rig.AppCode(h.t, with.(string), 0)}).Is(http.StatusOK).Into(&pair)
			doctor.Token = pair.Access
			doctor.Post("/auth/step-up", nil).Is(http.StatusOK).Into(&c)
			doctor.Post("/auth/step-up/verify", map[string]string{"challenge": c.Challenge, "code": rig.AppCode(h.t, with.(string), 1)}).Is(http.StatusOK).Into(&pair)
			doctor.Token = pair.Access
			doctor.Remove("/api/me/totp").Is(http.StatusNoContent)
		},
		still: func(h *house, _ any) {
			if got := methods(h); got != "[email]" {
				h.t.Errorf("the removed app is asked for: %s", got)
			}
		},
	},
	{
		name:   "added app, whose secret is gone: a mailbox alone opens nothing",
		before: func(h *house) any { return nil },
		do:     func(h *house, _ any) { app(h) },
		still: func(h *house, _ any) {
			if got := methods(h); got != "[totp]" {
				h.t.Errorf("asked for %s", got)
			}
		},
	},
}

// shortRefresh lets a token be refreshed soon.
func shortRefresh(t *testing.T) func(*config.Config) {
	return rig.WithLimits(t, rig.Row{`"refresh_after_percent": 40`, `"refresh_after_percent": 1`})
}

// What was acknowledged stays in force, whichever of the databases is put back.
func TestAnOlderDatabaseUndoesNothing(t *testing.T) {
	for _, d := range deeds {
		t.Run(d.name, func(t *testing.T) {
			h := newHouse(t, shortRefresh(t))
			with := d.before(h)
			bystander := h.As("nurse")
			copies := h.copyOf(identity, sessions)
			d.do(h, with)
			h.Stop()
			h.putBack(copies)
			h.start()
			d.still(h, with)
			again(h, bystander).Get("/api/me").Is(http.StatusUnauthorized)
			h.As("nurse").Get("/api/me").Is(http.StatusOK) // and a new session is one
			h.wantSaid()
			h.Stop()

			// What was brought up is not brought up again, and lasts.
			h.start()
			d.still(h, with)
			if n := h.Metric("wardgate_databases_restored_total"); n != "0" {
				t.Errorf("restored %s times more", n)
			}
		})
	}
}

// The same with one of the two alone.
func TestOneOlderDatabaseUndoesNothing(t *testing.T) {
	for _, d := range deeds {
		file := sessions
		switch d.name {
		case "used code", "used reset code, and the password of before", "removed app", "added app, whose secret is gone: a mailbox alone opens nothing":
			file = identity
		}
		t.Run(d.name, func(t *testing.T) {
			h := newHouse(t, shortRefresh(t))
			with := d.before(h)
			copies := h.copyOf(file)
			d.do(h, with)
			h.Stop()
			h.putBack(copies)
			h.start()
			d.still(h, with)
			h.wantSaid()
		})
	}
}

// A house that is merely stopped and started finds nothing wrong, and sessions go on.
func TestAWholeHouseGoesOn(t *testing.T) {
	h := newHouse(t, nil)
	doctor := h.As("doctor")
	for range 3 {
		h.Stop()
		h.start()
		again(h, doctor).Get("/api/me").Is(http.StatusOK)
		h.wantUnsaid()
	}
}

package stories_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
)

// Operators see which addresses are barred, and let them in again, by a command
// and through the enforcement point. The journal says who did.
func TestOperatorsLiftBars(t *testing.T) {
	w := rig.New(t, nil)
	security, doctor := w.As("security"), w.As("doctor")
	stranger := w.Anonymous()
	stranger.Via = "127.0.0.2"
	asks := func() *rig.Answer {
		return stranger.Post("/auth/forgot", map[string]string{"email": "nobody@demo.hospital.test"})
	}
	out := func() bool { // by the bar, and not for asking so often
		a := asks()
		return a.Status == http.StatusTooManyRequests && strings.Contains(string(a.Body), "address_barred")
	}
	in := func() bool { return asks().Status == http.StatusAccepted }

	w.Barred("127.0.0.2")
	rig.Until(t, "the bar holds", out)
	code, said := rig.Command("bans", "list", "--data", w.Data)
	if code != 0 || !strings.Contains(said, "127.0.0.2") || !strings.Contains(said, "spraying, by sentinel") {
		t.Errorf("bans list: got %d %q", code, said)
	}
	var list struct {
		Items []struct{ Kind, Address, Account, Reason, By string }
	}
	security.Get("/api/admin/bans").Is(http.StatusOK).Into(&list)
	if len(list.Items) != 1 || list.Items[0].Kind != "address" || list.Items[0].Address != "127.0.0.2" || list.Items[0].Account != "" {
		t.Errorf("got %+v", list)
	}
	doctor.Get("/api/admin/bans").Denied(http.StatusForbidden, "role_forbidden")
	security.Get("/api/admin/bans?limit=0").Is(http.StatusBadRequest)
	for body, field := range map[string]string{`{"address":"127.0.0.0/8"}`: "body.address", `{"address":"doctor"}`: "body.address", `{}`: "body.address"} {
		if a := security.Post("/api/admin/bans/lift", []byte(body)).Is(http.StatusBadRequest); !strings.Contains(string(a.Body), field) {
			t.Errorf("%s: got %s", body, a.Body)
		}
	}
	security.Post("/api/admin/bans/lift", map[string]string{"address": "192.0.2.9"}).Is(http.StatusNotFound)
	security.Post("/api/admin/bans/lift", map[string]string{"address": "127.0.0.2"}).Is(http.StatusNoContent)
	rig.Until(t, "the bar is lifted", in)

	w.Barred("127.0.0.2")
	rig.Until(t, "the bar holds again", out)
	if code, said := rig.Command("bans", "lift", "127.0.0.2", "--data", w.Data); code != 0 || said != "lifted\n" {
		t.Errorf("bans lift: got %d %q", code, said)
	}
	rig.Until(t, "the bar is lifted again", in)
	for address, why := range map[string]string{"127.0.0.2": "is not barred", "doctor": "wardgate user unban"} {
		if code, said := rig.Command("bans", "lift", address, "--data", w.Data); code != 1 || !strings.Contains(said, why) {
			t.Errorf("bans lift %s: got %d %q, want %q", address, code, said, why)
		}
	}
	if code, said := rig.Command("bans", "list", "--data", w.Data, "--output", "json"); code != 0 || strings.TrimSpace(said) != "[]" {
		t.Errorf("bans list: got %d %q", code, said)
	}
	lifted := rig.Events(t, w.Data, func(e *pip.Event) bool { return e.Action == "ban.lift" && e.Kind == pip.KindSession })
	if len(lifted) != 2 || lifted[0].Subject != security.Me().ID || lifted[1].Subject != "operator" || lifted[0].Detail != "address 127.0.0.2" {
		t.Errorf("got %+v", lifted)
	}

	w.Barred("127.0.0.2") // and nobody who has no right lifts it: that ends the session
	doctor.Post("/api/admin/bans/lift", map[string]string{"address": "127.0.0.2"}).Is(http.StatusForbidden)
	doctor.Get("/api/me").Is(http.StatusUnauthorized)
	rig.Until(t, "the bar still holds", out)
}

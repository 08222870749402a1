package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// barred has an address barred, as another decision point would.
func (w *world) barred(address string) {
	w.t.Helper()
	now := time.Now()
	w.execute("sessions.db", fmt.Sprintf(`INSERT INTO admin_bans (account, reason, banned_by, created_at, banned_until)
		VALUES ('address %s', 'spraying', 'sentinel', %d, %d); UPDATE admin_revocation_mark SET sequence = sequence + 1`,
		address, now.UnixMicro(), now.Add(time.Hour).UnixMicro()))
}

// Operators see which addresses are barred, and let them in again, by a command
// and through the enforcement point. The journal says who did.
func TestOperatorsLiftBars(t *testing.T) {
	w := newWorld(t, nil)
	security, doctor := w.as("security"), w.as("doctor")
	stranger := w.stranger()
	stranger.via = "127.0.0.2"
	out := func() bool { return stranger.get("/api/me").status == http.StatusTooManyRequests }
	in := func() bool { return stranger.get("/api/me").status == http.StatusUnauthorized }

	w.barred("127.0.0.2")
	until(t, "the bar holds", out)
	code, said := wardgate("bans", "list", "--data", w.data)
	if code != 0 || !strings.Contains(said, "127.0.0.2") || !strings.Contains(said, "spraying, by sentinel") {
		t.Errorf("bans list: got %d %q", code, said)
	}
	var list struct {
		Items []struct{ Kind, Address, Account, Reason, By string }
	}
	security.get("/api/admin/bans").is(http.StatusOK).into(&list)
	if len(list.Items) != 1 || list.Items[0].Kind != "address" || list.Items[0].Address != "127.0.0.2" || list.Items[0].Account != "" {
		t.Errorf("got %+v", list)
	}
	doctor.get("/api/admin/bans").denied(http.StatusForbidden, "role_forbidden")
	security.get("/api/admin/bans?limit=0").is(http.StatusBadRequest)
	for body, field := range map[string]string{`{"address":"127.0.0.0/8"}`: "body.address", `{"address":"doctor"}`: "body.address", `{}`: "body.address"} {
		if a := security.post("/api/admin/bans/lift", []byte(body)).is(http.StatusBadRequest); !strings.Contains(string(a.body), field) {
			t.Errorf("%s: got %s", body, a.body)
		}
	}
	security.post("/api/admin/bans/lift", map[string]string{"address": "192.0.2.9"}).is(http.StatusNotFound)
	security.post("/api/admin/bans/lift", map[string]string{"address": "127.0.0.2"}).is(http.StatusNoContent)
	until(t, "the bar is lifted", in)

	w.barred("127.0.0.2")
	until(t, "the bar holds again", out)
	if code, said := wardgate("bans", "lift", "127.0.0.2", "--data", w.data); code != 0 || said != "lifted\n" {
		t.Errorf("bans lift: got %d %q", code, said)
	}
	until(t, "the bar is lifted again", in)
	for address, why := range map[string]string{"127.0.0.2": "is not barred", "doctor": "wardgate user unban"} {
		if code, said := wardgate("bans", "lift", address, "--data", w.data); code != 1 || !strings.Contains(said, why) {
			t.Errorf("bans lift %s: got %d %q, want %q", address, code, said, why)
		}
	}
	if code, said := wardgate("bans", "list", "--data", w.data, "--output", "json"); code != 0 || strings.TrimSpace(said) != "[]" {
		t.Errorf("bans list: got %d %q", code, said)
	}
	lifted := events(t, w.data, func(e *pip.Event) bool { return e.Action == "ban.lift" && e.Kind == pip.KindSession })
	if len(lifted) != 2 || lifted[0].Subject != security.me().ID || lifted[1].Subject != "operator" || lifted[0].Detail != "address 127.0.0.2" {
		t.Errorf("got %+v", lifted)
	}

	w.barred("127.0.0.2") // and nobody who has no right lifts it: that ends the session
	doctor.post("/api/admin/bans/lift", map[string]string{"address": "127.0.0.2"}).is(http.StatusForbidden)
	doctor.get("/api/me").is(http.StatusUnauthorized)
	until(t, "the bar still holds", out)
}

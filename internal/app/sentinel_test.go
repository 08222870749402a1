package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/app"
	"github.com/wardgate/wardgate/internal/control"
)

// withTable runs on a copy of the rule book with other rows in one of its files.
func withTable(t *testing.T, file string, rows ...rowOf) func(*app.Config) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(dir, os.DirFS("../../policies")); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, filepath.FromSlash(file))
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, r := range rows {
		if !strings.Contains(text, r.old) {
			t.Fatalf("no row %s", r.old)
		}
		text = strings.Replace(text, r.old, r.new, 1)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(c *app.Config) { c.Policies = dir }
}

const verdictTable = "sentinel/tables/verdicts.rego"

// inTheEnd asks again until the answer is of that status. It asserts no time: a
// verdict comes within a second or so, and a ban ends by itself.
func inTheEnd(t *testing.T, status int, ask func() *answer) *answer {
	t.Helper()
	for deadline := time.Now().Add(45 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		a := ask()
		if a.status == status {
			return a
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: got %d %s, want %d in the end", a.what, a.status, a.body, status)
		}
	}
}

func right(name string) map[string]string {
	return map[string]string{"email": name + "@demo.hospital.test", "password": demoPassword}
}

// TestSprayingBarsTheAddressAndNobodyElse: whoever tries many accounts is shut
// out there, with the right password too, until the bar ends. The doctor at
// the same address goes on working, and signs in from a known device.
func TestSprayingBarsTheAddressAndNobodyElse(t *testing.T) {
	w := newWorld(t, withTable(t, verdictTable,
		rowOf{`"sprayed_accounts": 12`, `"sprayed_accounts": 4`},
		rowOf{`"spraying": {"do": "bar", "seconds": 1800`, `"spraying": {"do": "bar", "seconds": 6`}))
	doctor := w.from("doctor", "127.0.0.9")
	session, a := doctor.signIn("", nil)
	a.is(http.StatusOK)
	doctor.token = session.Access
	stranger := w.from("stranger", "127.0.0.9")
	for _, name := range []string{"nobody1", "nobody2", "nobody3", "nurse", "patient"} {
		stranger.post("/auth/login", wrongPassword(name))
	}
	inTheEnd(t, http.StatusTooManyRequests, func() *answer { return stranger.post("/auth/login", right("nurse")) })
	got := stranger.post("/auth/forgot", map[string]string{"email": "nurse@demo.hospital.test"})
	if got.status == http.StatusAccepted {
		t.Errorf("got %d from a barred address, want a refusal", got.status)
	}
	doctor.get("/api/patients").is(http.StatusOK)
	if _, a := doctor.signIn(session.Device, nil); a.status != http.StatusOK {
		t.Errorf("known device: got %d %s, want 200", a.status, a.body)
	}
	w.from("nurse", "127.0.0.1").post("/auth/login", right("nurse")).is(http.StatusOK)
	inTheEnd(t, http.StatusOK, func() *answer { return stranger.post("/auth/login", right("nurse")) })
}

// cutOff waits until the session ends, finds the account shut out, and waits
// for the end of the ban.
func cutOff(t *testing.T, p *person) {
	t.Helper()
	inTheEnd(t, http.StatusUnauthorized, func() *answer { return p.get("/api/me") }).denied(http.StatusUnauthorized, "session_revoked")
	again := p.w.from(p.name, p.via)
	inTheEnd(t, http.StatusOK, func() *answer { _, a := again.signIn("", nil); return a })
}

// machine is another system with a key of its own, logged in.
func (w *world) machine(name string) *person {
	w.t.Helper()
	added, err := control.NewClient(w.data).AddMachine(w.t.Context(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	p := w.from(name, "")
	var token struct {
		Access string `json:"access_token"`
	}
	p.post("/auth/machine", map[string]string{"key": added.Key}).is(http.StatusOK).into(&token)
	p.token = token.Access
	return p
}

func TestFloodBulkReaderAndTravellerAreCutOffForAWhile(t *testing.T) {
	berlin := map[string]any{"latitude": 52.52, "longitude": 13.405, "consent": true}
	sydney := map[string]any{"latitude": -33.87, "longitude": 151.21, "consent": true}
	for name, tt := range map[string]struct {
		rows   []rowOf
		misuse func(w *world, doctor *person)
	}{
		"flood": {
			[]rowOf{{`"requests": 6000`, `"requests": 40`}, {`"flood": {"do": "ban", "seconds": 900`, `"flood": {"do": "ban", "seconds": 4`}},
			func(_ *world, doctor *person) {
				for range 50 {
					doctor.get("/api/sessions")
				}
			},
		},
		"bulk reader": {
			[]rowOf{{`"patients": 600`, `"patients": 3`}, {`"bulk_reading": {"do": "ban", "seconds": 3600`, `"bulk_reading": {"do": "ban", "seconds": 4`}},
			func(_ *world, doctor *person) { doctor.get("/api/patients") },
		},
		"impossible traveller": {
			[]rowOf{{`"impossible_travel": {"do": "ban", "seconds": 1800`, `"impossible_travel": {"do": "ban", "seconds": 4`}},
			func(w *world, _ *person) {
				_, a := w.from("doctor", "127.0.0.9").signIn("", sydney)
				a.denied(http.StatusForbidden, "impossible_travel")
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, withTable(t, verdictTable, tt.rows...))
			doctor := w.from("doctor", "127.0.0.1")
			session, a := doctor.signIn("", berlin)
			a.is(http.StatusOK)
			doctor.token = session.Access
			nurse := w.as("nurse")
			tt.misuse(w, doctor)
			cutOff(t, doctor)
			nurse.get("/api/me").is(http.StatusOK)
		})
	}
}

// TestAnotherSystemsReportCutsOff: a VPN says that somebody fails to log in
// there again and again.
func TestAnotherSystemsReportCutsOff(t *testing.T) {
	book := withTable(t, verdictTable, rowOf{`"reported": {"do": "ban", "seconds": 3600`, `"reported": {"do": "ban", "seconds": 4`})
	w := newWorld(t, func(c *app.Config) {
		book(c)
		c.Signals.External = []string{"failed_log_in event.module=vpn event.outcome=failure"}
	})
	doctor := w.as("doctor")
	id := doctor.me().ID
	vpn := w.machine("vpn")
	event := map[string]any{
		"event": map[string]any{"module": "vpn", "outcome": "failure"}, "user.id": id,
		"message": "what other systems write is not kept",
	}
	fine := map[string]any{"event": map[string]any{"module": "vpn", "outcome": "success"}, "user.id": id}
	vpn.post("/api/signals", map[string]any{"events": []any{event, event, event, event, fine}}).is(http.StatusAccepted)
	doctor.get("/api/me").is(http.StatusOK)
	vpn.post("/api/signals", map[string]any{"events": []any{event}}).is(http.StatusAccepted)
	cutOff(t, doctor)
	vpn.post("/api/signals", map[string]any{"events": []any{}}).is(http.StatusBadRequest)
	w.as("nurse").post("/api/signals", map[string]any{"events": []any{event}}).denied(http.StatusForbidden, "role_forbidden")
}

// TestAlertOnlyTellsAndDoesNothing: a hospital turns a verdict to telling.
func TestAlertOnlyTellsAndDoesNothing(t *testing.T) {
	book := withTable(t, verdictTable, rowOf{`"patients": 600`, `"patients": 3`},
		rowOf{`"seconds": 3600, "tell": ["mail", "webhook"], "alert_only": false`, `"seconds": 3600, "tell": ["mail", "webhook"], "alert_only": true`})
	w := newWorld(t, func(c *app.Config) {
		book(c)
		c.Alerts.MailTo = []string{"soc@demo.hospital.test"}
	})
	doctor := w.as("doctor")
	doctor.get("/api/patients").is(http.StatusOK)
	for deadline := time.Now().Add(45 * time.Second); !w.hasMail("soc@demo.hospital.test", "bulk_reading"); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("got no alert by mail")
		}
	}
	doctor.get("/api/me").is(http.StatusOK)
}

func (w *world) hasMail(to, word string) bool {
	files, err := filepath.Glob(filepath.Join(w.data, "outbox", "*.eml"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(raw), to) && strings.Contains(string(raw), word) {
			return true
		}
	}
	return false
}

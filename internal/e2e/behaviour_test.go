package e2e_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/control"
	"github.com/wardgate/wardgate/pip"
)

const verdictTable = "sentinel/tables/verdicts.rego"

// impatient are rows of the verdicts' table with which little misuse is
// enough, and a ban ends while a test waits for it.
var impatient = []rowOf{
	{`"requests": 6000`, `"requests": 300`},
	{`"denials": 60`, `"denials": 8`},
	{`"sprayed_accounts": 12`, `"sprayed_accounts": 4`},
	{`"patients": 600`, `"patients": 3`},
	{`"spraying": {"do": "bar", "seconds": 1800`, `"spraying": {"do": "bar", "seconds": 6`},
	{`"flood": {"do": "ban", "seconds": 900`, `"flood": {"do": "ban", "seconds": 4`},
	{`"bulk_reading": {"do": "ban", "seconds": 3600`, `"bulk_reading": {"do": "ban", "seconds": 4`},
	{`"impossible_travel": {"do": "ban", "seconds": 1800`, `"impossible_travel": {"do": "ban", "seconds": 4`},
	{`"reported": {"do": "ban", "seconds": 3600`, `"reported": {"do": "ban", "seconds": 4`},
	{`"denied_often": {"do": "step_up", "seconds": 900, "tell": ["webhook"], "alert_only": false`,
		`"denied_often": {"do": "step_up", "seconds": 900, "tell": ["mail", "webhook"], "alert_only": true`},
}

// A behaviourDrill is a search engine: where the journal is shipped to, where
// behaviour may be counted, and where a VPN writes of failed log-ins.
type behaviourDrill struct {
	configure func(*config.Config)
	shipped   func(wanted map[string]any) bool
	failed    func(username string, times int)
}

// What people do wrong is noticed without any request of theirs being judged
// for it, is acted on, alerted and shipped, and is over after a while: one
// hospital and everything that its sentinel knows, on the embedded stores.
func TestBehaviourIsActedOn(t *testing.T) {
	engine := newSearchEngine(t)
	engine.report(nothingReported)
	behaviourDrill{
		configure: func(c *config.Config) {
			c.Stores.Events.Elasticsearch.Addresses = []string{engine.url}
			c.Signals.Reports = []config.Report{{
				Name: "vpn", Kind: "failed_log_in", Index: "logs-vpn-*",
				When: map[string]string{"event.kind": "event"}, About: map[string]string{"username": "user.name"},
			}}
		},
		shipped: func(wanted map[string]any) bool {
			engine.mu.Lock()
			defer engine.mu.Unlock()
			return contains(engine.docs, wanted)
		},
		failed: func(username string, times int) { engine.report(reportedOf(username, times)) },
	}.run(t)
}

const nothingReported = `{"responses":[{"status":200,"_shards":{"failed":0},"aggregations":{"names":{"buckets":[]}}}]}`

func reportedOf(username string, times int) string {
	return strings.Replace(nothingReported, "[]", fmt.Sprintf(`[{"key":{"name":%q},"doc_count":%d}]`, username, times), 1)
}

// A ward is the drill's house, with who receives its alerts.
type ward struct {
	behaviourDrill
	*world
	lab   *slowLaboratory
	tools *alertTools
	begin func() *world // again on the same data, for the whole drill
}

func (d behaviourDrill) run(t *testing.T) {
	lab, book := newSlowLaboratory(t), bookWithLaboratory(t)
	for _, row := range impatient {
		editFile(t, filepath.Join(book, filepath.FromSlash(verdictTable)), row.old, row.new)
	}
	h := &ward{behaviourDrill: d, lab: lab, tools: newAlertTools(t)}
	data := filepath.Join(t.TempDir(), "var")
	h.begin = func() *world {
		return newWorld(t, func(c *config.Config) {
			d.configure(c)
			c.Data, c.Policies, c.PEP.Applications = data, book, []string{"lab=" + lab.URL}
			c.Signals.Reports = append(c.Signals.Reports, config.Report{
				Name: "badges", Kind: "failed_log_in", Machine: "badges",
				When:  map[string]string{"event.category": "authentication", "event.outcome": "failure"},
				About: map[string]string{"account": "user.id", "username": "user.name", "email": "user.email"},
			}, config.Report{
				Name: "edr", Kind: "malware", Machine: "edr", When: map[string]string{"event.kind": "alert"}, About: map[string]string{"account": "user.id"},
			})
			c.Alerts.MailTo = []string{soc}
			c.Alerts.Webhook.URL, c.Alerts.Webhook.SecretFile = h.tools.URL, h.tools.secretFile
		})
	}
	h.world = h.begin()
	t.Run("spraying, before and after a restart", func(t *testing.T) { spraying(t, h) })
	// Each of the others is about somebody else, so that they wait together.
	for _, story := range []struct {
		who      string
		chapters []func(*testing.T, *ward)
	}{
		{"doctor", []func(*testing.T, *ward){traveller, onlyTells, streamUnderWay}},
		{"nurse", []func(*testing.T, *ward){bulkReader, pushedReports}},
		{"patient", []func(*testing.T, *ward){pulledReports}},
		{"security", []func(*testing.T, *ward){flood, strangersFlood}},
	} {
		t.Run(story.who, func(t *testing.T) {
			t.Parallel()
			for _, chapter := range story.chapters {
				chapter(t, h.seenBy(t))
			}
		})
	}
}

// seenBy is the same house for another test.
func (h *ward) seenBy(t *testing.T) *ward {
	house, own := *h.world, *h
	house.t, own.world = t, &house
	return &own
}

// sprayedFrom is where somebody tries many accounts.
const sprayedFrom = "127.0.0.31"

// Whoever tries many accounts is shut out there, with the right password too,
// until the bar ends; what was counted before a restart counts. The doctor at
// the same address goes on working, and signs in from a known device.
func spraying(t *testing.T, whole *ward) {
	h := whole.seenBy(t)
	doctor := h.from("doctor", sprayedFrom)
	session, a := doctor.signIn("", nil)
	a.is(http.StatusOK)
	doctor.token = session.Access
	stranger := h.from("stranger", sprayedFrom)
	try := func(names ...string) {
		for _, name := range names {
			stranger.post("/auth/login", wrongPassword(name)).is(http.StatusUnauthorized)
		}
	}
	try("nobody1", "nobody2", "nobody3")
	h.stop()
	whole.world = h.begin()
	*h.world = *whole.seenBy(t).world // whom the doctor and the stranger know
	try("nurse", "patient")
	inTheEnd(t, http.StatusTooManyRequests, func() *answer { return stranger.post("/auth/login", right("nurse")) })
	if a := stranger.post("/auth/forgot", map[string]string{"email": "nurse@demo.hospital.test"}); a.status == http.StatusAccepted && !h.over("spraying", "") {
		t.Errorf("got %d from a barred address, want a refusal", a.status)
	}
	doctor.get("/api/me").is(http.StatusOK)
	if _, a := doctor.signIn(session.Device, nil); a.status != http.StatusOK {
		t.Errorf("known device: got %d %s, want 200", a.status, a.body)
	}
	h.from("nurse", "127.0.0.1").post("/auth/login", right("nurse")).is(http.StatusOK)
	h.provedAs(map[string]any{"event.action": "sentinel.bar", "event.reason": "spraying", "source.ip": sprayedFrom})
	h.tools.gets(t, alert{Verdict: "spraying", Do: "bar", Address: sprayedFrom})
	inTheEnd(t, http.StatusOK, func() *answer { return stranger.post("/auth/login", right("nurse")) })
}

func flood(_ *testing.T, h *ward) {
	p := h.as("security")
	who := p.me().ID
	for range 310 {
		p.get("/api/sessions")
	}
	h.cutsOff(p, who, "flood")
}

// Most of what strangers are refused has no record of its own, and counts all
// the same.
func strangersFlood(_ *testing.T, h *ward) {
	const there = "127.0.0.33"
	stranger := h.from("stranger", there)
	for range 320 {
		if a := stranger.get("/api/me"); a.status != http.StatusUnauthorized && a.status != http.StatusTooManyRequests {
			h.t.Fatalf("got %d %s", a.status, a.body)
		}
	}
	h.provedAs(map[string]any{"event.action": "sentinel.bar", "event.reason": "stranger_flood", "source.ip": there})
	h.tools.gets(h.t, alert{Verdict: "stranger_flood", Do: "bar", Address: there})
}

func bulkReader(_ *testing.T, h *ward) {
	nurse := h.as("nurse")
	who := nurse.me().ID
	nurse.get("/api/patients").is(http.StatusOK)
	h.cutsOff(nurse, who, "bulk_reading")
}

func traveller(t *testing.T, h *ward) {
	doctor := h.from("doctor", "127.0.0.1")
	session, a := doctor.signIn("", map[string]any{"latitude": 52.52, "longitude": 13.405, "consent": true})
	a.is(http.StatusOK)
	doctor.token = session.Access
	who := doctor.me().ID
	_, a = h.from("doctor", "127.0.0.32").signIn("", map[string]any{"latitude": -33.87, "longitude": 151.21, "consent": true})
	a.denied(http.StatusForbidden, "impossible_travel")
	h.cutsOff(doctor, who, "impossible_travel")
}

func pulledReports(_ *testing.T, h *ward) {
	patient := h.as("patient")
	who := patient.me().ID
	h.failed("Patient", 5)
	h.cutsOff(patient, who, "reported")
}

// What a machine sends counts as its configuration says, and nobody else may
// send anything.
func pushedReports(_ *testing.T, h *ward) {
	nurse := h.as("nurse")
	who := nurse.me().ID
	type object = map[string]any
	failed := func(user object) object {
		return object{
			"event": object{"category": []string{"authentication"}, "outcome": "failure"}, "user": user,
			"message": "what other systems write is not kept",
		}
	}
	fine := object{"event": object{"category": []string{"authentication"}, "outcome": "success"}, "user": object{"id": who}}
	sends := func(from *person, counted int, events ...any) {
		h.t.Helper()
		var said struct{ Counted, Ignored int }
		from.post("/api/signals", object{"events": events}).is(http.StatusAccepted).into(&said)
		if said.Counted != counted || said.Ignored != len(events)-counted {
			h.t.Errorf("got %+v of %d events, want %d counted", said, len(events), counted)
		}
	}
	event := failed(object{"id": who})
	badges := h.machine("badges")
	sends(badges, 5, event, failed(object{"name": "Nurse"}), failed(object{"email": "nurse@Demo.Hospital.test"}), fine,
		failed(object{"name": "nobody", "email": "nurse@demo.hospital.test"}), // about nobody: the username says so first
		failed(object{"id": who, "name": "patient"}))
	sends(h.machine("tills"), 0, event, event, event) // of which nobody said what it means
	nurse.get("/api/me").is(http.StatusOK)
	sends(badges, 1, event)
	h.cutsOff(nurse, who, "reported")
	badges.post("/api/signals", map[string]any{"events": []any{}}).is(http.StatusBadRequest)
	badges.post("/api/signals", object{"events": []any{fine, failed(object{"name": slices.Repeat([]string{"nurse"}, 17)})}}).is(http.StatusBadRequest)
	h.as("nurse").post("/api/signals", map[string]any{"events": []any{event}}).denied(http.StatusForbidden, "role_forbidden")
}

// An answer under way breaks off at the verdict, and nobody else's does.
func streamUnderWay(t *testing.T, h *ward) {
	doctor, colleague := h.as("doctor"), h.as("doctor2")
	who := doctor.me().ID
	report, spared := doctor.read("/lab/reports/r-1"), colleague.read("/lab/reports/r-2")
	h.machine("edr").post("/api/signals", map[string]any{"events": []any{
		map[string]any{"event.kind": "alert", "user.id": who},
	}}).is(http.StatusAccepted)
	report.breaks()
	<-h.lab.left
	select {
	case <-h.lab.left:
		t.Error("somebody else's report broke off too")
	default:
	}
	_ = spared.close()
	<-h.lab.left
	h.cutsOff(doctor, who, "reported")
	var verdict, cut []pip.Event
	until(t, "a record of the broken answer", func() bool {
		verdict = events(t, h.data, func(e *pip.Event) bool { return e.Action == "sentinel.ban" && e.Subject == who })
		cut = events(t, h.data, func(e *pip.Event) bool { return e.Detail == "cut_off" && e.Subject == who })
		return len(verdict) > 0 && len(cut) == 1
	})
	t.Logf("the answer broke off %s after the verdict", cut[0].Time.Sub(verdict[len(verdict)-1].Time).Round(time.Millisecond))
}

// A hospital turns a verdict to telling: mail and webhook tell, and nothing is
// done.
func onlyTells(t *testing.T, h *ward) {
	doctor := h.as("doctor")
	who := doctor.me().ID
	for range 9 {
		doctor.get("/api/patients/"+uuid.NewString()).denied(http.StatusForbidden, "not_your_patient")
	}
	h.tools.gets(t, alert{Verdict: "denied_often", Do: "alert", Subject: who})
	until(t, "the alert by mail", func() bool { return h.hasMail(soc, who, "denied_often") })
	h.provedAs(map[string]any{"event.action": "sentinel.alert", "event.reason": "denied_often", "user.id": who})
	doctor.get("/api/me").is(http.StatusOK)
	if _, a := h.from("doctor", "").signIn("", nil); a.status != http.StatusOK {
		t.Errorf("got %d %s, want nothing done", a.status, a.body)
	}
}

// cutsOff waits until the session ends, finds the account shut out for as long
// as the verdict holds, told of and shipped, and waits for the end of the ban.
func (h *ward) cutsOff(p *person, who, verdict string) {
	h.t.Helper()
	inTheEnd(h.t, http.StatusUnauthorized, func() *answer { return p.get("/api/me") }).denied(http.StatusUnauthorized, "session_revoked")
	again := h.from(p.name, p.via)
	if _, a := again.signIn("", nil); a.status < 400 && !h.over(verdict, who) {
		h.t.Errorf("%s: got %d during the ban, want a refusal", p.name, a.status)
	}
	h.provedAs(map[string]any{"event.action": "sentinel.ban", "event.reason": verdict, "user.id": who})
	h.tools.gets(h.t, alert{Verdict: verdict, Do: "ban", Subject: who})
	inTheEnd(h.t, http.StatusOK, func() *answer { _, a := again.signIn("", nil); return a })
}

// over reports whether the newest such verdict has ended.
func (h *ward) over(verdict, who string) bool {
	h.t.Helper()
	records := events(h.t, h.data, func(e *pip.Event) bool {
		return strings.HasPrefix(e.Action, "sentinel.") && slices.Contains(e.Reasons, verdict) && e.Subject == who
	})
	if len(records) == 0 {
		h.t.Fatalf("no record of the verdict %s", verdict)
	}
	end, err := time.Parse("until "+time.RFC3339, records[len(records)-1].Detail)
	return err == nil && !time.Now().Before(end)
}

// provedAs waits until a document of the journal has these fields.
func (h *ward) provedAs(wanted map[string]any) {
	h.t.Helper()
	for deadline := time.Now().Add(45 * time.Second); !h.shipped(wanted); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatalf("no shipped record has %v", wanted)
		}
	}
}

// inTheEnd asks again until the answer is of that status. It asserts no time: a
// verdict comes within a second or so, and a ban ends by itself.
func inTheEnd(t testing.TB, status int, ask func() *answer) *answer {
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

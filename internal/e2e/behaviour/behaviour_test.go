package behaviour_test

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
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
)

// impatient are rows of the verdicts' table with which little misuse is
// enough, and a ban ends while a test waits for it.
var impatient = []rig.Row{
	{`"requests": 6000`, `"requests": 300`},
	{`"denials": 60`, `"denials": 8`},
	{`"sprayed_accounts": 12`, `"sprayed_accounts": 4`},
	{`"patients": 600`, `"patients": 3`},
	{`"spraying": {"do": "bar", "seconds": 1800`, `"spraying": {"do": "bar", "seconds": 6`},
	{`"flood": {"do": "ban", "seconds": 900`, `"flood": {"do": "ban", "seconds": 4`},
	{`"bulk_reading": {"do": "ban", "seconds": 3600`, `"bulk_reading": {"do": "ban", "seconds": 4`},
	{`"reported": {"do": "ban", "seconds": 3600`, `"reported": {"do": "ban", "seconds": 4`},
	{`"denied_often": {"do": "step_up", "seconds": 900, "tell": ["webhook"], "alert_only": false`,
		`"denied_often": {"do": "step_up", "seconds": 900, "tell": ["mail", "webhook"], "alert_only": true`},
	{`"staff": {"step_up", "alert"}`, `"staff": {"ban", "step_up", "alert"}`}, // a hospital may have a machine do it
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
	engine := rig.NewSearchEngine(t)
	engine.Report(nothingReported)
	behaviourDrill{
		configure: func(c *config.Config) {
			c.Stores.Events.Elasticsearch.Addresses = []string{engine.URL}
			c.Signals.Reports = []config.Report{{
				Name: "vpn", Kind: "failed_log_in", Index: "logs-vpn-*",
				When: map[string]string{"event.kind": "event"}, About: map[string]string{"username": "user.name"},
			}}
		},
		shipped: engine.Has,
		failed:  func(username string, times int) { engine.Report(reportedOf(username, times)) },
	}.run(t)
}

const nothingReported = `{"responses":[{"status":200,"_shards":{"failed":0},"aggregations":{"names":{"buckets":[]}}}]}`

func reportedOf(username string, times int) string {
	return strings.Replace(nothingReported, "[]", fmt.Sprintf(`[{"key":{"name":%q},"doc_count":%d}]`, username, times), 1)
}

// A ward is the drill's house, with who receives its alerts.
type ward struct {
	behaviourDrill
	*rig.World
	lab   *rig.SlowLaboratory
	tools *alertTools
	begin func() *rig.World // again on the same data, for the whole drill
}

func (d behaviourDrill) run(t *testing.T) {
	lab, book := rig.NewSlowLaboratory(t), rig.BookWithLaboratory(t)
	for _, row := range impatient {
		rig.EditFile(t, filepath.Join(book, filepath.FromSlash(rig.VerdictTable)), row[0], row[1])
	}
	h := &ward{behaviourDrill: d, lab: lab, tools: newAlertTools(t)}
	data := filepath.Join(t.TempDir(), "var")
	h.begin = func() *rig.World {
		return rig.New(t, func(c *config.Config) {
			d.configure(c)
			c.Data, c.Policies, c.Applications = data, book, rig.At("lab", lab.URL)
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
	h.World = h.begin()
	t.Run("spraying, before and after a restart", func(t *testing.T) { spraying(t, h) })
	// Each of the others is about somebody else, so that they wait together.
	for _, story := range []struct {
		who      string
		chapters []func(*testing.T, *ward)
	}{
		{"doctor", []func(*testing.T, *ward){traveller, onlyTells, streamUnderWay}},
		{"nurse", []func(*testing.T, *ward){bulkReader, pushedReports}},
		{"patient", []func(*testing.T, *ward){flood, pulledReports}},
		{"strangers", []func(*testing.T, *ward){strangersFlood}},
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
	house, own := *h.World, *h
	house.T, own.World = t, &house
	return &own
}

// sprayedFrom is where somebody tries many accounts.
const sprayedFrom = "127.0.0.31"

// Whoever tries many accounts is shut out there, with the right password too,
// until the bar ends; what was counted before a restart counts. The doctor at
// the same address goes on working, and signs in from a known device.
func spraying(t *testing.T, whole *ward) {
	h := whole.seenBy(t)
	doctor := h.From("doctor", sprayedFrom)
	session, a := doctor.SignIn("", nil)
	a.Is(http.StatusOK)
	doctor.Token = session.Access
	stranger := h.From("stranger", sprayedFrom)
	try := func(names ...string) {
		for _, name := range names {
			stranger.Post("/auth/login", rig.WrongPassword(name)).Is(http.StatusUnauthorized)
		}
	}
	try("nobody1", "nobody2", "nobody3")
	h.Stop()
	whole.World = h.begin()
	*h.World = *whole.seenBy(t).World // whom the doctor and the stranger know
	try("nurse")                      // the fourth account: what is tried after it may meet the bar
	isBarred(stranger)
	for path, body := range map[string]map[string]string{
		"/auth/login": right("nurse"), "/auth/forgot": {"email": "nurse@demo.hospital.test"},
	} {
		if a := stranger.Post(path, body); a.Status != http.StatusTooManyRequests && !h.over("spraying", "") {
			t.Errorf("%s: got %d from a barred address, want a refusal", path, a.Status)
		}
	}
	doctor.Get("/api/me").Is(http.StatusOK)
	if _, a := doctor.SignIn(session.Device, nil); a.Status != http.StatusOK {
		t.Errorf("known device: got %d %s, want 200", a.Status, a.Body)
	}
	h.From("nurse", "127.0.0.1").Post("/auth/login", right("nurse")).Is(http.StatusOK)
	h.provedAs(map[string]any{"event.action": "sentinel.bar", "event.reason": "spraying", "source.ip": sprayedFrom})
	h.tools.gets(t, alert{Verdict: "spraying", Do: "bar", Address: sprayedFrom})
	inTheEnd(t, http.StatusOK, func() *rig.Answer { return stranger.Post("/auth/login", right("nurse")) })
}

func flood(_ *testing.T, h *ward) {
	p := h.As("patient")
	who := p.Me().ID
	for range 310 {
		p.Get("/api/sessions")
	}
	h.cutsOff(p, who, "flood")
}

// Most of what strangers are refused has no record of its own, and counts all
// the same.
func strangersFlood(_ *testing.T, h *ward) {
	const there = "127.0.0.33"
	stranger := h.From("stranger", there)
	for range 320 {
		if a := stranger.Get("/api/me"); a.Status != http.StatusUnauthorized && a.Status != http.StatusTooManyRequests {
			h.T.Fatalf("got %d %s", a.Status, a.Body)
		}
	}
	h.provedAs(map[string]any{"event.action": "sentinel.bar", "event.reason": "stranger_flood", "source.ip": there})
	h.tools.gets(h.T, alert{Verdict: "stranger_flood", Do: "bar", Address: there})
}

func bulkReader(_ *testing.T, h *ward) {
	nurse := h.As("nurse")
	who := nurse.Me().ID
	nurse.Get("/api/patients").Is(http.StatusOK)
	h.cutsOff(nurse, who, "bulk_reading")
}

func traveller(t *testing.T, h *ward) {
	doctor := h.From("doctor", "127.0.0.1")
	session, a := doctor.SignIn("", map[string]any{"latitude": 52.52, "longitude": 13.405, "consent": true})
	a.Is(http.StatusOK)
	doctor.Token = session.Access
	who := doctor.Me().ID
	_, a = h.From("doctor", "127.0.0.32").SignIn("", map[string]any{"latitude": -33.87, "longitude": 151.21, "consent": true})
	a.Is(http.StatusOK) // the client's own word keeps no person out
	doctor.Get("/api/me").Is(http.StatusOK)
	h.provedAs(map[string]any{"event.action": "session.alert", "event.reason": "claimed_travel", "event.kind": "alert", "user.id": who})
}

func pulledReports(_ *testing.T, h *ward) {
	patient := h.As("patient")
	who := patient.Me().ID
	h.failed("Patient", 5)
	h.cutsOff(patient, who, "reported")
}

// What a machine sends counts as its configuration says, and nobody else may
// send anything.
func pushedReports(_ *testing.T, h *ward) {
	nurse := h.As("nurse")
	who := nurse.Me().ID
	type object = map[string]any
	failed := func(user object) object {
		return object{
			"event": object{"category": []string{"authentication"}, "outcome": "failure"}, "user": user,
			"message": "what other systems write is not kept",
		}
	}
	fine := object{"event": object{"category": []string{"authentication"}, "outcome": "success"}, "user": object{"id": who}}
	sends := func(from *rig.Person, counted int, events ...any) {
		h.T.Helper()
		var said struct{ Counted, Ignored int }
		from.Post("/api/signals", object{"events": events}).Is(http.StatusAccepted).Into(&said)
		if said.Counted != counted || said.Ignored != len(events)-counted {
			h.T.Errorf("got %+v of %d events, want %d counted", said, len(events), counted)
		}
	}
	event := failed(object{"id": who})
	badges := h.Machine("badges")
	sends(badges, 5, event, failed(object{"name": "Nurse"}), failed(object{"email": "nurse@Demo.Hospital.test"}), fine,
		failed(object{"name": "nobody", "email": "nurse@demo.hospital.test"}), // about nobody: the username says so first
		failed(object{"id": who, "name": "patient"}))
	sends(h.Machine("tills"), 0, event, event, event) // of which nobody said what it means
	nurse.Get("/api/me").Is(http.StatusOK)
	sends(badges, 1, event)
	h.cutsOff(nurse, who, "reported")
	badges.Post("/api/signals", map[string]any{"events": []any{}}).Is(http.StatusBadRequest)
	badges.Post("/api/signals", object{"events": []any{fine, failed(object{"name": slices.Repeat([]string{"nurse"}, 17)})}}).Is(http.StatusBadRequest)
	h.As("nurse").Post("/api/signals", map[string]any{"events": []any{event}}).Denied(http.StatusForbidden, "role_forbidden")
}

// An answer under way breaks off at the verdict, and nobody else's does.
func streamUnderWay(t *testing.T, h *ward) {
	doctor, colleague := h.As("doctor"), h.As("doctor2")
	who := doctor.Me().ID
	report, spared := doctor.Read("/lab/reports/r-1"), colleague.Read("/lab/reports/r-2")
	h.Machine("edr").Post("/api/signals", map[string]any{"events": []any{
		map[string]any{"event.kind": "alert", "user.id": who},
	}}).Is(http.StatusAccepted)
	report.Breaks()
	<-h.lab.Left
	select {
	case <-h.lab.Left:
		t.Error("somebody else's report broke off too")
	default:
	}
	_ = spared.Close()
	<-h.lab.Left
	h.cutsOff(doctor, who, "reported")
	var verdict, cut []pip.Event
	rig.Until(t, "a record of the broken answer", func() bool {
		verdict = rig.Events(t, h.Data, func(e *pip.Event) bool { return e.Action == "sentinel.ban" && e.Subject == who })
		cut = rig.Events(t, h.Data, func(e *pip.Event) bool { return e.Detail == "cut_off" && e.Subject == who })
		return len(verdict) > 0 && len(cut) == 1
	})
	t.Logf("the answer broke off %s after the verdict", cut[0].Time.Sub(verdict[len(verdict)-1].Time).Round(time.Millisecond))
}

// A hospital turns a verdict to telling: mail and webhook tell, and nothing is
// done.
func onlyTells(t *testing.T, h *ward) {
	doctor := h.As("doctor")
	who := doctor.Me().ID
	for range 9 {
		doctor.Get("/api/patients/"+uuid.NewString()).Denied(http.StatusForbidden, "not_your_patient")
	}
	h.tools.gets(t, alert{Verdict: "denied_often", Do: "alert", Subject: who})
	rig.Until(t, "the alert by mail", func() bool { return h.HasMail(soc, who, "denied_often") })
	h.provedAs(map[string]any{"event.action": "sentinel.alert", "event.reason": "denied_often", "user.id": who})
	doctor.Get("/api/me").Is(http.StatusOK)
	if _, a := h.From("doctor", "").SignIn("", nil); a.Status != http.StatusOK {
		t.Errorf("got %d %s, want nothing done", a.Status, a.Body)
	}
}

// cutsOff waits until the session ends, finds the account shut out for as long
// as the verdict holds, told of and shipped, and waits for the end of the ban.
func (h *ward) cutsOff(p *rig.Person, who, verdict string) {
	h.T.Helper()
	inTheEnd(h.T, http.StatusUnauthorized, func() *rig.Answer { return p.Get("/api/me") }).Denied(http.StatusUnauthorized, "session_revoked")
	again := h.From(p.Name, p.Via)
	if _, a := again.SignIn("", nil); a.Status < 400 && !h.over(verdict, who) {
		h.T.Errorf("%s: got %d during the ban, want a refusal", p.Name, a.Status)
	}
	h.provedAs(map[string]any{"event.action": "sentinel.ban", "event.reason": verdict, "user.id": who})
	h.tools.gets(h.T, alert{Verdict: verdict, Do: "ban", Subject: who})
	inTheEnd(h.T, http.StatusOK, func() *rig.Answer { _, a := again.SignIn("", nil); return a })
}

// over reports whether the newest such verdict has ended.
func (h *ward) over(verdict, who string) bool {
	h.T.Helper()
	records := rig.Events(h.T, h.Data, func(e *pip.Event) bool {
		return strings.HasPrefix(e.Action, "sentinel.") && slices.Contains(e.Reasons, verdict) && e.Subject == who
	})
	if len(records) == 0 {
		h.T.Fatalf("no record of the verdict %s", verdict)
	}
	end, err := time.Parse("until "+time.RFC3339, records[len(records)-1].Detail)
	return err == nil && !time.Now().Before(end)
}

// provedAs waits until a document of the journal has these fields.
func (h *ward) provedAs(wanted map[string]any) {
	h.T.Helper()
	for deadline := time.Now().Add(45 * time.Second); !h.shipped(wanted); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.T.Fatalf("no shipped record has %v", wanted)
		}
	}
}

// inTheEnd asks again until the answer is of that status. It asserts no time: a
// verdict comes within a second or so, and a ban ends by itself.
func inTheEnd(t testing.TB, status int, ask func() *rig.Answer) *rig.Answer {
	t.Helper()
	for deadline := time.Now().Add(45 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		a := ask()
		if a.Status == status {
			return a
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: got %d %s, want %d in the end", a.What, a.Status, a.Body, status)
		}
	}
}

// isBarred waits until an address is closed to strangers. It asks for what uses nothing up:
// of log-ins one network has ten in an hour, and the eleventh is refused for that.
func isBarred(stranger *rig.Person) {
	stranger.World.T.Helper()
	forgot := map[string]string{"email": "nobody@demo.hospital.test"}
	inTheEnd(stranger.World.T, http.StatusTooManyRequests, func() *rig.Answer { return stranger.Post("/auth/forgot", forgot) }).
		Denied(http.StatusTooManyRequests, "address_barred")
}

func right(name string) map[string]string {
	return map[string]string{"email": name + "@demo.hospital.test", "password": rig.DemoPassword}
}

package app_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/internal/app"
)

// The enforcement point runs apart: only it sees whose data answers hold, and
// what it refused without asking. The sentinel at the decision point acts on
// it, and on what a machine sends through the enforcement point.
func TestBehaviourOfAHouseWhoseRolesRunApart(t *testing.T) {
	book := copyBook(t)
	rows := append([]rowOf{{`"requests": 6000`, `"requests": 15`}}, impatient[1:]...)
	for _, row := range rows {
		editFile(t, filepath.Join(book, filepath.FromSlash(verdictTable)), row.old, row.new)
	}
	tools := newAlertTools(t)
	h := newHouse(t)
	h.startRecords()
	h.startInference()
	h.startPDP("pdp", func(c *app.Config) {
		c.Policies = book
		c.Signals.Reports = []app.ReportConfig{{
			Name: "badges", Kind: "malware", Machine: "badges", When: map[string]string{"event.kind": "alert"}, About: map[string]string{"email": "user.email"},
		}}
		c.Alerts.Webhook.URL, c.Alerts.Webhook.SecretFile = tools.URL, tools.secretFile
	})
	h.startPEP("pep", "pdp", nil)
	w := h.at("pep", "pdp")
	nurse, doctor, colleague := w.as("nurse"), w.as("doctor"), w.as("doctor2")
	reader, reported := nurse.me().ID, doctor.me().ID

	nurse.get("/api/patients").is(http.StatusOK)
	w.machine("badges").post("/api/signals", map[string]any{"events": []any{
		map[string]any{"event.kind": "alert", "user": map[string]any{"email": "Doctor@demo.hospital.test"}},
	}}).is(http.StatusAccepted)
	const there = "127.0.0.33"
	stranger := w.from("stranger", there)
	for range 20 {
		unasked := stranger.request("GET", "/api/me", nil)
		unasked.Host = "elsewhere.hospital.test" // nobody is asked whether that is served
		stranger.send(unasked).denied(http.StatusMisdirectedRequest, "host_unknown")
	}

	inTheEnd(t, http.StatusUnauthorized, func() *answer { return nurse.get("/api/me") })
	inTheEnd(t, http.StatusUnauthorized, func() *answer { return doctor.get("/api/me") })
	for _, want := range []alert{
		{Verdict: "bulk_reading", Do: "ban", Subject: reader},
		{Verdict: "reported", Do: "ban", Subject: reported},
		{Verdict: "stranger_flood", Do: "bar", Address: there},
	} {
		tools.gets(t, want)
	}
	colleague.get("/api/me").is(http.StatusOK)
	if waits := w.metric("wardgate_behaviour_unreported_seconds"); waits == "" {
		t.Error("operators are not told how long reports wait")
	}
}

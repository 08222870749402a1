package e2e_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip/signals"
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
	h.startPDP("pdp", func(c *config.Config) {
		c.Policies = book
		c.Signals.Reports = []config.Report{{
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
	onlySense(t, h)
	if waits := w.metric("wardgate_behaviour_unreported_seconds"); waits == "" {
		t.Error("operators are not told how long reports wait")
	}
}

// onlySense: what no enforcement point counts is refused, with its certificate
// too. It would count for as long as it is remembered.
func onlySense(t *testing.T, h *house) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: presented(t, h.certs, "pep"), DisableKeepAlives: true}
	at := func(after time.Duration) string {
		return time.Now().Add(after).UTC().Truncate(signals.Slot).Format(time.RFC3339)
	}
	tally := func(members string) string { return `[{"Slot":"` + at(0) + `",` + members + `}]` }
	for name, tt := range map[string]struct {
		tallies string
		want    int
	}{
		"sense":              {tally(`"Subject":"u-1","Requests":1,"Patients":["p-1"]`), 204},
		"no tallies":         {`[]`, 400},
		"more behind them":   {tally(`"Subject":"u-1"`) + `[]`, 400},
		"about nobody":       {tally(`"Requests":1`), 400},
		"about two":          {tally(`"Subject":"u-1","Address":"192.0.2.7"`), 400},
		"less than nothing":  {tally(`"Subject":"u-1","Denials":-1`), 400},
		"an unknown count":   {tally(`"Subject":"u-1","Merits":1`), 400},
		"a nameless patient": {tally(`"Subject":"u-1","Patients":[""]`), 400},
		"a long name":        {tally(`"Subject":"` + strings.Repeat("u", 65) + `"`), 400},
		"a kind with blanks": {tally(`"Subject":"u-1","External":{"a b":1}`), 400},
		"between two slots":  {`[{"Subject":"u-1","Slot":"` + at(0)[:18] + `1Z"}]`, 400},
		"in the future":      {`[{"Subject":"u-1","Slot":"` + at(time.Hour) + `"}]`, 400},
		"forgotten":          {`[{"Subject":"u-1","Slot":"` + at(-31*24*time.Hour) + `"}]`, 400},
	} {
		body := `{"Origin":"by hand","Number":1,"Tallies":` + tt.tallies + `}`
		res, err := transport.RoundTrip(mustRequest(t, "POST", h.parts["pdp"].app.Inside("pdp")+pdp.PathBehaviour, body))
		if err != nil {
			t.Fatal(err)
		}
		if _ = res.Body.Close(); res.StatusCode != tt.want {
			t.Errorf("%s: got %d, want %d", name, res.StatusCode, tt.want)
		}
	}
}

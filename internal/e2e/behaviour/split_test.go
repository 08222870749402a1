package behaviour_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip/signals"
)

// The enforcement point runs apart: only it sees whose data answers hold, and
// what it refused without asking. The sentinel at the decision point acts on
// it, and on what a machine sends through the enforcement point.
func TestBehaviourOfAHouseWhoseRolesRunApart(t *testing.T) {
	book := rig.CopyBook(t)
	rows := append([]rig.Row{{`"requests": 6000`, `"requests": 15`}}, impatient[1:]...)
	for _, row := range rows {
		rig.EditFile(t, filepath.Join(book, filepath.FromSlash(rig.VerdictTable)), row[0], row[1])
	}
	tools := newAlertTools(t)
	h := rig.NewSplit(t)
	h.StartRecords()
	h.StartInference()
	h.StartPDP("pdp", func(c *config.Config) {
		c.Policies = book
		c.Signals.Reports = []config.Report{{
			Name: "badges", Kind: "malware", Machine: "badges", When: map[string]string{"event.kind": "alert"}, About: map[string]string{"email": "user.email"},
		}}
		c.Alerts.Webhook.URL, c.Alerts.Webhook.SecretFile = tools.URL, tools.secretFile
	})
	h.StartPEP("pep", "pdp", nil)
	w := h.At("pep", "pdp")
	nurse, doctor, colleague := w.As("nurse"), w.As("doctor"), w.As("doctor2")
	reader, reported := nurse.Me().ID, doctor.Me().ID

	nurse.Get("/api/patients").Is(http.StatusOK)
	w.Machine("badges").Post("/api/signals", map[string]any{"events": []any{
		map[string]any{"event.kind": "alert", "user": map[string]any{"email": "Doctor@demo.hospital.test"}},
	}}).Is(http.StatusAccepted)
	const there = "127.0.0.33"
	stranger := w.From("stranger", there)
	for range 20 {
		unasked := stranger.Request("GET", "/api/me", nil)
		unasked.Host = "elsewhere.hospital.test" // nobody is asked whether that is served
		stranger.Send(unasked).Denied(http.StatusMisdirectedRequest, "host_unknown")
	}

	inTheEnd(t, http.StatusUnauthorized, func() *rig.Answer { return nurse.Get("/api/me") })
	inTheEnd(t, http.StatusUnauthorized, func() *rig.Answer { return doctor.Get("/api/me") })
	for _, want := range []alert{
		{Verdict: "bulk_reading", Do: "ban", Subject: reader},
		{Verdict: "reported", Do: "ban", Subject: reported},
		{Verdict: "stranger_flood", Do: "bar", Address: there},
	} {
		tools.gets(t, want)
	}
	colleague.Get("/api/me").Is(http.StatusOK)
	onlySense(t, h)
	if waits := w.Metric("wardgate_behaviour_unreported_seconds"); waits == "" {
		t.Error("operators are not told how long reports wait")
	}
}

// onlySense: what no enforcement point counts is refused, with its certificate
// too. It would count for as long as it is remembered.
func onlySense(t *testing.T, h *rig.Split) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: rig.Presented(t, h.Certs, "pep"), DisableKeepAlives: true}
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
		res, err := transport.RoundTrip(rig.MustRequest(t, "POST", h.Parts["pdp"].Process.Inside("pdp")+pdp.PathBehaviour, body))
		if err != nil {
			t.Fatal(err)
		}
		if _ = res.Body.Close(); res.StatusCode != tt.want {
			t.Errorf("%s: got %d, want %d", name, res.StatusCode, tt.want)
		}
	}
}

package api_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/refusals"
	"github.com/wardgate/wardgate/pdp/api"
)

// A caller that asks for what is denied over and over fills no journal: its further
// denials are counted, are no behaviour, and have no id. What is allowed always has
// a record of its own.
func TestACallersDenialsAreCounted(t *testing.T) {
	var ledger *refusals.Ledger
	w := newWorld(t, func(c *api.Config) {
		var err error
		if ledger, err = refusals.New(refusals.Config{
			Limits: func() refusals.Limits { return refusals.Limits{Session: 2, Denied: 5} },
			OnSite: func(netip.Addr) bool { return false }, Journal: c.Journal, Log: slog.New(slog.DiscardHandler),
		}); err != nil {
			t.Fatal(err)
		}
		c.Refusals = ledger
	})
	const n = 300
	ids := 0
	for i := range n {
		subject := fmt.Sprint("u-", i%3)
		body := fmt.Sprintf(`{"input":{"subject":{"type":"user","id":%q},"action":{"name":"patient.read"},"resource":{"type":"patient","id":"no-%d"}}}`, subject, i)
		a := w.post("/v1/data/authz/answer", body)
		if a.Code != http.StatusOK || !strings.Contains(a.Body.String(), `"decision":false`) {
			t.Fatalf("got %d %s", a.Code, a.Body)
		}
		if strings.Contains(a.Body.String(), `"decision_id"`) {
			ids++
		}
	}
	items := strings.TrimSuffix(strings.Repeat(`{"resource":{"type":"patient","id":"no-1"}},{"resource":{"type":"patient","id":"p-1"}},`, 100), ",")
	a := w.post("/access/v1/evaluations", `{"subject":{"type":"user","id":"u-0"},"action":{"name":"patient.read"},"evaluations":[`+items+`]}`)
	if a.Code != http.StatusOK {
		t.Fatalf("got %d %s", a.Code, a.Body)
	}
	if err := ledger.Close(); err != nil {
		t.Fatal(err)
	}
	single, counted, allowed := 0, 0, 0
	for _, e := range w.journal.events {
		switch {
		case e.Allow:
			allowed++
		case e.Count == 0:
			single++
		default:
			counted += e.Count
			if e.Caller != "token:lab" || e.Observation().Count != 0 {
				t.Errorf("a record for many: %+v", e)
			}
		}
	}
	if allowed != 100 || single != ids || single != 15 || single+counted != n+100 {
		t.Errorf("%d allowed, %d denied singly (%d ids), %d counted", allowed, single, ids, counted)
	}
}

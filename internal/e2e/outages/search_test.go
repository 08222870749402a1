package outages_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/realserver"
)

// People at work, each asking one thing after the other. They count their
// answers, and keep those that nobody should have got.
type atWork struct {
	answered atomic.Int64
	mu       sync.Mutex
	odd      []string
	stop     func()
}

// working has people read until it is stopped.
func working(t *testing.T, path string, people ...*rig.Person) *atWork {
	t.Helper()
	work, over := &atWork{}, make(chan struct{})
	var group sync.WaitGroup
	for _, p := range people {
		r := p.Request("GET", path, nil)
		group.Go(func() {
			for {
				select {
				case <-over:
					return
				case <-time.After(20 * time.Millisecond): // nobody asks so often as to stand out
					work.ask(r)
				}
			}
		})
	}
	work.stop = sync.OnceFunc(func() { close(over); group.Wait() })
	t.Cleanup(work.stop)
	return work
}

func (work *atWork) ask(r *http.Request) {
	what := ""
	switch res, err := http.DefaultClient.Do(r.Clone(r.Context())); {
	case err != nil:
		what = err.Error()
	default:
		rig.Sent()
		a := rig.Answer{Status: res.StatusCode}
		if a.Body, err = rig.ReadAndClose(res); err != nil || a.Status != http.StatusOK && !a.Late() {
			what = fmt.Sprintf("%d %s %v", a.Status, a.Body, err)
		}
	}
	work.answered.Add(1)
	if what != "" {
		work.mu.Lock()
		defer work.mu.Unlock()
		work.odd = append(work.odd, what)
	}
}

// goesOn waits until so many more were answered.
func (work *atWork) goesOn(t *testing.T, more int64) {
	t.Helper()
	wanted := work.answered.Load() + more
	rig.Until(t, "requests are answered", func() bool { return work.answered.Load() >= wanted })
}

// A searchDrill is an Elasticsearch behind a way that fails on demand, and how
// many of the journal's records are there.
type searchDrill struct {
	link      *realserver.Link
	documents func() int
}

// The search engine is out of reach while people work, in each way in which
// networks fail. Behaviour becomes unknown, which is never low: nothing can be
// changed. Reading goes on, and nobody waits for the search engine. When it is
// back everything is as before, and no record of the journal is missing.
func TestSearchEngineIsOutOfReach(t *testing.T) {
	engine := rig.NewSearchEngine(t)
	searchDrill{realserver.NewLink(t, strings.TrimPrefix(engine.URL, "http://")), engine.Size}.run(t)
}

func (d searchDrill) run(t *testing.T) {
	// The doctor asks again and again until something can be changed, and does
	// not owe a factor for that.
	lenient := rig.WithTable(t, rig.VerdictTable, rig.Row{`"denials": 60`, `"denials": 6000`})
	w := rig.New(t, func(c *config.Config) {
		lenient(c)
		c.Stores.Events.Elasticsearch.Addresses = []string{"http://" + d.link.Address}
		c.Stores.Signals = "elasticsearch"
	})
	doctor, colleague, nurse := w.As("doctor"), w.As("doctor2"), w.As("nurse")
	id := doctor.Items("/api/patients")[0].ID
	patient := "/api/patients/" + id
	service := "/api/services/" + doctor.Order(id)
	edit := map[string]string{"medication_name": "Fictivol", "dosage_instructions": "one a day", "treatment_details": "rest"}
	work := working(t, "/api/patients", colleague, nurse)

	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			w.T = t
			elevated := doctor.SteppedUp()
			changes := func() bool { return elevated.Put(service, edit).Status == http.StatusOK }
			rig.Until(t, "a change, before", changes)

			fault.begin(d.link)
			rig.Until(t, "signals are unknown", func() bool { return !changes() })
			elevated.Put(service, edit).Denied(http.StatusServiceUnavailable, "signals_unknown")
			shipped := d.documents()
			for range 20 {
				doctor.Get(patient).Is(http.StatusOK)
			}
			doctor.Get(readsNoRecords).Is(http.StatusOK)
			work.goesOn(t, 50)
			status, ready := w.Ready()
			if status != http.StatusOK {
				t.Errorf("got %d %s: an outage of the search engine turns nobody away", status, ready.Status)
			}
			if !slices.Contains(ready.Degraded, "signals") || ready.Detail["signals"].State == "fresh" {
				t.Errorf("got %v: operators are not told that behaviour is unknown", ready.Degraded)
			}
			if fault.name == "cut" {
				rig.Until(t, "operators are told of the shipping", func() bool {
					return w.Condition("shipping.elasticsearch") == "failing" && w.DegradedMetric("shipping.elasticsearch") == "1"
				})
			}
			elevated.Put(service, edit).Denied(http.StatusServiceUnavailable, "signals_unknown")
			if now := d.documents(); now != shipped || now >= rig.Recorded(t, w.Data) {
				t.Errorf("got %d documents and then %d of %d: the search engine was not out of reach", shipped, now, rig.Recorded(t, w.Data))
			}

			d.link.Heal()
			rig.Until(t, "a change, afterwards", changes)
		})
	}
	w.T = t
	work.stop()
	if len(work.odd) > 0 {
		t.Errorf("got %d odd answers of %d, such as %s", len(work.odd), work.answered.Load(), work.odd[0])
	}
	rig.ShippedWhole(t, w.Data, d.documents)
	if refused := w.Metric(`wardgate_shipping_refused_total{sink="elasticsearch"}`); refused != "0" {
		t.Errorf("got %q records set aside", refused)
	}
}

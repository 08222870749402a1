// Package reports takes what other systems report of people: events that
// machines send, of which a table of the hospital says which count as signals,
// and of which people. Only an event's kind and its person or address are kept.
package reports

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/signals"
)

// Audience is the name that routes have for this service.
const Audience = "signals"

// A Report says which events of a machine count.
type Report struct {
	signals.Report
	Machine string // name of its account
}

// A Register knows whose names are whose: ids by the names that have an account.
type Register interface {
	Named(ctx context.Context, by signals.By, names []string) (map[string]string, error)
}

// A Desk takes events. All its fields are required.
type Desk struct {
	Reports  []Report
	Register Register
	Journal  pip.Journal // which has each event counted
	Log      *slog.Logger
}

// maxReports is how many events one request may hold.
const maxReports = 500

// Handler takes events that the enforcement point forwards for a machine.
func (d *Desk) Handler(key *assertion.Key) http.Handler {
	guard := assertion.Guard{Key: key, Audience: Audience, Log: d.Log}
	return guard.Wrap(http.HandlerFunc(d.take))
}

// take keeps those events as evidence that a report of the machine's names, and
// thereby has them counted.
func (d *Desk) take(w http.ResponseWriter, r *http.Request) {
	events, ok := readEvents(w, r)
	if !ok {
		return
	}
	records, err := d.read(r.Context(), assertion.From(r.Context()).Subject, events)
	var many tooManyNamed
	if errors.As(err, &many) {
		refuse(w, fmt.Sprintf("body.events[%d]", many), fmt.Sprintf("expected at most %d names in a field", signals.MaxNamed))
		return
	}
	if err != nil {
		d.Log.Error("reported events not read", "error", err)
		problem.Write(w, problem.New(http.StatusServiceUnavailable, "identity_unavailable"))
		return
	}
	counted := 0
	for _, of := range records {
		for _, e := range of {
			if err := d.Journal.Append(r.Context(), e); err != nil {
				d.Log.Error("reported event not journalled", "error", err)
				problem.Write(w, problem.New(http.StatusServiceUnavailable, "journal_unavailable"))
				return
			}
		}
		if len(of) > 0 {
			counted++
		}
	}
	accepted(w, map[string]int{"counted": counted, "ignored": len(events) - counted})
}

func accepted(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(body) // the status is sent: a broken connection is the client's loss
}

func readEvents(w http.ResponseWriter, r *http.Request) ([]map[string]any, bool) {
	var body struct {
		Events []map[string]any `json:"events"`
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil || strictjson.DecodeKnown(raw, &body) != nil || len(body.Events) == 0 || len(body.Events) > maxReports {
		refuse(w, "body.events", fmt.Sprintf("expected a list of 1 to %d events", maxReports))
		return nil, false
	}
	return body.Events, true
}

func refuse(w http.ResponseWriter, location, message string) {
	d := problem.New(http.StatusBadRequest, "body_malformed")
	d.Errors = []problem.Field{{Location: location, Message: message}}
	problem.Write(w, d)
}

// tooManyNamed is the place of an event that names more than anybody reports.
type tooManyNamed int

func (tooManyNamed) Error() string { return "an event names too many" }

// A sighting is one event that a report names.
type sighting struct {
	kind               string
	by                 signals.By
	persons, addresses []string
}

// read makes records of each event: none of one that no report of the
// machine's names. The first report that fits counts. Whether a name has an
// account does not show in how many events count.
func (d *Desk) read(ctx context.Context, machine string, events []map[string]any) ([][]pip.Event, error) {
	mine, err := d.reportsOf(ctx, machine)
	if err != nil {
		return nil, err
	}
	seen := make([]*sighting, len(events))
	asked := map[signals.By][]string{}
	for i, event := range events {
		at := slices.IndexFunc(mine, func(p Report) bool { return p.Fits(event) })
		if at < 0 {
			continue
		}
		s := &sighting{kind: mine[at].Kind}
		var ok bool
		if s.by, s.persons, s.addresses, ok = mine[at].Named(event); !ok {
			return nil, tooManyNamed(i)
		}
		asked[s.by] = append(asked[s.by], s.persons...)
		seen[i] = s
	}
	ids := map[signals.By]map[string]string{}
	for _, by := range []signals.By{signals.ByUsername, signals.ByEmail} {
		if len(asked[by]) == 0 {
			continue
		}
		if ids[by], err = d.Register.Named(ctx, by, asked[by]); err != nil {
			return nil, err
		}
	}
	records := make([][]pip.Event, len(events))
	for i, s := range seen {
		if s != nil {
			records[i] = s.records(ids[s.by], time.Now())
		}
	}
	return records, nil
}

// reportsOf are those of one machine, by the id of its account.
func (d *Desk) reportsOf(ctx context.Context, machine string) ([]Report, error) {
	var names []string
	for i := range d.Reports {
		names = append(names, d.Reports[i].Machine)
	}
	ids, err := d.Register.Named(ctx, signals.ByUsername, names)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(d.Reports), func(p Report) bool { return machine == "" || ids[p.Machine] != machine }), nil
}

// records are the evidence of one event, at least one, of which each names a
// person, an address, both, or neither.
func (s *sighting) records(ids map[string]string, now time.Time) []pip.Event {
	var persons []string
	for _, name := range s.persons {
		if s.by != signals.ByAccount {
			name = ids[name]
		}
		if name != "" {
			persons = append(persons, name)
		}
	}
	all := make([]pip.Event, max(len(persons), len(s.addresses), 1))
	for i := range all {
		e := &all[i]
		e.Kind, e.Time, e.Action, e.Outcome, e.Allow = pip.KindSystem, now, "signal."+s.kind, "success", true
		if i < len(persons) {
			e.Subject = persons[i]
		}
		if i < len(s.addresses) {
			e.Address = s.addresses[i]
		}
	}
	return all
}

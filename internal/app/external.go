package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
)

// A mapping turns an event of another system into a kind of signal.
type mapping struct {
	kind string
	when map[string]string // field of the event -> its value; all of them
}

var kindForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// parseMappings reads lines such as "failed_log_in event.module=vpn event.outcome=failure".
func parseMappings(lines []string) ([]mapping, error) {
	var all []mapping
	for _, line := range lines {
		words := strings.Fields(line)
		m := mapping{when: map[string]string{}}
		if len(words) > 1 {
			m.kind = words[0]
			for _, word := range words[1:] {
				if field, value, ok := strings.Cut(word, "="); ok && field != "" && value != "" {
					m.when[field] = value
				}
			}
		}
		if !kindForm.MatchString(m.kind) || len(m.when) != len(words)-1 {
			return nil, fmt.Errorf(`signals.external: %q: expected a kind and fields, such as "failed_log_in event.module=vpn event.outcome=failure"`, line)
		}
		all = append(all, m)
	}
	return all, nil
}

// fits compares the fields of an event, whether they are written with dots or
// as objects in objects (Elastic Common Schema).
func (m *mapping) fits(event map[string]any) bool {
	for field, want := range m.when {
		if textAt(event, field) != want {
			return false
		}
	}
	return true
}

func textAt(event map[string]any, field string) string {
	if text, ok := event[field].(string); ok {
		return text
	}
	head, rest, nested := strings.Cut(field, ".")
	if inner, ok := event[head].(map[string]any); ok && nested {
		return textAt(inner, rest)
	}
	return ""
}

// maxReports is how many events one request may hold.
const maxReports = 500

// reports takes events of other systems from a machine, keeps those that a
// mapping names as evidence, and thereby has them counted. Nothing of an event
// is kept but its kind, the account's id and the address.
func (a *App) reports(key *assertion.Key) (http.Handler, error) {
	mappings, err := parseMappings(a.config.Signals.External)
	if err != nil {
		return nil, err
	}
	guard := assertion.Guard{Key: key, Audience: signalsApplication, Log: a.log}
	return guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		events, ok := readReports(w, r)
		if !ok {
			return
		}
		counted := 0
		for _, event := range events {
			i := slices.IndexFunc(mappings, func(m mapping) bool { return m.fits(event) })
			if i < 0 {
				continue
			}
			if err := a.journal.Append(r.Context(), reported(mappings[i].kind, event)); err != nil {
				a.log.Error("reported event not journalled", "error", err)
				problem.Write(w, problem.New(http.StatusServiceUnavailable, "journal_unavailable"))
				return
			}
			counted++
		}
		writeJSON(w, http.StatusAccepted, map[string]int{"counted": counted, "ignored": len(events) - counted})
	})), nil
}

func readReports(w http.ResponseWriter, r *http.Request) ([]map[string]any, bool) {
	var body struct {
		Events []map[string]any `json:"events"`
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(raw, &body) != nil || len(body.Events) == 0 || len(body.Events) > maxReports {
		d := problem.New(http.StatusBadRequest, "body_malformed")
		d.Errors = []problem.Field{{Location: "body.events", Message: fmt.Sprintf("expected a list of 1 to %d events", maxReports)}}
		problem.Write(w, d)
		return nil, false
	}
	return body.Events, true
}

// reported is the evidence of one event. An id that is no id of ours, or an
// address that is none, is not kept.
func reported(kind string, event map[string]any) pip.Event {
	e := pip.Event{Kind: pip.KindSystem, Time: time.Now(), Action: "signal." + kind, Outcome: "success", Allow: true}
	if id := textAt(event, "user.id"); len(id) <= 64 && !strings.ContainsAny(id, " \t\r\n") {
		e.Subject = id
	}
	if address, err := netip.ParseAddr(textAt(event, "source.ip")); err == nil {
		e.Address = address.Unmap().WithZone("").String()
	}
	return e
}

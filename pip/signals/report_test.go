package signals_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pip/signals"
)

const anID = "0190a000-0000-7000-8000-000000000001"

func TestReportReadsEvents(t *testing.T) {
	report := signals.Report{
		Kind: "failed_log_in", When: map[string]string{"event.category": "authentication", "event.severity": "9"},
		About: map[signals.By]string{
			signals.ByAccount: "user.id", signals.ByUsername: "user.name", signals.ByEmail: "user.email", signals.ByAddress: "source.ip",
		},
	}
	const event = `"event":{"category":["session","authentication"]},"event.severity":9`
	for name, tt := range map[string]struct {
		event     string
		fits      bool
		by        signals.By
		persons   []string
		addresses []string
	}{
		"an account":            {event + `,"user":{"id":"` + anID + `"}`, true, signals.ByAccount, []string{anID}, nil},
		"a username":            {event + `,"user.name":"Dr.Osei"`, true, signals.ByUsername, []string{"dr.osei"}, nil},
		"an e-mail address":     {event + `,"user":{"email":"Dr.Osei@Hospital.test"}`, true, signals.ByEmail, []string{"dr.osei@hospital.test"}, nil},
		"the first way":         {event + `,"user":{"id":"` + anID + `","name":"lind"}`, true, signals.ByAccount, []string{anID}, nil},
		"the first, of nobody":  {event + `,"user":{"id":"S-1-5-21","name":"lind"}`, true, signals.ByAccount, nil, nil},
		"several":               {event + `,"user":{"name":["osei","Lind","lind"]},"source.ip":["192.0.2.7","::ffff:192.0.2.7","x"]`, true, signals.ByUsername, []string{"osei", "lind"}, []string{"192.0.2.7"}},
		"an address alone":      {event + `,"source":{"ip":"2001:db8::1"}`, true, "", nil, []string{"2001:db8::1"}},
		"nobody":                {event, true, "", nil, nil},
		"dots within":           {event + `,"user":{"name":"osei"},"source.nat":{"ip":"10.0.0.1"}`, true, signals.ByUsername, []string{"osei"}, nil},
		"another outcome":       {`"event":{"category":"session"},"event.severity":9`, false, "", nil, nil},
		"one of two":            {`"event":{"category":"authentication"}`, false, "", nil, nil},
		"an object for a value": {`"event":{"category":{"authentication":true}},"event.severity":9`, false, "", nil, nil},
		"a name that is long":   {event + `,"user.name":"` + strings.Repeat("x", 65) + `"`, true, signals.ByUsername, nil, nil},
		"no e-mail address":     {event + `,"user.email":"dr.osei"`, true, signals.ByEmail, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var fields map[string]any
			if err := json.Unmarshal([]byte("{"+tt.event+"}"), &fields); err != nil {
				t.Fatal(err)
			}
			if got := report.Fits(fields); got != tt.fits {
				t.Fatalf("fits: got %t, want %t", got, tt.fits)
			}
			by, persons, addresses, ok := report.Named(fields)
			if !ok || tt.by != "" && by != tt.by || !slices.Equal(persons, tt.persons) || !slices.Equal(addresses, tt.addresses) {
				t.Errorf("got %s %v and %v, want %s %v and %v", by, persons, addresses, tt.by, tt.persons, tt.addresses)
			}
		})
	}
}

// An event with endlessly many names is refused before any of them is looked
// at, whichever field has them.
func TestReportOfTooManyIsRefused(t *testing.T) {
	report := signals.Report{About: map[signals.By]string{signals.ByUsername: "user.name", signals.ByAddress: "source.ip"}}
	for _, field := range []string{"user.name", "source.ip"} {
		event := map[string]any{"user.name": "osei"}
		event[field] = slices.Repeat([]any{"::1"}, signals.MaxNamed)
		if _, _, _, ok := report.Named(event); !ok {
			t.Errorf("%s: %d values are refused", field, signals.MaxNamed)
		}
		event[field] = []any{event[field], []any{"::2"}}
		if _, persons, addresses, ok := report.Named(event); ok || persons != nil || addresses != nil {
			t.Errorf("%s: got %v and %v, %t, want %d values refused", field, persons, addresses, ok, signals.MaxNamed+1)
		}
	}
}

package engine_test

import (
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/policies"
)

func verdictsOf(t *testing.T, e *engine.Engine, b pdp.Behaviour) string {
	t.Helper()
	got, err := e.Verdicts(t.Context(), b)
	if err != nil || got.Revision != e.Revision() || len(got.Input) == 0 {
		t.Fatalf("got %+v, %v", got, err)
	}
	var said []string
	for _, v := range got.List {
		said = append(said, v.ID+" "+string(v.Do))
	}
	return strings.Join(said, ", ")
}

func TestBehaviourIsJudged(t *testing.T) {
	e, err := engine.New(policies.FS, points.Sections(), nil, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	fresh := pip.Reading{Source: "signals", State: pip.Fresh}
	away, here := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("127.0.0.1")
	for name, tt := range map[string]struct {
		behaviour pdp.Behaviour
		want      string
	}{
		"calm":                     {pdp.Behaviour{Subject: "u-1", Signals: pip.Signals{Reading: fresh, Requests: 5999, Patients: 599}}, ""},
		"flood":                    {pdp.Behaviour{Subject: "u-1", Role: "patient", Signals: pip.Signals{Reading: fresh, Requests: 6000}}, "flood ban"},
		"two misdeeds":             {pdp.Behaviour{Subject: "u-1", Role: "patient", Signals: pip.Signals{Reading: fresh, Requests: 6000, Patients: 600}}, "bulk_reading ban, flood ban"},
		"nothing known":            {pdp.Behaviour{Subject: "u-1", Signals: pip.Signals{Requests: 6000}}, ""},
		"spraying":                 {pdp.Behaviour{Address: away, Signals: pip.Signals{Reading: fresh, SprayedAccounts: 12}}, "spraying bar"},
		"spraying at the hospital": {pdp.Behaviour{Address: here, Signals: pip.Signals{Reading: fresh, SprayedAccounts: 12}}, "spraying alert"},
		"reported often enough":    {pdp.Behaviour{Subject: "u-1", Role: "machine", Signals: pip.Signals{Reading: fresh, External: map[string]int{"failed_log_in": 5}}}, "reported ban"},
		"reported once":            {pdp.Behaviour{Subject: "u-1", Signals: pip.Signals{Reading: fresh, External: map[string]int{"failed_log_in": 4, "unheard_of": 99}}}, ""},
		"odd log-in":               {pdp.Behaviour{Subject: "u-1", Signals: pip.Signals{Reading: fresh, NewDevice: true, NewCountry: true}}, "odd_log_in step_up"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // evaluated, and remembered
				if got := verdictsOf(t, e, tt.behaviour); got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			}
		})
	}
}

// As delivered no machine ends a session of who works here, whatever the behaviour
// was: people ban.
func TestNoVerdictEndsASessionOfWhoWorksHere(t *testing.T) {
	e, err := engine.New(policies.FS, points.Sections(), nil, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	worst := pip.Signals{
		Reading: pip.Reading{Source: "signals", State: pip.Fresh}, Requests: 1 << 30, Denials: 1 << 30, FailedLogIns: 1 << 30,
		SprayedAccounts: 1 << 30, Patients: 1 << 30, Predictions: 1 << 30, NewDevice: true, NewCountry: true, ImpossibleTravel: true,
		External: map[string]int{"failed_log_in": 1 << 30, "malware": 1 << 30},
	}
	for _, role := range []string{"doctor", "nurse", "security", "auditor", "", "a role that no table has"} {
		got, err := e.Verdicts(t.Context(), pdp.Behaviour{Subject: "u-1", Role: role, Signals: worst})
		if err != nil || len(got.List) < 6 {
			t.Errorf("%q: got %v, %v, want every verdict about accounts", role, got.List, err)
		}
		for _, v := range got.List {
			if v.Do != pdp.ActionStepUp && v.Do != pdp.ActionAlert {
				t.Errorf("%q: %s is carried out as %s", role, v.ID, v.Do)
			}
		}
	}
	got, err := e.Verdicts(t.Context(), pdp.Behaviour{Subject: "u-1", Role: "patient", Signals: worst})
	if err != nil || !slices.ContainsFunc(got.List, func(v pdp.Verdict) bool { return v.Do == pdp.ActionBan }) {
		t.Errorf("a patient's account: got %v, %v, want a ban", got.List, err)
	}
}

// A book whose sentinel watches over nothing is refused, and a table that
// makes no sense.
func TestBookWithABlindSentinelIsRefused(t *testing.T) {
	for name, change := range map[string]func(fstest.MapFS){
		"no sentinel": func(files fstest.MapFS) {
			for file := range files {
				if strings.HasPrefix(file, "sentinel/") {
					delete(files, file)
				}
			}
		},
		"no threshold": func(files fstest.MapFS) { edit(files, `"requests": 6000`, `"requests": 0`) },
		"no action":    func(files fstest.MapFS) { edit(files, `"do": "ban"`, `"do": "bann"`) },
		"no end":       func(files fstest.MapFS) { edit(files, `"seconds": 3600`, `"seconds": 0`) },
		"no such kind": func(files fstest.MapFS) { edit(files, `"officer": {`, `"oficer": {`) },
		"no such deed": func(files fstest.MapFS) { edit(files, `"auditor": {"step_up"`, `"auditor": {"stepup"`) },
		"no count":     func(files fstest.MapFS) { edit(files, `"malware": 1`, `"malware": 0`) },
	} {
		t.Run(name, func(t *testing.T) {
			files := enginetest.Book(t, policies.FS)
			change(files)
			if _, err := engine.New(files, points.Sections(), nil, nil, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "sentinel") {
				t.Errorf("got %v, want a refusal", err)
			}
		})
	}
}

func edit(files fstest.MapFS, old, changed string) {
	const name = "sentinel/tables/verdicts.rego"
	text := strings.Replace(string(files[name].Data), old, changed, 1)
	files[name] = &fstest.MapFile{Data: []byte(text)}
}

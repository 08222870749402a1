package engine

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/points/pointstest"
	"github.com/wardgate/wardgate/pip"
)

// seen is the section of the input that a policy sees for these facts.
func seen(t *testing.T, section string, facts pointstest.Facts) map[string]string {
	t.Helper()
	d, err := asking(t, reading1(facts)).Decide(context.Background(), readsPatient())
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Context map[string]map[string]any `json:"context"`
	}
	if err := json.Unmarshal(d.Evidence.Input, &document); err != nil {
		t.Fatal(err)
	}
	words := map[string]string{}
	for key, v := range document.Context[section] {
		words[key], _ = v.(string)
	}
	return words
}

func TestPatientsAreJudgedByNumberAndByHabit(t *testing.T) {
	for name, tt := range map[string]struct {
		patients, usual int
		want            string
	}{
		"few":                       {5, 0, "usual"},
		"just below":                {119, 0, "usual"},
		"many for anybody":          {120, 0, "many"},
		"far more than anybody":     {400, 0, "far_more"},
		"many, and usual":           {60, 40, "usual"},
		"many for this one":         {31, 10, "many"},
		"far more for this one":     {101, 10, "far_more"},
		"below the floor of habits": {19, 1, "usual"},
		"a habit lifts no bound":    {120, 200, "many"},
	} {
		t.Run(name, func(t *testing.T) {
			facts := ward()
			facts.Signals.Patients, facts.Signals.PatientsUsual = tt.patients, tt.usual
			if got := seen(t, "signals", facts)["patients"]; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A missing signal is unknown, never low.
func TestUnknownSignalsHaveNoWords(t *testing.T) {
	facts := ward()
	facts.Signals.State = pip.Unknown
	for key, word := range seen(t, "signals", facts) {
		if want := map[string]string{"state": "unknown"}[key]; word != want {
			t.Errorf("%s: got %q, want %q", key, word, want)
		}
	}
}

func TestAgeLimitsBelief(t *testing.T) {
	for name, tt := range map[string]struct {
		said pip.State
		age  time.Duration
		want string
	}{
		"young":                 {pip.Fresh, 5 * time.Second, "fresh"},
		"old":                   {pip.Fresh, 5*time.Second + 1, "stale"},
		"too old":               {pip.Fresh, time.Minute + 1, "unknown"},
		"stale stays":           {pip.Stale, 0, "stale"},
		"unknown stays":         {pip.Unknown, 0, "unknown"},
		"unknown stays unknown": {pip.Unknown, 10 * time.Second, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			facts := ward()
			facts.Signals.State, facts.Signals.Age = tt.said, tt.age
			if got := seen(t, "signals", facts)["state"]; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	for _, section := range []string{"identity", "revocation", "device", "location", "care"} {
		facts := ward()
		for _, r := range []*pip.Reading{&facts.Identity.Reading, &facts.Revocation.Reading, &facts.Device.Reading, &facts.Location.Reading, &facts.Care.Reading} {
			if r.Source == section {
				r.Age = 48 * time.Hour
			}
		}
		if got := seen(t, section, facts)["state"]; got != "unknown" {
			t.Errorf("%s of two days ago: got %q, want unknown", section, got)
		}
	}
}

// What follows an allowed request reads the period as a typed value: it must be
// the word that the rules saw.
func TestEvidenceNamesThePeriodThatTheRulesSaw(t *testing.T) {
	for name, tt := range map[string]struct {
		at   time.Time
		want string
	}{
		"day":     {time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), "day"},
		"night":   {time.Date(2026, 3, 2, 23, 30, 0, 0, time.UTC), "night"},
		"no time": {time.Time{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := readsPatient()
			r.Context.Time = tt.at
			d, err := asking(t, reading1(ward())).Decide(context.Background(), r)
			if err != nil {
				t.Fatal(err)
			}
			if saw := wordIn(d.Evidence.Input, "time", "period"); d.Evidence.Period != tt.want || saw != tt.want {
				t.Errorf("got %q in the evidence and %q in the input, want %q", d.Evidence.Period, saw, tt.want)
			}
		})
	}
}

// wordIn is the word at a member of a section of the input's context.
func wordIn(input []byte, section, member string) string {
	var document struct {
		Context map[string]map[string]any `json:"context"`
	}
	_ = json.Unmarshal(input, &document) // what is no document has no word
	word, _ := document.Context[section][member].(string)
	return word
}

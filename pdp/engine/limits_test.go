package engine

import (
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
)

func TestLimitsAreThoseOfTheTable(t *testing.T) {
	files := book(t)
	e := newEngine(t, files, nil)
	if l := e.Limits(); l.WrongPasswords != 3 || l.CodeLife != 5*time.Minute || l.RefreshAfter != 2*time.Minute || l.DeviceMemory != 180*24*time.Hour {
		t.Errorf("got %+v", l)
	}
	edit(t, files, "authz/tables/limits.rego", `"wrong_passwords": 3`, `"wrong_passwords": 4`)
	if _, err := e.Activate(files); err != nil {
		t.Fatal(err)
	}
	if l := e.Limits(); l.WrongPasswords != 4 {
		t.Errorf("after an edit: got %+v", l)
	}
}

func TestLimitsThatMakeNoSenseAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"no guesses":              {`"code_attempts": 3`, `"code_attempts": 0`, "limits.code_attempts"},
		"a text":                  {`"code_attempts": 3`, `"code_attempts": "3"`, "code_attempts"},
		"half a guess":            {`"code_attempts": 3`, `"code_attempts": 1.5`, "code_attempts"},
		"no row":                  {`	"code_bar_seconds": 120,`, ``, "limits.code_bar_seconds"},
		"a token for a day":       {`"access_token_seconds": 300`, `"access_token_seconds": 86400`, "limits.access_token_seconds"},
		"idle before the refresh": {`"refresh_idle_seconds": 900`, `"refresh_idle_seconds": 60`, "limits.refresh_idle_seconds"},
		"no table":                {`limits := {`, `limit := {`, "limits"},
	} {
		t.Run(name, func(t *testing.T) {
			files := book(t)
			edit(t, files, "authz/tables/limits.rego", c.old, c.new)
			_, err := New(files, nil, nil, slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error about %s", err, c.want)
			}
		})
	}
}

func TestJourneysBecomeWords(t *testing.T) {
	tables := newEngine(t, book(t), nil).active.Load().book.Tables
	at := func(km float64, elapsed time.Duration) pdp.Journey {
		return pdp.Journey{Measured: true, Kilometres: km, Elapsed: elapsed}
	}
	for name, c := range map[string]struct {
		journey       pdp.Journey
		drift, travel string
	}{
		"unknown":                    {pdp.Journey{}, "", ""},
		"at once, five kilometres":   {at(5, 0), "none", "possible"},
		"at once, a little more":     {at(5.01, 0), "moved", "impossible"},
		"a flight":                   {at(900, time.Hour), "moved", "possible"},
		"faster than any flight":     {at(906, time.Hour), "moved", "impossible"},
		"a clock that stepped back":  {at(100, -time.Hour), "moved", "impossible"},
		"no number":                  {at(math.NaN(), time.Hour), "moved", "impossible"},
		"another country, soon":      {pdp.Journey{Country: pdp.CountryOther, Elapsed: time.Minute}, "moved", "impossible"},
		"another country, in a day":  {pdp.Journey{Country: pdp.CountryOther, Elapsed: 24 * time.Hour}, "moved", "possible"},
		"the same country":           {pdp.Journey{Country: pdp.CountrySame}, "none", "possible"},
		"a country no longer known":  {pdp.Journey{Country: pdp.CountryLost}, "hidden", ""},
		"coordinates no longer said": {pdp.Journey{Lost: true, Country: pdp.CountrySame}, "lost", "possible"},
	} {
		t.Run(name, func(t *testing.T) {
			if drift, travel := tables.Drift(&c.journey), tables.Travel(&c.journey); drift != c.drift || travel != c.travel {
				t.Errorf("got %q, %q, want %q, %q", drift, travel, c.drift, c.travel)
			}
		})
	}
}

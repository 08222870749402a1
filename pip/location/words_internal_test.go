package location

import (
	"math"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
)

func TestJourneysBecomeWords(t *testing.T) {
	s := &wording{DriftKilometres: 5, TravelSpeed: 900, TravelCountrySeconds: 1800}
	at := func(km float64, elapsed time.Duration) pip.Journey {
		return pip.Journey{Measured: true, Kilometres: km, Elapsed: elapsed}
	}
	for name, c := range map[string]struct {
		journey                     pip.Journey
		drift, travel               string // seen
		claimedDrift, claimedTravel string
	}{
		"unknown":                    {pip.Journey{}, "", "", "", ""},
		"at once, five kilometres":   {at(5, 0), "", "", "none", "possible"},
		"at once, a little more":     {at(5.01, 0), "", "", "moved", "impossible"},
		"a flight":                   {at(900, time.Hour), "", "", "moved", "possible"},
		"faster than any flight":     {at(906, time.Hour), "", "", "moved", "impossible"},
		"a clock that stepped back":  {at(100, -time.Hour), "", "", "moved", "impossible"},
		"no number":                  {at(math.NaN(), time.Hour), "", "", "moved", "impossible"},
		"another country, soon":      {pip.Journey{Country: pip.CountryOther, Elapsed: time.Minute}, "moved", "impossible", "", ""},
		"another country, in a day":  {pip.Journey{Country: pip.CountryOther, Elapsed: 24 * time.Hour}, "moved", "possible", "", ""},
		"the same country":           {pip.Journey{Country: pip.CountrySame}, "none", "possible", "", ""},
		"a country no longer known":  {pip.Journey{Country: pip.CountryLost}, "hidden", "", "", ""},
		"coordinates no longer said": {pip.Journey{Lost: true, Country: pip.CountrySame}, "none", "possible", "lost", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if drift, travel := s.drift(&c.journey), s.travel(&c.journey); drift != c.drift || travel != c.travel {
				t.Errorf("seen: got %q, %q, want %q, %q", drift, travel, c.drift, c.travel)
			}
			if drift, travel := s.claimedDrift(&c.journey), s.claimedTravel(&c.journey); drift != c.claimedDrift || travel != c.claimedTravel {
				t.Errorf("claimed: got %q, %q, want %q, %q", drift, travel, c.claimedDrift, c.claimedTravel)
			}
		})
	}
}

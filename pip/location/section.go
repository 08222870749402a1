package location

import (
	"errors"
	"math"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// Section is what rules see of a place.
func Section() pip.Section {
	s := pip.Measured("location", pip.Freshness{StaleAfter: 5, UnknownAfter: 30},
		pip.WordOf("place", "", "on_site", "off_site"), pip.TextOf("country"),
		pip.WordOf("drift", "", "none", "moved", "lost", "hidden"),
		pip.WordOf("travel", "", "possible", "impossible"))
	s.Wording = func(t pip.Tables) (any, error) {
		var w wording
		var err error
		w.networks, err = pip.ReadNetworks(t)
		return &w, errors.Join(err, t.Read("limits", &w))
	}
	return s
}

// wording is what a place is measured by. The table of limits is checked whole by
// the gate of rule books.
type wording struct {
	networks             pip.Networks
	DriftKilometres      int `json:"drift_kilometres"`
	TravelSpeed          int `json:"travel_kilometres_an_hour"`
	TravelCountrySeconds int `json:"travel_country_seconds"`
}

// Write says what is known of a place without any database.
func Write(q *pip.Query, f *pip.Facts, w pip.Words) {
	s := w.Wording().(*wording)
	w.Word("place", s.networks.Place(q.Address))
	w.Word("drift", s.drift(&q.Journey))
	f.Travel = s.travel(&q.Journey)
	w.Word("travel", f.Travel)
}

// drift says how far a session has moved from where it began: "none", "moved",
// "lost" when it no longer says where it is, "hidden" when its country is no
// longer known, "" when it is not known.
func (s *wording) drift(j *pip.Journey) string {
	far := float64(s.DriftKilometres)
	switch {
	case j.Lost:
		return "lost"
	case j.Measured && !(j.Kilometres <= far): // NaN is far
		return "moved"
	case j.Measured:
		return "none"
	case j.Country == pip.CountryOther:
		return "moved"
	case j.Country == pip.CountryLost:
		return "hidden"
	case j.Country == pip.CountrySame:
		return "none"
	default:
		return ""
	}
}

// travel says whether the client can have come from the last log-in to this one:
// "possible", "impossible", "" when it is not known. Clocks that disagree
// count as no time at all.
func (s *wording) travel(j *pip.Journey) string {
	hours := math.Max(j.Elapsed.Hours(), 0)
	switch {
	case j.Measured:
		// Within the distance of a drift no time is needed.
		reach := float64(s.DriftKilometres) + hours*float64(s.TravelSpeed)
		if !(j.Kilometres <= reach) {
			return "impossible"
		}
		return "possible"
	case j.Country == pip.CountryOther && j.Elapsed < time.Duration(s.TravelCountrySeconds)*time.Second:
		return "impossible"
	case j.Country == pip.CountryOther || j.Country == pip.CountrySame:
		return "possible"
	default:
		return ""
	}
}

package location

import (
	"errors"
	"math"
	"slices"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// Section is what rules see of a place.
func Section() pip.Section {
	s := pip.Measured("location", pip.Freshness{StaleAfter: 5, UnknownAfter: 30},
		pip.WordOf("place", "", "on_site", "off_site"), pip.TextOf("country"),
		pip.WordOf("drift", "", "none", "moved", "hidden"),
		pip.WordOf("travel", "", "possible", "impossible"),
		pip.WordOf("claimed_drift", "", "none", "moved", "lost"),
		pip.WordOf("claimed_travel", "", "possible", "impossible"))
	s.Wording = func(t pip.Tables) (any, error) {
		var w wording
		var err error
		w.networks, err = pip.ReadNetworks(t)
		return &w, errors.Join(err, t.Read("limits", &w))
	}
	s.Reword = reword
	return s
}

// The measures of a journey, by the numbers under which they are journalled.
const (
	journeyCountry    = iota // where its place in countries; 0 is not known
	journeyClaim             // claimMeasured and claimLost, added
	journeyKilometres        // by the client's own word, whole ones upwards
	journeySeconds           // between the two log-ins, whole ones downwards
)

const (
	claimMeasured = 1
	claimLost     = 2
)

var countries = []string{"", pip.CountrySame, pip.CountryOther, pip.CountryLost}

// farthest stands for a distance that is no number: no table makes it near.
const farthest = math.MaxInt32

// wording is what a place is measured by. The table of limits is checked whole by
// the gate of rule books.
type wording struct {
	networks             pip.Networks
	DriftKilometres      int `json:"drift_kilometres"`
	TravelSpeed          int `json:"travel_kilometres_an_hour"`
	TravelCountrySeconds int `json:"travel_country_seconds"`
}

// Write says what is known of a place: without an address, nothing. What the
// enforcement point saw, the client's address, stands apart from what the client
// said of itself: its coordinates are its own word. Words are made of the measures as they
// are journalled, in whole kilometres and seconds.
func Write(q *pip.Query, l *pip.Location, f *pip.Facts, w pip.Words) {
	if q.Address.IsValid() && w.Trust(l.Reading) != pip.Unknown {
		w.Word("country", l.Country)
	}
	if q.Journey != (pip.Journey{}) {
		measure(&q.Journey, w)
	}
	reword(&pip.Situation{Address: q.Address, Country: l.Country}, w)
	f.Travel = w.Text("travel")
}

func measure(j *pip.Journey, w pip.Words) {
	w.Measure(journeyCountry, int64(max(0, slices.Index(countries, j.Country))))
	w.Measure(journeySeconds, int64(math.Floor(j.Elapsed.Seconds())))
	claim := int64(0)
	if j.Lost {
		claim |= claimLost
	}
	if j.Measured {
		claim |= claimMeasured
		kilometres := int64(farthest)
		if k := math.Ceil(j.Kilometres); k >= 0 && k < farthest { // NaN is far
			kilometres = int64(k)
		}
		w.Measure(journeyKilometres, kilometres)
	}
	w.Measure(journeyClaim, claim)
}

func reword(at *pip.Situation, w pip.Words) {
	s := w.Wording().(*wording)
	switch state, _ := w.Trusted(); {
	case state == pip.Unknown:
		w.Word("place", "")
		w.Word("country", "")
	case !at.Address.IsValid() && w.Text("place") != "":
		w.Untold("networks") // a record whose address was not kept
	default:
		w.Word("place", s.networks.Place(at.Address))
		if w.Text("country") == "" {
			w.Word("country", at.Country)
		}
	}
	country, known := w.Measured(journeyCountry)
	if !known {
		for _, member := range [...]string{"travel", "claimed_drift", "claimed_travel"} {
			if w.Text(member) != "" {
				w.Untold("limits")
				break
			}
		}
		return
	}
	claim, _ := w.Measured(journeyClaim)
	kilometres, _ := w.Measured(journeyKilometres)
	elapsed, _ := w.Measured(journeySeconds)
	j := pip.Journey{
		Measured: claim&claimMeasured != 0, Lost: claim&claimLost != 0,
		Kilometres: float64(kilometres), Elapsed: time.Duration(elapsed) * time.Second,
	}
	if country > 0 && country < int64(len(countries)) {
		j.Country = countries[country]
	}
	w.Word("drift", s.drift(&j))
	w.Word("travel", s.travel(&j))
	w.Word("claimed_drift", s.claimedDrift(&j))
	w.Word("claimed_travel", s.claimedTravel(&j))
}

// drift says whether the address of a session is in another country than where it
// began: "none", "moved", "hidden" when its country is no longer known, "" when it
// is not known.
func (s *wording) drift(j *pip.Journey) string {
	switch j.Country {
	case pip.CountryOther:
		return "moved"
	case pip.CountryLost:
		return "hidden"
	case pip.CountrySame:
		return "none"
	default:
		return ""
	}
}

// claimedDrift says how far a session has moved from where it began by the
// client's own word: "none", "moved", "lost" when it no longer says where it is,
// "" when it never did.
func (s *wording) claimedDrift(j *pip.Journey) string {
	switch {
	case j.Lost:
		return "lost"
	case j.Measured && !(j.Kilometres <= float64(s.DriftKilometres)): // NaN is far
		return "moved"
	case j.Measured:
		return "none"
	default:
		return ""
	}
}

// travel says whether the address of the last log-in and that of this one can be
// one client's: "possible", "impossible", "" when it is not known. Clocks that
// disagree count as no time at all.
func (s *wording) travel(j *pip.Journey) string {
	switch {
	case j.Country == pip.CountryOther && j.Elapsed < time.Duration(s.TravelCountrySeconds)*time.Second:
		return "impossible"
	case j.Country == pip.CountryOther || j.Country == pip.CountrySame:
		return "possible"
	default:
		return ""
	}
}

// claimedTravel says the same by the client's own word.
func (s *wording) claimedTravel(j *pip.Journey) string {
	if !j.Measured {
		return ""
	}
	// Within the distance of a drift no time is needed.
	reach := float64(s.DriftKilometres) + math.Max(j.Elapsed.Hours(), 0)*float64(s.TravelSpeed)
	if !(j.Kilometres <= reach) {
		return "impossible"
	}
	return "possible"
}

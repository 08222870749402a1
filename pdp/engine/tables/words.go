package tables

import (
	"math"

	"github.com/wardgate/wardgate/pdp"
)

// Failures is "none", "few", or "many" when the limit is reached.
func (t *Tables) Failures(l *pdp.LogIn) string {
	rows := &t.limits
	limit := 0
	switch l.Factor {
	case pdp.FactorPassword:
		limit = rows.WrongPasswords
		if l.Familiar == pdp.FamiliarDevice {
			limit = rows.KnownWrongPasswords
		}
	case pdp.FactorCode:
		limit = rows.CodeAttempts
	}
	switch {
	case l.Factor == "" || l.Failures <= 0:
		return "none"
	case l.Failures >= limit:
		return "many"
	default:
		return "few"
	}
}

// Drift says how far a session has moved from where it began: "none", "moved",
// "lost" when it no longer says where it is, "hidden" when its country is no
// longer known, "" when nobody can tell.
func (t *Tables) Drift(j *pdp.Journey) string {
	far := float64(t.limits.DriftKilometres)
	switch {
	case j.Lost:
		return "lost"
	case j.Measured && !(j.Kilometres <= far): // NaN is far
		return "moved"
	case j.Measured:
		return "none"
	case j.Country == pdp.CountryOther:
		return "moved"
	case j.Country == pdp.CountryLost:
		return "hidden"
	case j.Country == pdp.CountrySame:
		return "none"
	default:
		return ""
	}
}

// Travel says whether somebody can have come from the last log-in to this one:
// "possible", "impossible", "" when nobody can tell. Clocks that disagree
// count as no time at all.
func (t *Tables) Travel(j *pdp.Journey) string {
	hours := math.Max(j.Elapsed.Hours(), 0)
	switch {
	case j.Measured:
		// Within the distance of a drift nobody needs time.
		reach := float64(t.limits.DriftKilometres) + hours*float64(t.limits.TravelSpeed)
		if !(j.Kilometres <= reach) {
			return "impossible"
		}
		return "possible"
	case j.Country == pdp.CountryOther && j.Elapsed < seconds(t.limits.TravelCountrySeconds):
		return "impossible"
	case j.Country == pdp.CountryOther || j.Country == pdp.CountrySame:
		return "possible"
	default:
		return ""
	}
}

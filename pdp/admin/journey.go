package admin

import (
	"math"
	"net/netip"
	"time"

	"github.com/wardgate/wardgate/pip"
)

const earthRadius = 6371.0088 // kilometres, mean

// coordinateDigits is how exactly coordinates are kept: a thousandth of a
// degree is about a hundred metres, which is all that drift and travel need.
const coordinateDigits = 1000

// observe takes the footprint of a client. Coordinates are the client's own
// word, and are there only with its consent.
func (a *Admin) observe(c Client) pip.Footprint {
	f := a.parts.Footprints.Observe(c.UserAgent, c.Address)
	f.Workstation = c.At
	if c.Coordinates != nil {
		f.Coordinates = &pip.Coordinates{
			Latitude:  math.Round(c.Coordinates.Latitude*coordinateDigits) / coordinateDigits,
			Longitude: math.Round(c.Coordinates.Longitude*coordinateDigits) / coordinateDigits,
		}
	}
	return f
}

// journey leads from one footprint to a later one.
func journey(then, now pip.Footprint, elapsed time.Duration) pip.Journey {
	j := pip.Journey{Elapsed: elapsed, Lost: then.Coordinates != nil && now.Coordinates == nil}
	if then.Coordinates != nil && now.Coordinates != nil {
		j.Measured, j.Kilometres = true, kilometres(*then.Coordinates, *now.Coordinates)
	}
	switch {
	case then.Country == "":
	case now.Country == "":
		j.Country = pip.CountryLost
	case then.Country == now.Country:
		j.Country = pip.CountrySame
	default:
		j.Country = pip.CountryOther
	}
	return j
}

// kilometres is the great-circle distance by the haversine formula.
func kilometres(a, b pip.Coordinates) float64 {
	radians := func(degrees float64) float64 { return degrees * math.Pi / 180 }
	lat := radians(b.Latitude - a.Latitude)
	lon := radians(b.Longitude - a.Longitude)
	h := math.Pow(math.Sin(lat/2), 2) +
		math.Cos(radians(a.Latitude))*math.Cos(radians(b.Latitude))*math.Pow(math.Sin(lon/2), 2)
	return 2 * earthRadius * math.Asin(math.Sqrt(math.Min(h, 1)))
}

// sealed binds a session's footprint to it.
func (a *Admin) sealFootprint(session string, f pip.Footprint) (string, error) {
	return a.parts.Footprints.Seal("session/"+session, f)
}

// unseal opens the footprint of a session that was read from the store.
func (a *Admin) unseal(s *Session) error {
	f, err := a.parts.Footprints.Open("session/"+s.ID, s.Sealed)
	if err != nil {
		return err
	}
	s.Footprint = f
	return nil
}

// arrivalUse binds the footprint of the last log-in to its account.
func arrivalUse(account string) string { return "last log-in/" + account }

// since leads from the last log-in of an account to this one. One that is no
// longer to be remembered, or does not open, tells nothing.
func (a *Admin) since(last Arrival, account string, here pip.Footprint, now time.Time) pip.Journey {
	if last.Place == "" || now.Sub(last.At) > a.Limits().LogInMemory {
		return pip.Journey{}
	}
	then, err := a.parts.Footprints.Open(arrivalUse(account), last.Place)
	if err != nil {
		a.parts.Log.Warn("last log-in not readable", "error", err)
		return pip.Journey{}
	}
	return journey(then, here, now.Sub(last.At))
}

// Client is where a request came from, as the enforcement point saw it, and
// what the client said of itself.
type Client struct {
	Address     netip.Addr
	UserAgent   string
	Decision    string           // id of the enforcement point's decision, for the journal
	Device      string           // the key that a device got at an earlier log-in; "" for none
	Coordinates *pip.Coordinates // with the owner's consent; nil for none
	Retry       string           // the idempotency key of a refresh; "" for none
	Host        string           // where a browser logs in that is to hold no token; "" for any other client
	Station     string           // the key of a workstation that the browser holds on that host; "" for none
	Certificate string           // names the machine whose client certificate the enforcement point has verified; "" for none
	At          *pip.Workstation // that the browser has proven to be at; nil for none
}

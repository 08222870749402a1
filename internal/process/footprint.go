package process

import (
	"net/netip"

	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/device"
	"github.com/wardgate/wardgate/pip/location"
)

// ownNetwork is what a footprint says of an address of the hospital's own.
const ownNetwork = "hospital"

// footprints observes the whole of a client: its device, whether its address is
// the hospital's own, and the country of it where a database is given.
type footprints struct {
	*device.Source
	places location.Source
	onSite func(netip.Addr) bool // by the table of networks in force
}

var _ admin.Footprints = footprints{}

// Observe takes the footprint of a client. A country that cannot be read is one
// that is not known.
func (f footprints) Observe(userAgent string, address netip.Addr) pip.Footprint {
	seen := f.Source.Observe(userAgent, address)
	if f.onSite(address) {
		seen.Network = ownNetwork
	}
	if country, err := f.places.Country(address); err == nil {
		seen.Country = country
	}
	return seen
}

// openPlaces opens the location database, if the configuration names one.
func (a *Process) openPlaces() (location.Source, error) {
	if a.config.Location.Database == "" {
		return location.Source{}, nil
	}
	s, err := location.Open(a.config.Location.Database)
	if err != nil {
		return location.Source{}, err
	}
	a.onClose(s.Close)
	return *s, nil
}

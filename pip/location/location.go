// Package location is the information point for where a request comes from.
// Which networks are the hospital's own is a table of the policy; this package
// vouches for the address and, where a database is given, for its country.
package location

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/wardgate/wardgate/pip"
)

// A Source answers from the client address that the enforcement point saw. Its
// zero value knows no countries.
type Source struct{ countries *maxminddb.Reader }

var _ pip.Source = Source{}

// Open returns a source that reads countries from the MMDB file. The caller
// closes it.
func Open(file string) (*Source, error) {
	db, err := maxminddb.Open(file)
	if err != nil {
		return nil, fmt.Errorf("location database: %w", err)
	}
	return &Source{countries: db}, nil
}

// Close closes the database.
func (s Source) Close() error {
	if s.countries == nil {
		return nil
	}
	return s.countries.Close()
}

// Name of the source in readings and journal records.
func (Source) Name() string { return "location" }

// Gather vouches for a valid address. Without one, the place is unknown. An
// address that the database does not know, such as one of the hospital's own,
// has no country.
func (s Source) Gather(_ context.Context, q *pip.Query, f *pip.Facts, w pip.Words) error {
	if !q.Address.IsValid() {
		Write(q, &f.Location, f, w)
		return errors.New("location: the request has no client address")
	}
	country, err := s.Country(q.Address)
	f.Location = pip.Location{
		Reading: pip.Reading{Source: s.Name(), State: pip.Fresh},
		Country: country,
	}
	Write(q, &f.Location, f, w)
	return err
}

// countryPaths is where the databases in use keep the code: those of
// ip-location-db, and those of MaxMind's own form.
var countryPaths = [][]any{{"country_code"}, {"country", "iso_code"}}

// Country is the ISO 3166-1 code of an address's country, "" when not known.
func (s Source) Country(a netip.Addr) (string, error) {
	if s.countries == nil || !a.IsValid() {
		return "", nil
	}
	found := s.countries.Lookup(a.Unmap().WithZone(""))
	if err := found.Err(); err != nil {
		return "", fmt.Errorf("location database: %w", err)
	}
	for _, path := range countryPaths {
		var code string
		if err := found.DecodePath(&code, path...); err != nil {
			return "", fmt.Errorf("location database: %w", err)
		}
		if isCode(code) {
			return code, nil
		}
	}
	return "", nil
}

func isCode(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

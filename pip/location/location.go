// Package location is the information point for where a request comes from.
// Which networks are the hospital's own is a table of the policy; this package
// vouches for the address and, where a database is given, for its country.
package location

import (
	"context"
	"errors"

	"github.com/wardgate/wardgate/pip"
)

// A Source answers from the client address that the enforcement point saw.
type Source struct{}

var _ pip.Source = Source{}

// Name of the source in readings and journal records.
func (Source) Name() string { return "location" }

// Gather vouches for a valid address. Without one, the place is unknown.
func (s Source) Gather(_ context.Context, q *pip.Query, f *pip.Facts) error {
	if !q.Address.IsValid() {
		return errors.New("location: the request has no client address")
	}
	f.Location.Reading = pip.Reading{Source: s.Name(), State: pip.Fresh}
	return nil
}

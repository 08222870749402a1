// Package points is the list of information points: the one place that names them
// all. A new one is its folder below pip and a line here.
//
//go:generate go run ./generate
package points

import (
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/care"
	"github.com/wardgate/wardgate/pip/device"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/location"
	"github.com/wardgate/wardgate/pip/revocation"
	"github.com/wardgate/wardgate/pip/signals"
)

// Sections are what the information points contribute to the input, in the order
// in which they are asked: who asks comes first.
func Sections() []pip.Section {
	return []pip.Section{
		identity.Section(),
		revocation.Section(),
		device.Section(),
		location.Section(),
		care.Section(),
		signals.Section(),
	}
}

// Names are the information points' own.
func Names() []string {
	var names []string
	for _, s := range Sections() {
		names = append(names, s.Name)
	}
	return names
}

// Package pointstest has information points that know what a test says, and put
// it into words as the real ones do: what the real ones cannot say, such as whether
// the device of a request without a session has changed, these do not say either.
package pointstest

import (
	"context"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/care"
	"github.com/wardgate/wardgate/pip/device"
	"github.com/wardgate/wardgate/pip/location"
	"github.com/wardgate/wardgate/pip/revocation"
	"github.com/wardgate/wardgate/pip/signals"
)

// Facts are what the information points know. The zero Facts know nothing.
type Facts struct {
	Identity   pip.Identity
	Revocation pip.Revoked
	Device     pip.Device
	Location   pip.Location
	Care       Care
	Signals    pip.Signals
}

// Care is a relationship and how far it is known.
type Care struct {
	pip.Reading
	Patient    string
	Staff      []string
	Department string
}

// Sources know facts, which a test may go on changing.
func Sources(f *Facts) []pip.Source {
	var all []pip.Source
	for _, name := range points.Names() {
		all = append(all, fixed{name, f})
	}
	return all
}

type fixed struct {
	name  string
	facts *Facts
}

func (s fixed) Name() string { return s.name }

func (s fixed) Gather(_ context.Context, q *pip.Query, f *pip.Facts, w pip.Words) error {
	k := s.facts
	switch s.name {
	case "identity":
		f.Identity = k.Identity
		if q.Subject == "" {
			f.Identity = pip.Identity{Reading: k.Identity.Reading}
		}
		w.Trust(k.Identity.Reading)
	case "revocation":
		r := k.Revocation
		r.Session = r.Session && q.Session != ""
		r.Subject, r.StepUp = r.Subject && q.Subject != "", r.StepUp && q.Subject != ""
		revocation.Write(&r, f.Identity.Role, w)
	case "device":
		f.Device = k.Device
		if q.Session == "" && k.Device.Match != "" {
			f.Device.Match = pip.DeviceUnseen
		}
		device.Write(&f.Device, q, w)
	case "location":
		f.Location = k.Location
		location.Write(q, &k.Location, f, w)
	case "care":
		reading := k.Care.Reading
		if q.Subject == "" {
			reading = pip.Reading{}
		}
		care.Write(&care.Relationship{Patient: k.Care.Patient, Staff: k.Care.Staff, Department: k.Care.Department}, reading, f, w)
	case "signals":
		signals.Write(&k.Signals, w)
	}
	return nil
}

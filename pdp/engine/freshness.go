package engine

import (
	"fmt"

	"github.com/wardgate/wardgate/pip"
)

// freshness is the table of how old is too old, by information point.
type freshness struct {
	Identity   shelfLife `json:"identity"`
	Revocation shelfLife `json:"revocation"`
	Device     shelfLife `json:"device"`
	Location   shelfLife `json:"location"`
	Care       shelfLife `json:"care"`
	Signals    shelfLife `json:"signals"`
}

// A shelfLife is a row of it, in seconds.
type shelfLife struct {
	StaleAfter   int `json:"stale_after"`
	UnknownAfter int `json:"unknown_after"`
}

// of is how far a reading is believed: never further than its source says, and
// no further than its age allows.
func (l shelfLife) of(r *pip.Reading) pip.State {
	switch {
	case r.Age > seconds(l.UnknownAfter):
		return pip.Unknown
	case r.Age > seconds(l.StaleAfter):
		return min(r.State, pip.Stale)
	default:
		return r.State
	}
}

// Believed is how far the active rule book believes a reading, and its age: of
// a source that it has no row for, nothing.
func (e *Engine) Believed(r pip.Reading) pip.State {
	life, ok := e.active.Load().tables.freshness.row(r.Source)
	if !ok {
		return pip.Unknown
	}
	return life.of(&r)
}

func (f *freshness) row(source string) (shelfLife, bool) {
	for _, row := range f.rows() {
		if row.name == source {
			return row.life, true
		}
	}
	return shelfLife{}, false
}

// A namedLife is a row with its information point.
type namedLife struct {
	name string
	life shelfLife
}

func (f *freshness) rows() []namedLife {
	return []namedLife{
		{"identity", f.Identity}, {"revocation", f.Revocation}, {"device", f.Device},
		{"location", f.Location}, {"care", f.Care}, {"signals", f.Signals},
	}
}

func (f *freshness) faults() []error {
	var faults []error
	for _, row := range f.rows() {
		if row.life.StaleAfter < 1 || row.life.UnknownAfter < row.life.StaleAfter || row.life.UnknownAfter > maxSpan {
			faults = append(faults, fmt.Errorf("freshness.%s: expected 1 <= stale_after <= unknown_after, in seconds", row.name))
		}
	}
	return faults
}

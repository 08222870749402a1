package tables

import (
	"fmt"

	"github.com/wardgate/wardgate/pip"
)

// FreshnessTable is the table of how old is too old, by information point.
type FreshnessTable struct {
	Identity   Freshness `json:"identity"`
	Revocation Freshness `json:"revocation"`
	Device     Freshness `json:"device"`
	Location   Freshness `json:"location"`
	Care       Freshness `json:"care"`
	Signals    Freshness `json:"signals"`
}

// A Freshness is a row of it, in seconds.
type Freshness struct {
	StaleAfter   int `json:"stale_after"`
	UnknownAfter int `json:"unknown_after"`
}

// Of is how far a reading is trusted: never further than its source says, and
// no further than its age allows.
func (f Freshness) Of(r *pip.Reading) pip.State {
	switch {
	case r.Age > seconds(f.UnknownAfter):
		return pip.Unknown
	case r.Age > seconds(f.StaleAfter):
		return min(r.State, pip.Stale)
	default:
		return r.State
	}
}

// Trusted is how far a reading is trusted, and its age: of a source that there is
// no row for, not at all.
func (f *FreshnessTable) Trusted(r pip.Reading) pip.State {
	row, ok := f.row(r.Source)
	if !ok {
		return pip.Unknown
	}
	return row.Of(&r)
}

func (f *FreshnessTable) row(source string) (Freshness, bool) {
	for _, one := range f.rows() {
		if one.name == source {
			return one.row, true
		}
	}
	return Freshness{}, false
}

// A namedRow is a row with its information point.
type namedRow struct {
	name string
	row  Freshness
}

func (f *FreshnessTable) rows() []namedRow {
	return []namedRow{
		{"identity", f.Identity}, {"revocation", f.Revocation}, {"device", f.Device},
		{"location", f.Location}, {"care", f.Care}, {"signals", f.Signals},
	}
}

func (f *FreshnessTable) faults() []error {
	var faults []error
	for _, one := range f.rows() {
		if one.row.StaleAfter < 1 || one.row.UnknownAfter < one.row.StaleAfter || one.row.UnknownAfter > MaxSpan {
			faults = append(faults, fmt.Errorf("freshness.%s: expected 1 <= stale_after <= unknown_after, in seconds", one.name))
		}
	}
	return faults
}

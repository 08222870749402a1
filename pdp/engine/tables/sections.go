package tables

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pip"
)

var _ pip.Tables = (*Tables)(nil)

// Read decodes the table of that name.
func (t *Tables) Read(name string, into any) error {
	raw, there := t.raw[name]
	if !there {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// freshness is the table of how old is too old, by information point. A point
// without a row is as fresh as it says itself.
type freshness map[string]pip.Freshness

// word makes what each section needs of the tables.
func (t *Tables) word(rows freshness) []error {
	var faults []error
	t.Wordings, t.Freshness = make([]any, len(t.Sections)), make([]pip.Freshness, len(t.Sections))
	known := map[string]bool{}
	for i, s := range t.Sections {
		known[s.Name] = true
		row, there := rows[s.Name]
		if !there {
			row = s.Default
		}
		if row.StaleAfter < 1 || row.UnknownAfter < row.StaleAfter || row.UnknownAfter > MaxSpan {
			faults = append(faults, fmt.Errorf("freshness.%s: expected 1 <= stale_after <= unknown_after, in seconds", s.Name))
		}
		t.Freshness[i] = row
		if s.Wording == nil {
			continue
		}
		wording, err := s.Wording(t)
		if err != nil {
			faults = append(faults, flat(err)...)
		}
		t.Wordings[i] = wording
	}
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		if !known[name] {
			faults = append(faults, fmt.Errorf("freshness.%s: there is no such information point; there are %s", name, strings.Join(t.names(), ", ")))
		}
	}
	return faults
}

// flat takes joined errors apart, so that each keeps the place that it names.
func flat(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, flat(e)...)
		}
		return all
	}
	return []error{err}
}

func (t *Tables) names() []string {
	names := make([]string, len(t.Sections))
	for i := range t.Sections {
		names[i] = t.Sections[i].Name
	}
	return names
}

// Trusted is how far a reading is trusted, and its age: of a source that is no
// information point, not at all.
func (t *Tables) Trusted(point string, r pip.Reading) pip.State {
	for i := range t.Sections {
		if t.Sections[i].Name == point {
			return t.Freshness[i].Of(&r)
		}
	}
	return pip.Unknown
}

// ClaimMembers are the members of the section of claims.
func (t *Tables) ClaimMembers() []pip.Member {
	members := make([]pip.Member, len(t.Claims))
	for i := range t.Claims {
		c := &t.Claims[i]
		words := append(slices.Sorted(maps.Keys(c.Words)), OtherWord)
		members[i] = pip.Member{Name: c.Name, Type: pip.TypeClaim, Words: words}
	}
	return members
}

// once drops what is said again: two readers of one table find the same fault.
func once(faults []error) []error {
	seen := map[string]bool{}
	return slices.DeleteFunc(faults, func(err error) bool {
		again := seen[err.Error()]
		seen[err.Error()] = true
		return again
	})
}

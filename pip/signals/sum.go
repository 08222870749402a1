package signals

import (
	"maps"
	"slices"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// A sum adds tallies to what a store has counted. A patient or an account that
// this process has given to the store already is not counted again; one that
// another process has given may be, for the second until the store is asked.
type sum struct {
	pip.Signals
	given              *given
	accounts, patients map[string]struct{}
	ownExternal        bool // External may be written to
}

// given is what the store knows from this process, by the newest slot.
type given struct{ accounts, patients map[string]time.Time }

func newSum(stored pip.Signals, known *given) *sum {
	if known == nil {
		known = &given{}
	}
	return &sum{Signals: stored, given: known}
}

func (s *sum) add(tallies []*Tally, now time.Time) {
	minute, window := Since(now, Minute), Since(now, Window)
	for _, t := range tallies {
		if !t.Slot.After(window) {
			continue
		}
		if t.Slot.After(minute) {
			s.Requests += t.Requests
		}
		s.counts(&t.Counts)
		s.accounts = include(s.accounts, t.Accounts, s.given.accounts, window)
		s.patients = include(s.patients, t.Patients, s.given.patients, window)
	}
}

func (s *sum) counts(c *Counts) {
	s.Denials += c.Denials
	s.DenialsByKind = plusKinds(s.DenialsByKind, c.DenialsByKind)
	s.Predictions += c.Predictions
	s.OffHours += c.OffHours
	s.FailedLogIns += c.FailedLogIns
	s.SprayedAccounts += c.Nameless
	s.NewDevice = s.NewDevice || c.NewDevice > 0
	s.NewCountry = s.NewCountry || c.NewCountry > 0
	s.ImpossibleTravel = s.ImpossibleTravel || c.ImpossibleTravel > 0
	if len(c.External) > 0 && !s.ownExternal {
		s.External, s.ownExternal = maps.Clone(s.External), true
		if s.External == nil {
			s.External = map[string]int{}
		}
	}
	for kind, n := range c.External {
		s.External[kind] += n
	}
}

func (s *sum) signals() pip.Signals {
	out := s.Signals
	out.SprayedAccounts += len(s.accounts)
	out.Patients += len(s.patients)
	return out
}

// include adds the members that were not given within the window.
func include(set map[string]struct{}, members []string, given map[string]time.Time, window time.Time) map[string]struct{} {
	for _, m := range members {
		if given[m].After(window) {
			continue
		}
		if set == nil {
			set = make(map[string]struct{}, len(members))
		}
		set[m] = struct{}{}
	}
	return set
}

// keep notes what a tally has given.
func (g *given) keep(t *Tally) {
	for _, list := range []struct {
		to      *map[string]time.Time
		members []string
	}{{&g.accounts, t.Accounts}, {&g.patients, t.Patients}} {
		for _, m := range list.members {
			if *list.to == nil {
				*list.to = map[string]time.Time{}
			}
			if t.Slot.After((*list.to)[m]) {
				(*list.to)[m] = t.Slot
			}
		}
	}
}

// forget drops what is no longer in the window, and reports whether nothing is left.
func (g *given) forget(window time.Time) bool {
	old := func(_ string, slot time.Time) bool { return !slot.After(window) }
	maps.DeleteFunc(g.accounts, old)
	maps.DeleteFunc(g.patients, old)
	return len(g.accounts) == 0 && len(g.patients) == 0
}

func plusKinds(a, b pip.DenialKinds) pip.DenialKinds {
	return pip.DenialKinds{
		Right: a.Right + b.Right, Relationship: a.Relationship + b.Relationship,
		Credential: a.Credential + b.Credential, Device: a.Device + b.Device, Other: a.Other + b.Other,
	}
}

// union keeps lists of distinct members in order, so that a member is found
// by search however many there are.
func union(list, more []string) []string {
	for _, m := range more {
		if i, found := slices.BinarySearch(list, m); !found {
			list = slices.Insert(list, i, m)
		}
	}
	return list
}

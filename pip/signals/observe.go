package signals

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// Observe counts one event.
func (s *Source) Observe(o *pip.Observation) {
	switch o.Of {
	case pip.ConductRequest:
		s.request(o)
	case pip.ConductAnswer:
		s.count(subjectOf(o), o.Time, func(t *Tally) { t.Patients = union(t.Patients, shortened(o.Patients)) })
	case pip.ConductLogIn:
		s.logIn(o)
	case pip.ConductReport:
		s.reported(o)
	}
}

func (s *Source) request(o *pip.Observation) {
	who := subjectOf(o)
	if who == (Who{}) {
		who = From(o.Address)
	}
	s.count(who, o.Time, func(t *Tally) {
		if !o.Saw.Elsewhere {
			t.Requests += o.Count
		}
		if !o.Allow && o.Saw.Denial == pip.DenialUndecided {
			return // the outage is not theirs who ask
		}
		if !o.Allow {
			t.Denials += o.Count
			t.DenialsByKind = plusKinds(t.DenialsByKind, o.Saw.Denial.Kinds(o.Count))
			return
		}
		if o.Prediction {
			t.Predictions += o.Count
		}
		if who.Subject != "" && o.Saw.Period == pip.PeriodNight {
			t.OffHours += o.Count
		}
	})
}

// logIn counts a failed log-in for its address, and what was odd about one
// whose factors were proven for its subject, whether or not it was allowed. A
// device that the account knows is trusted about where it is.
func (s *Source) logIn(o *pip.Observation) {
	travelled := o.Saw.Travel == pip.TravelImpossible && o.Saw.Familiar != pip.FamiliarDevice
	if !o.Allow && !travelled {
		s.count(From(o.Address), o.Time, func(t *Tally) {
			t.FailedLogIns++
			if o.Subject == "" {
				t.Nameless++
				return
			}
			t.Accounts = union(t.Accounts, []string{short(o.Subject)})
		})
		return
	}
	s.count(subjectOf(o), o.Time, func(t *Tally) {
		if travelled {
			t.ImpossibleTravel++
		}
		if !o.Allow {
			return
		}
		if o.Saw.Familiar == pip.FamiliarNone {
			t.NewDevice++
		}
		if o.Saw.Country != "" {
			if known := s.habits[t.Subject].Countries; len(known) > 0 && !slices.Contains(known, o.Saw.Country) {
				t.NewCountry++
			}
			t.Countries = union(t.Countries, []string{o.Saw.Country})
		}
	})
}

// reported counts what another system reported, for the account and for the
// address that it named.
func (s *Source) reported(o *pip.Observation) {
	for _, who := range []Who{subjectOf(o), From(o.Address)} {
		s.count(who, o.Time, func(t *Tally) {
			if t.External == nil {
				t.External = map[string]int{}
			}
			t.External[o.Report]++
		})
	}
}

func subjectOf(o *pip.Observation) Who { return Who{Subject: short(o.Subject)} }

// maxID is the longest id that is kept as it is. Ids of a caller's making are
// not, so that none is too long for a store.
const maxID = 64

func short(id string) string {
	if len(id) <= maxID {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

func shortened(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = short(id)
	}
	return out
}

// count changes the tally of the slot. The zero Who has none.
func (s *Source) count(who Who, at time.Time, change func(*Tally)) {
	if who == (Who{}) {
		return
	}
	slot := at.UTC().Truncate(Slot)
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.tally(who, slot))
}

// tally needs s.mu.
func (s *Source) tally(who Who, slot time.Time) *Tally {
	tallies := s.own[who]
	for i := len(tallies) - 1; i >= 0; i-- {
		if tallies[i].Slot.Equal(slot) {
			return tallies[i]
		}
	}
	if s.held >= maxTallies {
		s.makeRoom()
	}
	t := &Tally{Who: who, Slot: slot}
	s.own[who] = append(s.own[who], t)
	s.held++
	return t
}

// makeRoom needs s.mu. A flood from made-up addresses costs the counts of
// addresses, not those of subjects, unless these are too many by themselves.
func (s *Source) makeRoom() {
	for who, tallies := range s.own {
		if who.Address != "" {
			delete(s.own, who)
			s.held -= len(tallies)
		}
	}
	if s.held >= maxTallies {
		clear(s.own)
		s.held = 0
	}
}

package signals

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// Words of journal events that are counted by.
const (
	actionLogIn   = "session.create"
	actionPredict = "model.predict"
	externalVerb  = "signal." // begins the action of an event of another system
	asked         = "asked"   // marks a question that nobody enforces
)

// Observe counts one event of the journal. What was only asked, and what the
// sentinel itself did, is no behaviour.
func (s *Source) Observe(e *pip.Event) {
	switch {
	case e.Detail == asked:
	case e.Kind == pip.KindDecision:
		s.decision(e)
	case e.Kind == pip.KindOutcome && len(e.Patients) > 0:
		s.count(subjectOf(e), e.Time, func(t *Tally) { t.Patients = union(t.Patients, shortened(e.Patients)) })
	case e.Kind == pip.KindSession && e.Action == actionLogIn:
		s.logIn(e)
	case e.Kind == pip.KindSystem && strings.HasPrefix(e.Action, externalVerb):
		s.external(e)
	}
}

// night is how the input document of a decision says that it was asked off
// hours. An id in the document cannot spell it: its quotes are escaped.
var night = []byte(`"period":"night"`)

func (s *Source) decision(e *pip.Event) {
	who := subjectOf(e)
	if who == (Who{}) {
		who = addressOf(e)
	}
	n := max(e.Count, 1)
	s.count(who, e.Time, func(t *Tally) {
		t.Requests += n
		if !e.Allow {
			t.Denials += n
			t.DenialsByKind = plusKinds(t.DenialsByKind, kindOf(e.Reasons, n))
			return
		}
		if e.Action == actionPredict {
			t.Predictions += n
		}
		if who.Subject != "" && bytes.Contains(e.Input, night) {
			t.OffHours += n
		}
	})
}

// kindOf puts n like denials under their gravest reason.
func kindOf(reasons []string, n int) pip.DenialKinds {
	has := func(codes ...string) bool {
		return slices.ContainsFunc(codes, func(code string) bool { return slices.Contains(reasons, code) })
	}
	switch {
	case has("session_missing", "token_expired", "token_invalid", "session_revoked"):
		return pip.DenialKinds{Credential: n}
	case has("device_changed", "device_unknown"):
		return pip.DenialKinds{Device: n}
	case has("role_forbidden"):
		return pip.DenialKinds{Right: n}
	case has("not_your_patient", "not_your_department", "not_your_record"):
		return pip.DenialKinds{Relationship: n}
	default:
		return pip.DenialKinds{Other: n}
	}
}

// seen is what the policy saw of a log-in.
type seen struct {
	Context struct {
		Location struct {
			Country string `json:"country"`
			Travel  string `json:"travel"`
		} `json:"location"`
		LogIn struct {
			Familiar string `json:"familiar"`
		} `json:"log_in"`
	} `json:"context"`
}

// logIn counts a failed log-in for its address, and what was odd about one
// whose factors were proven for its subject, whether or not it was allowed. A
// device that the account knows is believed about where it is.
func (s *Source) logIn(e *pip.Event) {
	var saw seen
	_ = json.Unmarshal(e.Input, &saw) // without an input nothing was seen
	if !e.Allow && !slices.Contains(e.Reasons, "impossible_travel") {
		s.count(addressOf(e), e.Time, func(t *Tally) {
			t.FailedLogIns++
			if e.Subject == "" {
				t.Nameless++
				return
			}
			t.Accounts = union(t.Accounts, []string{short(e.Subject)})
		})
		return
	}
	country := saw.Context.Location.Country
	s.count(subjectOf(e), e.Time, func(t *Tally) {
		if saw.Context.Location.Travel == "impossible" && saw.Context.LogIn.Familiar != "device" {
			t.ImpossibleTravel++
		}
		if !e.Allow {
			return
		}
		if saw.Context.LogIn.Familiar == "none" {
			t.NewDevice++
		}
		if country != "" {
			if known := s.habits[t.Subject].Countries; len(known) > 0 && !slices.Contains(known, country) {
				t.NewCountry++
			}
			t.Countries = union(t.Countries, []string{country})
		}
	})
}

// external counts what another system reported, for the account and for the
// address that it named.
func (s *Source) external(e *pip.Event) {
	kind := strings.TrimPrefix(e.Action, externalVerb)
	for _, who := range []Who{subjectOf(e), addressOf(e)} {
		s.count(who, e.Time, func(t *Tally) {
			if t.External == nil {
				t.External = map[string]int{}
			}
			t.External[kind]++
		})
	}
}

func subjectOf(e *pip.Event) Who { return Who{Subject: short(e.Subject)} }
func addressOf(e *pip.Event) Who {
	if a, err := netip.ParseAddr(e.Address); err == nil {
		return From(a)
	}
	return Who{Address: short(e.Address)}
}

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

// count changes the tally of the slot. Nobody is nobody's count.
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

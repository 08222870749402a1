package revocation

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// Section is what rules see of who is cut off.
func Section() pip.Section {
	s := pip.Measured("revocation", pip.Freshness{StaleAfter: 2, UnknownAfter: 3600},
		pip.WordOf("session", "clear", "revoked"), pip.WordOf("subject", "clear", "banned"),
		pip.WordOf("log_in", "clear", "barred"), pip.WordOf("address", "clear", "barred"),
		pip.WordOf("step_up", "none", "owed"), pip.WordOf("stale_for", "", "short", "long"))
	s.Wording = func(t pip.Tables) (any, error) {
		var w wording
		if err := t.Read("stale_revocation_reads", &w); err != nil {
			return nil, err
		}
		return w, errors.Join(staleFaults(w)...)
	}
	s.Reword = reword
	return s
}

// wording is by role for how many minutes it may read on a stale list.
type wording map[string]int

// Write says what is cut off, and for a role how long that was not renewed.
func Write(r *pip.Revoked, role string, w pip.Words) {
	w.Trust(r.Reading)
	w.Word("session", either(r.Session, "revoked", "clear"))
	w.Word("subject", either(r.Subject, "banned", "clear"))
	w.Word("log_in", either(r.LogIn, "barred", "clear"))
	w.Word("address", either(r.Address, "barred", "clear"))
	w.Word("step_up", either(r.StepUp, "owed", "none"))
	reword(&pip.Situation{Role: role}, w)
}

func reword(s *pip.Situation, w pip.Words) {
	state, age := w.Trusted()
	w.Word("stale_for", w.Wording().(wording).staleFor(state, age, s.Role))
}

func either(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// maxStale is the longest time, in minutes, for which a role may read on a
// stale revocation list.
const maxStale = 60

func staleFaults(rows map[string]int) []error {
	var faults []error
	for _, role := range slices.Sorted(maps.Keys(rows)) {
		if n := rows[role]; role == "" || n < 1 || n > maxStale {
			faults = append(faults, fmt.Errorf("stale_revocation_reads.%s: expected a role, and a whole number of minutes from 1 to %d", role, maxStale))
		}
	}
	return faults
}

// staleFor is "short" while the role's row lets it read on a stale revocation
// list, then "long"; "" while the list is not stale.
func (w wording) staleFor(state pip.State, age time.Duration, role string) string {
	switch {
	case state != pip.Stale:
		return ""
	case age >= 0 && age <= time.Duration(w[role])*time.Minute:
		return "short"
	default:
		return "long"
	}
}

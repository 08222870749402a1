package analysis

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// The ways in which a candidate's answer can differ from the recorded one.
const (
	NewlyAllowed       = "newly_allowed"
	NewlyDenied        = "newly_denied"
	ObligationsChanged = "obligations_changed" // the same decision, to be met by other duties
)

// exampleCount is how many decision ids a flip names.
const exampleCount = 3

// A ReplayReport compares a candidate with what was recorded.
type ReplayReport struct {
	Candidate string   `json:"candidate"` // revision
	Recorded  []string `json:"recorded"`  // the revisions that had decided
	Decisions int      `json:"decisions"` // asked again
	Asked     int      `json:"asked"`     // of them different inputs
	Without   int      `json:"without_input"`
	Same      int      `json:"same"`
	Reworded  int      `json:"reworded"` // denied as before, for other reasons
	Flips     []Flip   `json:"flips"`

	revisions map[string]bool
	flips     map[FlipKey]*Flip
}

// A FlipKey is what flips are grouped by.
type FlipKey struct {
	Direction string `json:"direction" yaml:"direction"`
	Role      string `json:"role" yaml:"role"`
	Action    string `json:"action" yaml:"action"`
	Rule      string `json:"rule" yaml:"rule"` // codes that came (+) and went (-): "+off_hours,-not_your_patient"
}

// A Flip is a group of decisions that the candidate answers otherwise.
type Flip struct {
	FlipKey
	Count    int      `json:"count"`
	Examples []string `json:"examples"` // decision ids
}

func newReplayReport(candidate string) *ReplayReport {
	return &ReplayReport{Candidate: candidate, revisions: map[string]bool{}, flips: map[FlipKey]*Flip{}}
}

// count notes a decision that no policy was asked about.
func (r *ReplayReport) count(e *pip.Event) {
	if e.Kind == pip.KindDecision {
		r.Without++
	}
}

func (r *ReplayReport) compare(e *pip.Event, now *pdp.Decision) {
	r.Decisions++
	r.revisions[e.Revision] = true
	allow, reasons, whole := recorded(e)
	if !whole {
		allow, reasons = now.Allow, now.Reasons
	}
	duties := slices.Sorted(slices.Values(e.Obligations))
	var dutiesNow []string
	for i := range now.Obligations {
		dutiesNow = append(dutiesNow, now.Obligations[i].ID)
	}
	slices.Sort(dutiesNow)
	switch {
	case allow && !now.Allow:
		r.flip(e, NewlyDenied, difference(reasons, now.Reasons))
	case !allow && now.Allow:
		r.flip(e, NewlyAllowed, difference(reasons, now.Reasons))
	case !slices.Equal(duties, dutiesNow):
		r.flip(e, ObligationsChanged, difference(duties, dutiesNow))
	case !slices.Equal(reasons, now.Reasons):
		r.Reworded++
	default:
		r.Same++
	}
}

// difference names what came and what went.
func difference(before, after []string) string {
	var parts []string
	for _, code := range after {
		if !slices.Contains(before, code) {
			parts = append(parts, "+"+code)
		}
	}
	for _, code := range before {
		if !slices.Contains(after, code) {
			parts = append(parts, "-"+code)
		}
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), ",")
}

func (r *ReplayReport) flip(e *pip.Event, direction, rule string) {
	role, action := asked(e)
	key := FlipKey{direction, role, action, rule}
	f := r.flips[key]
	if f == nil {
		f = &Flip{FlipKey: key}
		r.flips[key] = f
	}
	f.Count++
	f.Examples = fewest(append(f.Examples, e.Decision))
}

// asked is who asked for what, as the policy saw it.
func asked(e *pip.Event) (role, action string) {
	var document struct {
		Subject struct {
			Properties struct{ Role string }
		}
		Action struct{ Name string }
	}
	if err := json.Unmarshal(e.Input, &document); err != nil {
		return e.Role, e.Action
	}
	return document.Subject.Properties.Role, document.Action.Name
}

// fewest keeps the first ids in order, so that equal journals give equal reports.
func fewest(ids []string) []string {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return ids[:min(len(ids), exampleCount)]
}

func (r *ReplayReport) merge(other *ReplayReport) {
	r.Decisions += other.Decisions
	r.Asked += other.Asked
	r.Without += other.Without
	r.Same += other.Same
	r.Reworded += other.Reworded
	maps.Copy(r.revisions, other.revisions)
	for key, f := range other.flips {
		if mine := r.flips[key]; mine != nil {
			mine.Count += f.Count
			mine.Examples = fewest(append(mine.Examples, f.Examples...))
			continue
		}
		r.flips[key] = f
	}
	r.Recorded = slices.Sorted(maps.Keys(r.revisions))
	r.Flips = make([]Flip, 0, len(r.flips))
	for _, f := range r.flips {
		r.Flips = append(r.Flips, *f)
	}
	slices.SortFunc(r.Flips, func(a, b Flip) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Direction, b.Direction),
			strings.Compare(a.Role, b.Role), strings.Compare(a.Action, b.Action), strings.Compare(a.Rule, b.Rule))
	})
}

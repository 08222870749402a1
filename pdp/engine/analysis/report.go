package analysis

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pip"
)

// The ways in which a candidate's answer can differ from the recorded one.
const (
	NewlyAllowed       = "newly_allowed"
	NewlyDenied        = "newly_denied"
	ObligationsChanged = "obligations_changed" // the same decision, to be met by other duties
	DeniedOtherwise    = "denied_otherwise"    // denied as before, and told otherwise: other reasons, another status
	RouteChanged       = "route_changed"       // allowed as before, and handled otherwise: by another application, with another body
	VerdictChanged     = "verdict_changed"     // what the sentinel did, it would not do, or otherwise
)

// Directions are all of them.
func Directions() []string {
	return []string{NewlyAllowed, NewlyDenied, ObligationsChanged, DeniedOtherwise, RouteChanged, VerdictChanged}
}

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
	Reworded  int      `json:"reworded"` // denied as before, for other reasons: those among Flips
	Flips     []Flip   `json:"flips"`

	// CouldNotTell is how many decisions stand with words, or properties of duties, that
	// their records do not suffice to make again, by the table that makes them:
	// "obligations" and "reasons" for what older records do not hold of the answer.
	CouldNotTell map[string]int `json:"could_not_tell,omitempty"`

	// Classes counts all flips by class.
	Classes map[answer.Class]int `json:"classes,omitempty"`

	revisions map[string]bool
	flips     map[FlipKey]*Flip
	most      int // groups that are kept apart; 0 for all
}

// A FlipKey is what flips are grouped by.
type FlipKey struct {
	Direction string       `json:"direction" yaml:"direction"`
	Class     answer.Class `json:"class" yaml:"class,omitempty"`
	Role      string       `json:"role" yaml:"role"`
	Action    string       `json:"action" yaml:"action"`
	Rule      string       `json:"rule" yaml:"rule"` // what came (+), went (-) and changed (~): "+off_hours,-not_your_patient"
	// Words are those of the input that the candidate's tables make otherwise:
	// "context.location.place:on_site->off_site".
	Words string `json:"words,omitempty" yaml:"words,omitempty"`
}

// A Flip is a group of decisions that the candidate answers otherwise.
type Flip struct {
	FlipKey
	Count    int      `json:"count"`
	Examples []string `json:"examples"` // decision ids
}

func newReplayReport(candidate string) *ReplayReport {
	return &ReplayReport{Candidate: candidate, revisions: map[string]bool{}, flips: map[FlipKey]*Flip{}, CouldNotTell: map[string]int{}, Classes: map[answer.Class]int{}}
}

// count notes a decision that no policy was asked about, or many of which nothing
// but the number was kept.
func (r *ReplayReport) count(e *pip.Event) {
	if e.Kind == pip.KindDecision {
		r.Without += max(1, e.Count)
	}
}

// compare notes what the candidate answers to a decision. words are those of the
// input that its tables make otherwise; untold are the tables by which some could not
// be made, and beside is what is done otherwise beside the answer.
func (r *ReplayReport) compare(e *pip.Event, now *answer.Whole, words string, untold, beside []string) {
	r.Decisions++
	r.revisions[e.Revision] = true
	was, whole := recorded(e)
	if !whole {
		was.Allow, was.Reasons = now.Allow, now.Reasons
	}
	r.untold(untold)
	if e.Revision != r.Candidate && whole {
		r.untold(unknownOf(e, &was, now))
	}
	d := answer.Compare(&was, now)
	same := d.Class == answer.Equal
	if len(beside) > 0 {
		d.Class, d.Parts = d.Class.Join(answer.Other), slices.Sorted(slices.Values(append(d.Parts, beside...)))
	}
	switch {
	case was.Allow && !now.Allow:
		r.flip(e, NewlyDenied, d, words)
	case !was.Allow && now.Allow:
		r.flip(e, NewlyAllowed, d, words)
	case d.Class == answer.Equal:
		r.Same++
	case !was.Allow && !slices.Equal(was.Reasons, now.Reasons):
		r.Reworded++
		r.flip(e, DeniedOtherwise, d, words)
	case !was.Allow && (d.Told || len(beside) > 0):
		r.flip(e, DeniedOtherwise, d, words)
	case same:
		r.flip(e, RouteChanged, d, words)
	default:
		r.flip(e, ObligationsChanged, d, words)
	}
}

// unknownOf are the parts of a whole answer that an older record does not hold.
func unknownOf(e *pip.Event, was, now *answer.Whole) (untold []string) {
	if was.Bare && len(was.Duties)+len(now.Duties) > 0 {
		untold = append(untold, "obligations")
	}
	if was.Bare && e.Kind == pip.KindDecision && !was.Allow && !now.Allow {
		untold = append(untold, "reasons")
	}
	return untold
}

func (r *ReplayReport) untold(tables []string) {
	for _, table := range tables {
		r.CouldNotTell[table]++
	}
}

func (r *ReplayReport) flip(e *pip.Event, direction string, d answer.Difference, words string) {
	role, action := asked(e)
	r.add(e, FlipKey{direction, d.Class, role, action, strings.Join(d.Parts, ","), words})
}

func (r *ReplayReport) add(e *pip.Event, key FlipKey) {
	r.Classes[key.Class]++
	f := r.flips[key]
	if f == nil {
		if r.most > 0 && len(r.flips) >= r.most {
			return // the class counts it
		}
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
	for table, n := range other.CouldNotTell {
		r.CouldNotTell[table] += n
	}
	for class, n := range other.Classes {
		r.Classes[class] += n
	}
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
			strings.Compare(a.Role, b.Role), strings.Compare(a.Action, b.Action), strings.Compare(a.Rule, b.Rule),
			strings.Compare(a.Words, b.Words), strings.Compare(string(a.Class), string(b.Class)))
	})
}

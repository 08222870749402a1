package prove

import (
	"fmt"
	"slices"
	"time"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// Waivers is the folder of waivers, below that of invariants.
const Waivers = below + "waivers/"

// Waived is an outcome beside the others: the invariant does not hold, and two
// people answer for that until a day.
const Waived Outcome = "waived"

// A Waiver says that an invariant that comes with Wardgate need not hold of a book.
// Package waiver reads and verifies them.
type Waiver struct {
	Kind   string    `json:"-"` // of the invariant
	Name   string    `json:"-"`
	File   string    `json:"file"`
	Line   int       `json:"line"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until"`
	By     []string  `json:"by"`             // ids of the keys that signed
	Void   string    `json:"void,omitempty"` // why it does not count; "" where it does
}

// String is what a reader is told of a waiver that counts.
func (w *Waiver) String() string {
	return fmt.Sprintf("until %s, signed by %s: %s", w.Until.Format(time.DateOnly), some(w.By), w.Reason)
}

func (g Gate) waivers(files rulebook.Files) []Waiver {
	if g.Waivers == nil {
		return nil
	}
	return g.Waivers(files)
}

// waive takes from a report what is waived. A waiver is for an invariant that comes
// with Wardgate, and that is refuted: anything else about an invariant is no risk
// that somebody can take.
func (r *Report) waive(waivers []Waiver) {
	for i := range waivers {
		w := &waivers[i]
		at := slices.IndexFunc(r.Invariants, func(one Result) bool { return one.Base && one.Kind == w.Kind && one.Name == w.Name })
		if at < 0 {
			problem := fmt.Sprintf("no invariant %s %s comes with Wardgate: an own one is changed, and needs no waiver", w.Kind, w.Name)
			if w.Name == "" {
				problem = w.Void
			}
			r.Invariants = append(r.Invariants, Result{Kind: "waiver", Name: w.Name, File: w.File, Line: w.Line, Outcome: Refused, Problem: problem})
			continue
		}
		one := &r.Invariants[at]
		switch {
		case one.Outcome == Refuted && w.Void != "":
			one.Problem = "the waiver " + w.File + " does not count: " + w.Void
		case one.Outcome == Refuted:
			one.Outcome = Waived
		}
		one.Waiver = w
	}
	r.OK = !slices.ContainsFunc(r.Invariants, func(one Result) bool { return one.Outcome != Proved && one.Outcome != Waived })
}

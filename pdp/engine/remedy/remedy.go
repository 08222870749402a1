// Package remedy finds what would have to be otherwise for a rule book to allow: the
// smallest sets of changes that people or time can bring about, out of those that
// the table of remedies permits. It decides nothing: it asks a Judge about
// situations, which is either the decision diagram of the book or the book itself.
package remedy

import (
	"context"
	"errors"
	"slices"

	"github.com/wardgate/wardgate/pdp/engine/tables"
)

// Most is how many changes one remedy may take. More of them are no advice that
// anybody follows, and are only counted.
const Most = 3

// MostSets is how many sets of one size are told.
const MostSets = 12

// Outcome is what became of a search.
type Outcome string

// The outcomes. The zero one is of a search that was never made.
const (
	Changes Outcome = "changes"                 // Sets allow, and nothing smaller does
	TooMany Outcome = "more_than_three_changes" // some set allows, and it is larger than Most
	Nothing Outcome = "nothing"                 // no permitted changes, however many, allow
	Unknown Outcome = "unknown"                 // none of up to Most changes does; of more it was not found out
)

// Advice is what a search found.
type Advice struct {
	Outcome Outcome `json:"outcome"`
	// Proved: every smaller set was looked at, for everything that may turn out.
	// Unproved says why not.
	Proved   bool   `json:"proved"`
	Unproved string `json:"unproved,omitempty"`
	Needed   int    `json:"needed,omitempty"` // so many changes; 0 when that was not found out
	Sets     []Set  `json:"sets"`             // all of that size, when it is at most Most
	More     int    `json:"more,omitempty"`   // further ones, beyond MostSets
}

// A Set is changes that allow together, in an order in which they are possible.
// Where something turns out only afterwards, If says how it has to: one of the
// alternatives, of which each member has to have one of its values.
type Set struct {
	Changes []*tables.Remedy `json:"-"`
	If      [][]Member       `json:"-"`
}

// A Member of the input, and values of which one has to stand there.
type Member struct {
	Path   string
	Values []any
}

// A Judge says how what is open in a situation has to turn out for the book to
// allow. No alternatives say that it never does; one that is empty, that it does
// however it turns out.
type Judge interface {
	Allows(ctx context.Context, s *Situation) (alternatives [][]Member, err error)
}

// A Sieve is a Judge that knows beforehand which changes cannot matter.
type Sieve interface {
	Judge
	// Matter reports which paths the answer can depend on, when each path has one of
	// these values. None for an answer that is always no.
	Matter(document map[string]any, values map[string][]any) (paths map[string]bool, err error)
}

// errBudget says that a search would take too long.
var errBudget = errors.New("so many changes are possible here that not every set of them was looked at")

// A Search looks for the smallest sets.
type Search struct {
	Rows   []tables.Remedy
	Judge  Judge
	Budget int // of situations that are judged
	Exact  bool
}

// Find searches from a situation in which the book denies.
func (s *Search) Find(ctx context.Context, document map[string]any) (*Advice, error) {
	rows, err := s.mattering(document)
	if err != nil {
		return nil, err
	}
	a := &Advice{Outcome: Nothing, Proved: s.Exact, Sets: []Set{}}
	w := &walk{Search: s, ctx: ctx, rows: rows, left: s.Budget}
	level := []chain{{at: &Situation{Document: document}}}
	for size := 1; len(level) > 0; size++ {
		next, found, err := w.step(level)
		switch {
		case errors.Is(err, errBudget):
			return w.exceeded(a, size, document)
		case err != nil:
			return nil, err
		case len(found) > 0 && size > Most:
			a.Outcome, a.Needed = TooMany, size
			return a, nil
		case len(found) > 0:
			a.Outcome, a.Needed = Changes, size
			a.Sets, a.More = found[:min(len(found), MostSets)], max(0, len(found)-MostSets)
			return a, nil
		}
		level = next
	}
	return a, nil
}

// mattering are the rows that can make a difference, alone or with others, in the
// table's order.
func (s *Search) mattering(document map[string]any) ([]*tables.Remedy, error) {
	rows, values := reachable(s.Rows, document)
	sieve, ok := s.Judge.(Sieve)
	if !ok {
		return rows, nil
	}
	matter, err := sieve.Matter(document, values)
	if err != nil {
		return nil, err
	}
	if matter == nil {
		return nil, nil
	}
	keep := map[*tables.Remedy]bool{}
	for grown := true; grown; {
		grown = false
		for _, r := range rows {
			if keep[r] || !slices.ContainsFunc(touched(r), func(p string) bool { return matter[p] }) {
				continue
			}
			keep[r], grown = true, true
			for p := range r.When {
				matter[p] = true // what makes it possible matters too
			}
		}
	}
	return slices.DeleteFunc(rows, func(r *tables.Remedy) bool { return !keep[r] }), nil
}

// exceeded is what can be said when not everything could be looked at.
func (w *walk) exceeded(a *Advice, size int, document map[string]any) (*Advice, error) {
	a.Unproved = errBudget.Error()
	a.Outcome = Unknown
	if size <= Most {
		a.Proved = false
	}
	all := &Situation{Document: document}
	for grown := true; grown; {
		grown = false
		for _, r := range w.rows {
			if next, ok := all.after(r); ok {
				all, grown = next, true
			}
		}
	}
	alternatives, err := w.Judge.Allows(w.ctx, all)
	if err != nil {
		return nil, err
	}
	if len(alternatives) > 0 && size > Most {
		a.Outcome = TooMany
	}
	a.Proved = a.Proved && a.Outcome == TooMany
	return a, nil
}

package remedy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp/engine/tables"
)

// A walk goes through the sets of possible changes, the small ones first.
type walk struct {
	*Search
	ctx  context.Context
	rows []*tables.Remedy
	left int // situations that may still be judged
}

// A chain is a set of changes, by their numbers in order, and the situation after
// them.
type chain struct {
	rows []int
	at   *Situation
}

// step adds one change to every set of a level. found are the sets that allow, in
// the table's order.
func (w *walk) step(level []chain) (next []chain, found []Set, err error) {
	var hits []chain
	sets := map[string]Set{}
	seen := map[string]bool{}
	for _, c := range level {
		for i, r := range w.rows {
			at, ok := c.at.after(r)
			if !ok {
				continue
			}
			one := chain{slices.Sorted(slices.Values(append(slices.Clip(c.rows), i))), at}
			if key := one.key(); seen[key] {
				continue
			} else {
				seen[key] = true
			}
			if w.left--; w.left < 0 {
				return nil, nil, errBudget
			}
			alternatives, err := w.Judge.Allows(w.ctx, at)
			if err != nil {
				return nil, nil, err
			}
			next = append(next, one)
			if len(alternatives) == 0 {
				continue
			}
			set := Set{at.done, conditions(alternatives)}
			if known, again := sets[fmt.Sprint(one.rows)]; !again {
				hits = append(hits, one)
			} else if len(set.If) > 0 && len(known.If) > 0 || len(known.If) == 0 {
				continue
			}
			sets[fmt.Sprint(one.rows)] = set
		}
	}
	slices.SortFunc(hits, func(a, b chain) int { return slices.Compare(a.rows, b.rows) })
	for _, h := range hits {
		found = append(found, sets[fmt.Sprint(h.rows)])
	}
	return next, found, nil
}

// key tells chains apart: one set of changes can need different things to turn
// out, by the order of the changes.
func (c *chain) key() string {
	var b strings.Builder
	fmt.Fprint(&b, c.rows)
	for _, p := range c.at.paths() {
		fmt.Fprint(&b, p, c.at.Open[p].Needed)
	}
	return b.String()
}

// conditions are alternatives, none where one of them asks for nothing.
func conditions(alternatives [][]Member) [][]Member {
	if slices.ContainsFunc(alternatives, func(a []Member) bool { return len(a) == 0 }) {
		return nil
	}
	return alternatives
}

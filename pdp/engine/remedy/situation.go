package remedy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/tables"
)

// A Situation is an input after some changes. Open are the members of which it is
// only known what may turn out; Document has the first of these there.
type Situation struct {
	Document map[string]any
	Open     map[string]Turn
	done     []*tables.Remedy
}

// A Turn is what may stand at a member, and which of it a later change needs.
type Turn struct{ All, Needed []any }

// after is the situation once a change was made. It is not ok when the change is not
// possible then, changes nothing, or undoes another.
func (s *Situation) after(r *tables.Remedy) (next *Situation, ok bool) {
	if slices.Contains(s.done, r) || slices.ContainsFunc(s.done, func(o *tables.Remedy) bool { return !agree(o, r) }) {
		return nil, false
	}
	open := maps.Clone(s.Open)
	if open == nil {
		open = map[string]Turn{}
	}
	for p, words := range r.When {
		if !possible(s.Document, open, p, words) {
			return nil, false
		}
	}
	document, changes := input.Clone(s.Document), false
	for p, v := range r.Set {
		if _, turns := open[p]; turns || input.At(document, p) != v {
			changes = true
		}
		delete(open, p)
		input.Set(document, steps(p), v)
	}
	for p, values := range r.TurnsOut {
		if slices.ContainsFunc(s.done, func(o *tables.Remedy) bool { _, set := o.Set[p]; return set }) {
			continue // another change sees to it
		}
		if t, turns := open[p]; turns {
			values = both(t.Needed, values)
		}
		changes = true
		open[p] = Turn{values, values}
		input.Set(document, steps(p), values[0])
	}
	if !changes {
		return nil, false
	}
	return &Situation{document, open, append(slices.Clip(s.done), r)}, true
}

// possible reports whether one of the words stands at a path, or may turn out
// there, which is then noted as needed.
func possible(document map[string]any, open map[string]Turn, path string, words []string) bool {
	t, turns := open[path]
	if !turns {
		word, _ := input.At(document, path).(string)
		return slices.Contains(words, word)
	}
	needed := slices.DeleteFunc(slices.Clone(t.Needed), func(v any) bool {
		word, _ := v.(string)
		return !slices.Contains(words, word)
	})
	open[path] = Turn{t.All, needed}
	return len(needed) > 0
}

func steps(path string) []string { return strings.Split(path[1:], "/") }

// both are the values in two lists.
func both(a, b []any) []any {
	return slices.DeleteFunc(slices.Clone(a), func(v any) bool { return !contains(b, v) })
}

// agree reports whether two changes never leave two values at one path.
func agree(a, b *tables.Remedy) bool {
	for p := range ends(a) {
		if w := ends(b)[p]; w != nil && len(both(ends(a)[p], w)) == 0 {
			return false
		}
	}
	return true
}

// ends are the values of which one stands at each path after a change.
func ends(r *tables.Remedy) map[string][]any {
	all := make(map[string][]any, len(r.Set)+len(r.TurnsOut))
	maps.Copy(all, r.TurnsOut)
	for p, v := range r.Set {
		all[p] = []any{v}
	}
	return all
}

func touched(r *tables.Remedy) []string { return slices.Collect(maps.Keys(ends(r))) }

// reachable are the changes that could become possible, some after others, and
// everything that could stand at the paths that they touch.
func reachable(rows []tables.Remedy, document map[string]any) (list []*tables.Remedy, values map[string][]any) {
	values = map[string][]any{}
	could := func(path string, words []string) bool {
		there := append([]any{input.At(document, path)}, values[path]...)
		return slices.ContainsFunc(there, func(v any) bool {
			word, _ := v.(string)
			return slices.Contains(words, word)
		})
	}
	in := map[*tables.Remedy]bool{}
	for grown := true; grown; {
		grown = false
		for i := range rows {
			r, now := &rows[i], true
			for p, words := range rows[i].When {
				now = now && could(p, words)
			}
			if !now || in[r] {
				continue
			}
			in[r], grown = true, true
			for p, ends := range ends(r) {
				values[p] = append(values[p], ends...)
			}
		}
	}
	for i := range rows {
		if in[&rows[i]] {
			list = append(list, &rows[i])
		}
	}
	return list, values
}

// paths are the open members, in order.
func (s *Situation) paths() []string { return slices.Sorted(maps.Keys(s.Open)) }

// after is the situation after some changes, in their order.
func after(document map[string]any, changes []*tables.Remedy) (*Situation, error) {
	at := &Situation{Document: document}
	for _, r := range changes {
		next, ok := at.after(r)
		if !ok {
			return nil, fmt.Errorf("%s is not possible there", r.Title)
		}
		at = next
	}
	return at, nil
}

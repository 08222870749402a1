package answer

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// An order says which way a property of an obligation is stricter.
type order uint8

const (
	none    order = iota // the values are not ordered
	more                 // the larger list or number limits more; several add up
	less                 // the smaller one does; several narrow each other
	limited              // a condition on rows; several hold together
)

// orders are those of the properties that the enforcement point puts together of
// several obligations with one id, as its docs/policy-guide.md says. A property that
// stands in no row may change, but in neither direction.
var orders = map[string]map[string]order{
	"withhold":          {"fields": more},
	"mask_response":     {"pointers": more, "pass": less},
	"prediction_budget": {"rows": less, "seconds": more},
	"step_up":           {"max_age": less},
	"bar_log_in":        {"seconds": more},
	"row_condition":     {"condition": limited},
}

// OfDenials are the obligations that befall a requester who is denied: beside a denial
// the others bind no one.
var OfDenials = []string{"alert", "bar_log_in", "revoke_session"}

// properties compares those of all duties with one id. was is nil where there was
// none: then what comes is named beside the id itself.
func (d *Difference) properties(id string, was, now []Duty) {
	before, after := gather(was), gather(now)
	compared := false
	for _, name := range slices.Sorted(maps.Keys(both(before, after))) {
		x, y := before[name], after[name]
		if equalValues(x, y) {
			continue
		}
		compared = true
		d.property(id+"."+name, orders[id][name], x, y)
	}
	if !compared && len(was) > 0 && !sameList(was, now) {
		d.add(Other, "~%s", id) // the same values, put together otherwise
	}
}

func (d *Difference) property(name string, o order, before, after []json.RawMessage) {
	if o == limited {
		x, y := shapes(before), shapes(after)
		d.add(conditionClass(before, after), "~%s:%s->%s", name, x, y)
		return
	}
	if x, y, ok := texts(before, after); ok && o != none {
		came, went := d.lists(name+":", combine(o, x), combine(o, y))
		d.Class = d.Class.Join(direction(o, came, went))
		if !came && !went {
			d.add(Other, "~%s", name)
		}
		return
	}
	if x, y, ok := numbers(before, after); ok {
		c := Other
		if o != none && len(before) > 0 && len(after) > 0 {
			a, b := extreme(o, x), extreme(o, y)
			c = direction(o, b > a, b < a)
		}
		d.add(c, "~%s:%s->%s", name, joined(before), joined(after))
		return
	}
	d.add(Other, "~%s:%s->%s", name, joined(before), joined(after))
}

// direction is the class of a list or number that grew, shrank, or did both.
func direction(o order, grew, shrank bool) Class {
	switch {
	case grew && shrank:
		return Other
	case grew == (o == more) && (grew || shrank):
		return Stricter
	case grew || shrank:
		return Looser
	default:
		return Equal
	}
}

// gather collects the values of each property over several duties.
func gather(duties []Duty) map[string][]json.RawMessage {
	all := map[string][]json.RawMessage{}
	for i := range duties {
		var members map[string]json.RawMessage
		if len(duties[i].Properties) > 0 && json.Unmarshal(duties[i].Properties, &members) != nil {
			members = map[string]json.RawMessage{"": duties[i].Properties} // no object
		}
		for name, v := range members {
			all[name] = append(all[name], v)
		}
	}
	for _, values := range all {
		slices.SortFunc(values, func(x, y json.RawMessage) int { return bytes.Compare(x, y) })
	}
	return all
}

func both(x, y map[string][]json.RawMessage) map[string][]json.RawMessage {
	all := maps.Clone(x)
	maps.Copy(all, y)
	return all
}

func equalValues(x, y []json.RawMessage) bool {
	return slices.EqualFunc(x, y, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) })
}

func sameList(x, y []Duty) bool {
	return slices.EqualFunc(x, y, func(a, b Duty) bool { return bytes.Equal(a.Properties, b.Properties) })
}

// texts reads lists of texts; ok is false when one of the values is none.
func texts(before, after []json.RawMessage) (x, y [][]string, ok bool) {
	x, ok1 := decoded[[]string](before)
	y, ok2 := decoded[[]string](after)
	return x, y, ok1 && ok2
}

func numbers(before, after []json.RawMessage) (x, y []float64, ok bool) {
	x, ok1 := decoded[float64](before)
	y, ok2 := decoded[float64](after)
	return x, y, ok1 && ok2
}

func decoded[T any](values []json.RawMessage) ([]T, bool) {
	list := make([]T, len(values))
	for i, v := range values {
		if json.Unmarshal(v, &list[i]) != nil {
			return nil, false
		}
	}
	return list, true
}

// combine is what several lists amount to: all that stands in one of them, or what
// stands in each.
func combine(o order, lists [][]string) []string {
	var all []string
	for i, list := range lists {
		if o == less && i > 0 {
			all = slices.DeleteFunc(all, func(s string) bool { return !slices.Contains(list, s) })
			continue
		}
		all = append(all, list...)
	}
	return all
}

func extreme(o order, list []float64) float64 {
	if o == less {
		return slices.Min(list)
	}
	return slices.Max(list)
}

func joined(values []json.RawMessage) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = string(v)
	}
	return strings.Join(parts, "+")
}

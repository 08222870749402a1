package answer

import (
	"encoding/json"
	"slices"
	"strings"
)

// ucast is a condition on rows, as an obligation states it.
type ucast struct {
	Type       string
	Operator   string
	Field      string
	Value      string
	Conditions []ucast
}

// shape is a condition without the ids in it: what people can compare.
func (c *ucast) shape() string {
	switch c.Type {
	case "field":
		return c.Field
	case "compound":
		parts := make([]string, len(c.Conditions))
		for i := range c.Conditions {
			parts[i] = c.Conditions[i].shape()
		}
		slices.Sort(parts)
		return "(" + strings.Join(parts, " "+c.Operator+" ") + ")"
	default:
		return c.Type
	}
}

func conditions(values []json.RawMessage) ([]ucast, bool) {
	list, ok := decoded[ucast](values)
	for i := range list {
		ok = ok && list[i].Type != ""
	}
	return list, ok
}

func shapes(values []json.RawMessage) string {
	list, ok := conditions(values)
	if !ok {
		return "?"
	}
	parts := make([]string, len(list))
	for i := range list {
		parts[i] = list[i].shape()
	}
	slices.Sort(parts)
	return strings.Join(parts, "+")
}

// conditionClass orders what lets rows through by what can be seen of it: all and
// none, and alternatives that came or went.
func conditionClass(before, after []json.RawMessage) Class {
	x, ok1 := conditions(before)
	y, ok2 := conditions(after)
	if !ok1 || !ok2 || len(x) != 1 || len(y) != 1 {
		if len(before) == 0 {
			return Stricter
		}
		return Other
	}
	a, b := alternatives(&x[0]), alternatives(&y[0])
	switch wider, narrower := covers(b, a), covers(a, b); {
	case wider && narrower:
		return Other
	case wider:
		return Looser
	case narrower:
		return Stricter
	default:
		return Other
	}
}

// alternatives are conditions of which one is enough; none is no alternative.
func alternatives(c *ucast) []string {
	switch {
	case c.Type == "none":
		return nil
	case c.Type == "compound" && c.Operator == "or":
		var all []string
		for i := range c.Conditions {
			all = append(all, alternatives(&c.Conditions[i])...)
		}
		return all
	default:
		text, _ := json.Marshal(c) // texts and lists of them always encode
		return []string{string(text)}
	}
}

// everyRow is the alternative that lets every row through.
var everyRow = alternatives(&ucast{Type: "all"})[0]

// covers reports whether each row that y lets through, x does too, as far as can be seen.
func covers(x, y []string) bool {
	return slices.Contains(x, everyRow) || !slices.ContainsFunc(y, func(one string) bool { return !slices.Contains(x, one) })
}

package analysis

import (
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/tables"
)

// applies reports whether the remedy can be taken in this situation and would
// change anything of it.
func applies(r *tables.Remedy, document map[string]any) bool {
	for p, words := range r.When {
		word, _ := input.At(document, p).(string)
		if !slices.Contains(words, word) {
			return false
		}
	}
	for p, v := range r.Set {
		if input.At(document, p) != v {
			return true
		}
	}
	return false
}

// agree reports whether two remedies never set one path to two values.
func agree(a, b *tables.Remedy) bool {
	for p, v := range a.Set {
		if w, ok := b.Set[p]; ok && w != v {
			return false
		}
	}
	return true
}

// changed is a copy of input after the remedies.
func changed(document map[string]any, remedies []*tables.Remedy) map[string]any {
	out := input.Clone(document)
	for _, r := range remedies {
		for p, v := range r.Set {
			input.Set(out, strings.Split(p[1:], "/"), v)
		}
	}
	return out
}

package diff

import (
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp/engine/answer"
)

// effectOf is what becomes of inputs that both books allow.
func effectOf(r *region) string {
	gained, lost := false, false
	note := func(name string, isGain bool) {
		switch kind, _, _ := strings.Cut(name, " "); kind {
		case "obligation":
			gained, lost = gained || isGain, lost || !isGain
		case "reached":
			gained, lost = gained || !isGain, lost || isGain
		}
	}
	for _, name := range r.gained {
		note(name, true)
	}
	for _, name := range r.lost {
		note(name, false)
	}
	for _, name := range r.some {
		note(name[1:], name[0] == '+')
	}
	switch {
	case gained && lost:
		return DutiesChanged
	case gained:
		return DutiesGained
	case lost:
		return DutiesLost
	}
	return GroundsChanged
}

// changeOf is how the books compare in a region. Where one of them denies, of the duties
// those count that befall who is denied.
func changeOf(effect string, r *region) string {
	change := Equal
	switch effect {
	case NewlyAllowed:
		change = Looser
	case DutiesLost:
		return Looser
	case NewlyDenied:
		change = Stricter
	case DutiesGained:
		return Stricter
	case DutiesChanged, VerdictsChanged:
		return Incomparable
	case DeniedOtherwise:
	default:
		return Equal
	}
	for _, name := range r.gained {
		change = joinedBy(change, ofDenials(name), Stricter)
	}
	for _, name := range r.lost {
		change = joinedBy(change, ofDenials(name), Looser)
	}
	for _, signed := range r.some {
		way := Looser
		if signed[0] == '+' {
			way = Stricter
		}
		change = joinedBy(change, ofDenials(signed[1:]), way)
	}
	return change
}

// joinedBy is what two movements come to, where the second counts.
func joinedBy(change string, counts bool, way string) string {
	switch {
	case !counts, change == way:
		return change
	case change == Equal:
		return way
	}
	return Incomparable
}

// ofDenials reports whether a root is a duty that befalls who is denied, or a property of one.
func ofDenials(root string) bool {
	parts := strings.SplitN(root, " ", 3)
	return len(parts) > 1 && parts[0] == "obligation" && slices.Contains(answer.OfDenials, parts[1])
}

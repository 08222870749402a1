package model

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Feature is one input of a model.
type Feature struct {
	Name string `json:"name"`
	Unit string `json:"unit,omitempty"`

	// Levels are the codes of a categorical feature; a number that is none of
	// them means nothing. A numeric feature has none.
	Levels []float64 `json:"levels,omitempty"`

	// Possible bounds what the measurement can be at all. A value outside it
	// is refused: it is a slip or a wrong unit, never a patient.
	Possible Range `json:"possible,omitzero"`

	// Seen is the range of the training rows. A value well outside it is
	// answered, and marked as out of distribution.
	Seen Range `json:"seen"`
}

// A Range includes both of its ends.
type Range struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

func (r Range) contains(v float64) bool { return v >= r.Low && v <= r.High }

func (r Range) widened(share float64) Range {
	margin := share * (r.High - r.Low)
	return Range{Low: r.Low - margin, High: r.High + margin}
}

func (r Range) valid() bool { return finite(r.Low) && finite(r.High) && r.Low <= r.High }

// Categorical reports whether the feature is a code and not a measurement.
func (f Feature) Categorical() bool { return len(f.Levels) > 0 }

// Accepts reports whether v can be a value of the feature at all.
func (f Feature) Accepts(v float64) bool {
	if f.Categorical() {
		return slices.Contains(f.Levels, v)
	}
	return f.Possible.contains(v)
}

// Expected says in words what Accepts accepts.
func (f Feature) Expected() string {
	if f.Categorical() {
		codes := make([]string, len(f.Levels))
		for i, l := range f.Levels {
			codes[i] = number(l)
		}
		return "expected one of the codes " + strings.Join(codes, ", ")
	}
	text := fmt.Sprintf("expected a number from %s to %s", number(f.Possible.Low), number(f.Possible.High))
	if f.Unit != "" {
		text += " (" + f.Unit + ")"
	}
	return text
}

// A ValueError says that an input cannot be a value of its feature. It never
// holds the value.
type ValueError struct {
	Feature  string
	Expected string
}

func (e *ValueError) Error() string { return e.Feature + ": " + e.Expected }

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

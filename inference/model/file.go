package model

import (
	"encoding/json"
	"fmt"
	"regexp"
)

const (
	fileFormat   = "wardgate-model/1"
	kindLogistic = "logistic"
	kindRidge    = "ridge"
)

// file is the JSON form of a model. It is data alone: nothing in it is run.
type file struct {
	Format       string    `json:"format"`
	Name         string    `json:"name"`
	Version      string    `json:"version"`
	Kind         string    `json:"kind"`
	Target       string    `json:"target"`
	Unit         string    `json:"unit,omitempty"`
	Classes      []string  `json:"classes,omitempty"` // the negative class, the positive class
	Features     []Feature `json:"features"`
	Columns      []column  `json:"columns"`
	Intercept    float64   `json:"intercept"`
	Coefficients []float64 `json:"coefficients"` // of the standardised columns
	Trust        trust     `json:"trust"`
	Training     training  `json:"training"`
	HeldOut      HeldOut   `json:"held_out"`
}

// A column is one column of the design matrix: a numeric feature itself, or
// whether a categorical feature has one level. A feature's first level has no
// column: it is the one that the others are compared with.
type column struct {
	Feature int      `json:"feature"`
	Level   *float64 `json:"level,omitempty"`
	Mean    float64  `json:"mean"`
	SD      float64  `json:"sd"`
}

func (c column) value(row []float64) float64 {
	switch {
	case c.Level == nil:
		return row[c.Feature]
	case row[c.Feature] == *c.Level:
		return 1
	default:
		return 0
	}
}

// trust holds the thresholds by which a prediction is judged.
type trust struct {
	FragileBelow   float64     `json:"fragile_below"`   // robustness, in training standard deviations
	MaterialChange float64     `json:"material_change"` // of a predicted number, in its unit; 0 for a class
	RangeMargin    float64     `json:"range_margin"`    // share of the seen range
	DistanceLimit  float64     `json:"distance_limit"`  // Mahalanobis
	Covariance     [][]float64 `json:"covariance"`      // of the standardised columns
	Interval       *interval   `json:"interval,omitempty"`
}

// An interval reaches from Below under the prediction to Above over it.
type interval struct {
	Level float64 `json:"level"`
	Below float64 `json:"below"`
	Above float64 `json:"above"`
}

// training says what the model was trained from.
type training struct {
	Data     string  `json:"data"`
	SHA256   string  `json:"sha256"`
	Rows     int     `json:"rows"`
	Excluded int     `json:"excluded"` // rows left out because a cell was empty
	L2       float64 `json:"l2"`
}

// HeldOut is the account of repeated random splits: a model was trained on one
// part and measured on the other.
type HeldOut struct {
	Splits    int      `json:"splits"`
	Seed      uint64   `json:"seed"`
	TestShare float64  `json:"test_share"`
	Figures   []Figure `json:"figures"`
}

// A Figure is one measure over all splits: its mean, and the range that holds
// the middle 95 % of the splits.
type Figure struct {
	Name string  `json:"name"`
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Figure returns the named figure, or false.
func (h HeldOut) Figure(name string) (Figure, bool) {
	for _, f := range h.Figures {
		if f.Name == name {
			return f, true
		}
	}
	return Figure{}, false
}

// encode writes the file so that a person can read it and a diff of it: every
// list of numbers on one line.
func (f *file) encode() ([]byte, error) {
	raw, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode model %s: %w", f.Name, err)
	}
	lists := regexp.MustCompile(`\[\s+[-+0-9.eE,\s]+\]|\{\s+"low": [-+0-9.eE]+,\s+"high": [-+0-9.eE]+\s+\}`)
	space := regexp.MustCompile(`\s+`)
	raw = lists.ReplaceAllFunc(raw, func(b []byte) []byte { return space.ReplaceAll(b, nil) })
	return append(raw, '\n'), nil
}

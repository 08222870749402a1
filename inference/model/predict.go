package model

import (
	"fmt"
	"math"
)

// A Prediction is a model's answer for one row.
type Prediction struct {
	Label       string      // the class; empty when a number is predicted
	Value       float64     // the number; zero when a class is predicted
	Probability float64     // of the positive class; zero when a number is predicted
	Interval    *[2]float64 // holds the true number nine times in ten; nil for a class

	// Robustness is the smallest change, in standard deviations of the
	// training rows and made to all numeric inputs at once in the worst
	// direction, that changes the answer: that flips the class, or moves the
	// number by the model's material change. For a linear model it is exact.
	// Codes are held fixed.
	Robustness float64

	// Fragile is set when Robustness is below 0.1: less than an ordinary
	// error of measurement would change the answer.
	Fragile bool

	// OutOfDistribution is set when the row is unlike the training rows: one
	// value lies well outside their range, or their combination is farther
	// from their mean than all but one in a hundred of them.
	OutOfDistribution bool

	// Warnings are sentences, each begun by a stable code and a colon. They
	// name features and never values.
	Warnings []string
}

// Predict answers one row of features, in the order of Features. It returns a
// *ValueError for a value that its feature cannot have.
func (m *Model) Predict(row []float64) (Prediction, error) {
	if len(m.factor) == 0 {
		return Prediction{}, fmt.Errorf("predict: the model was neither trained nor loaded")
	}
	f := &m.file
	if len(row) != len(f.Features) {
		return Prediction{}, fmt.Errorf("predict: %d values for %d features", len(row), len(f.Features))
	}
	for i, v := range row {
		if !f.Features[i].Accepts(v) {
			return Prediction{}, &ValueError{Feature: f.Features[i].Name, Expected: f.Features[i].Expected()}
		}
	}
	z := f.standardise(row)
	score := f.score(z)
	p := Prediction{Warnings: []string{}}
	if m.Classifies() {
		p.Probability = sigmoid(score)
		p.Label = f.Classes[0]
		// Exactly between the classes the graver one is answered.
		if score >= 0 {
			p.Label = f.Classes[1]
		}
		p.Robustness = math.Abs(score) / f.sensitivity()
	} else {
		p.Value = score
		p.Interval = &[2]float64{score - f.Trust.Interval.Below, score + f.Trust.Interval.Above}
		p.Robustness = f.Trust.MaterialChange / f.sensitivity()
	}
	p.Fragile = p.Robustness < f.Trust.FragileBelow
	m.judge(&p, row, z)
	return p, nil
}

// sensitivity is the largest change of the score when every numeric column
// moves by one standard deviation.
func (f *file) sensitivity() float64 {
	var sum float64
	for i, c := range f.Columns {
		if c.Level == nil {
			sum += math.Abs(f.Coefficients[i])
		}
	}
	return sum
}

// judge marks what should lower the reader's trust, and says why.
func (m *Model) judge(p *Prediction, row, z []float64) {
	t := m.file.Trust
	for i, f := range m.file.Features {
		if !f.Categorical() && !f.Seen.widened(t.RangeMargin).contains(row[i]) {
			p.OutOfDistribution = true
			p.Warnings = append(p.Warnings, "outside_training_range: "+f.Name+
				" lies outside the range of the data that the model was trained on")
		}
	}
	if !(distance(m.factor, z) <= t.DistanceLimit) {
		p.OutOfDistribution = true
		p.Warnings = append(p.Warnings, "unusual_combination: the values together are unlike the data that the model was trained on")
	}
	if p.Fragile {
		p.Warnings = append(p.Warnings, "fragile: a change within the error of measurement would change the answer")
	}
	if r2, ok := m.file.HeldOut.Figure("r2"); ok && r2.Mean < weakR2 {
		p.Warnings = append(p.Warnings, "weak_model: on held-out data this model was hardly better than always answering the mean")
	}
}

// weakR2 is the share of explained variance under which a model's every
// answer carries a warning.
const weakR2 = 0.1

// Package model trains, verifies and evaluates the two linear prediction
// models. It knows nothing of HTTP, of users or of patients: a row of numbers
// goes in, a prediction with an account of how far it can be trusted comes out.
//
// A Model exists only after its file was verified against a manifest, or was
// trained in this process. It never changes afterwards and may be used by any
// number of goroutines.
package model

import (
	"errors"
	"math"
	"slices"
)

// The names of the models that Wardgate trains and serves.
const (
	BreastCancer  = "breast-cancer"
	BloodPressure = "blood-pressure"
)

// A Model is a verified, ready linear model. The zero Model predicts nothing.
type Model struct {
	file   file
	sha256 string
	factor [][]float64 // lower Cholesky factor of the columns' covariance
}

// Name is the model's name, as it stands in addresses.
func (m *Model) Name() string { return m.file.Name }

// Version is the model's version, as its trainer gave it.
func (m *Model) Version() string { return m.file.Version }

// SHA256 is the lower-case hexadecimal digest of the model's file.
func (m *Model) SHA256() string { return m.sha256 }

// Classifies reports whether the model answers a class with a probability;
// otherwise it answers a number with an interval.
func (m *Model) Classifies() bool { return m.file.Kind == kindLogistic }

// Unit of a predicted number ("mmHg"), empty for a class.
func (m *Model) Unit() string { return m.file.Unit }

// Features are the inputs in the order that Predict takes them.
func (m *Model) Features() []Feature {
	out := make([]Feature, len(m.file.Features))
	for i, f := range m.file.Features {
		f.Levels = slices.Clone(f.Levels)
		out[i] = f
	}
	return out
}

// HeldOut is what was measured on rows that the training did not see.
func (m *Model) HeldOut() HeldOut {
	h := m.file.HeldOut
	h.Figures = slices.Clone(h.Figures)
	return h
}

// Encode returns the model's file.
func (m *Model) Encode() ([]byte, error) {
	if len(m.factor) == 0 {
		return nil, errors.New("encode model: it was neither trained nor loaded")
	}
	return m.file.encode()
}

// standardise turns one row of inputs into the model's standardised columns.
func (f *file) standardise(row []float64) []float64 {
	z := make([]float64, len(f.Columns))
	for i, c := range f.Columns {
		z[i] = (c.value(row) - c.Mean) / c.SD
	}
	return z
}

// score is the linear predictor: the logit, or the predicted number.
func (f *file) score(z []float64) float64 {
	s := f.Intercept
	for i, w := range f.Coefficients {
		s += w * z[i]
	}
	return s
}

// distance is the Mahalanobis distance of standardised columns from the mean
// of the training rows.
func distance(factor [][]float64, z []float64) float64 {
	solved := make([]float64, len(z))
	var sum float64
	for i, row := range factor {
		v := z[i]
		for j := range i {
			v -= row[j] * solved[j]
		}
		v /= row[i]
		solved[i] = v
		sum += v * v
	}
	return math.Sqrt(sum)
}

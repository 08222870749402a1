package model

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
)

// Bounds within which no arithmetic on accepted inputs overflows.
const (
	smallestSD   = 1e-12
	largestValue = 1e12
)

// check finds everything that would make a decoded file lie or fail later.
func (f *file) check() error {
	if f.Format != fileFormat {
		return fmt.Errorf("format: expected %s", fileFormat)
	}
	if !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(f.Name) {
		return errors.New("name: expected lower-case words joined by hyphens")
	}
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`).MatchString(f.Version) {
		return errors.New("version: expected letters, digits, dots and hyphens")
	}
	return errors.Join(f.checkKind(), f.checkFeatures(), f.checkColumns(), f.checkTrust(),
		f.checkTraining(), f.checkHeldOut(), f.checkRecipe())
}

func (f *file) checkKind() error {
	switch f.Kind {
	case kindLogistic:
		if len(f.Classes) != 2 || f.Classes[0] == f.Classes[1] || f.Classes[0] == "" || f.Classes[1] == "" {
			return errors.New("classes: expected two different names")
		}
		if f.Trust.Interval != nil || f.Trust.MaterialChange != 0 {
			return errors.New("trust: a class has no interval and no material change")
		}
	case kindRidge:
		if len(f.Classes) != 0 {
			return errors.New("classes: a number has none")
		}
		i := f.Trust.Interval
		if i == nil || !(i.Level > 0 && i.Level < 1) || !bounded(i.Below, 0) || !bounded(i.Above, 0) {
			return errors.New("trust.interval: expected a level and two distances")
		}
		if !bounded(f.Trust.MaterialChange, 0) || f.Trust.MaterialChange == 0 {
			return errors.New("trust.material_change: expected a positive number")
		}
	default:
		return errors.New("kind: expected logistic or ridge")
	}
	return nil
}

func (f *file) checkFeatures() error {
	names := map[string]bool{}
	for _, v := range f.Features {
		if v.Name == "" || names[v.Name] {
			return fmt.Errorf("feature %q: expected a name of its own", v.Name)
		}
		names[v.Name] = true
		if !v.Seen.valid() || !v.Possible.valid() || v.Possible.Low < -largestValue || v.Possible.High > largestValue {
			return fmt.Errorf("feature %q: its ranges are not ranges", v.Name)
		}
		if v.Categorical() && (len(v.Levels) < 2 || !slices.IsSorted(v.Levels) ||
			len(slices.Compact(slices.Clone(v.Levels))) != len(v.Levels)) {
			return fmt.Errorf("feature %q: expected two or more ascending levels", v.Name)
		}
	}
	if len(f.Features) == 0 {
		return errors.New("features: there are none")
	}
	return nil
}

// checkColumns holds the columns to those that the features give rise to.
func (f *file) checkColumns() error {
	want := designColumns(f.Features)
	if len(f.Columns) != len(want) || len(f.Coefficients) != len(want) {
		return fmt.Errorf("columns and coefficients: expected %d of each", len(want))
	}
	for i, c := range f.Columns {
		same := (c.Level == nil) == (want[i].Level == nil) && (c.Level == nil || *c.Level == *want[i].Level)
		if c.Feature != want[i].Feature || !same {
			return fmt.Errorf("column %d: it is not the one that the features call for", i)
		}
		if !bounded(c.SD, smallestSD) || !bounded(c.Mean, -largestValue) || !bounded(f.Coefficients[i], -largestValue) {
			return fmt.Errorf("column %d: a number is out of bounds", i)
		}
	}
	if !bounded(f.Intercept, -largestValue) {
		return errors.New("intercept: out of bounds")
	}
	if f.sensitivity() == 0 {
		return errors.New("coefficients: the model does not depend on its inputs")
	}
	return nil
}

func (f *file) checkTrust() error {
	t := f.Trust
	for _, v := range []float64{t.FragileBelow, t.RangeMargin, t.DistanceLimit} {
		if !bounded(v, 0) || v == 0 {
			return errors.New("trust: expected positive thresholds")
		}
	}
	if len(t.Covariance) != len(f.Columns) {
		return fmt.Errorf("trust.covariance: expected %d rows", len(f.Columns))
	}
	for i, row := range t.Covariance {
		if len(row) != len(f.Columns) {
			return fmt.Errorf("trust.covariance: row %d: expected %d numbers", i, len(f.Columns))
		}
	}
	for i, row := range t.Covariance {
		for j, v := range row {
			if !bounded(v, -largestValue) || v != t.Covariance[j][i] {
				return errors.New("trust.covariance: expected a finite, symmetric matrix")
			}
		}
	}
	return nil
}

func (f *file) checkTraining() error {
	digest, err := hex.DecodeString(f.Training.SHA256)
	if err != nil || len(digest) != 32 || f.Training.Data == "" {
		return errors.New("training: expected the data's name and SHA-256")
	}
	if f.Training.Rows <= 0 || f.Training.Excluded < 0 || !bounded(f.Training.L2, 0) {
		return errors.New("training: a number is out of bounds")
	}
	return nil
}

func (f *file) checkHeldOut() error {
	if f.HeldOut.Splits <= 0 || !(f.HeldOut.TestShare > 0 && f.HeldOut.TestShare < 1) || len(f.HeldOut.Figures) == 0 {
		return errors.New("held_out: a model that was not measured is not served")
	}
	for _, v := range f.HeldOut.Figures {
		if v.Name == "" || !(v.Low <= v.High) || !finite(v.Mean) {
			return errors.New("held_out: a figure is not one")
		}
	}
	return nil
}

// checkRecipe holds a model that bears a known name to that name's inputs and
// answers, which callers rely on.
func (f *file) checkRecipe() error {
	r, err := recipeFor(f.Name)
	if err != nil {
		// Another name makes no promise about its inputs.
		return nil
	}
	same := slices.EqualFunc(f.Features, r.features, func(a, b Feature) bool {
		return a.Name == b.Name && slices.Equal(a.Levels, b.Levels)
	})
	if !same || f.Kind != r.kind || f.Unit != r.unit || f.Target != r.target || !slices.Equal(f.Classes, r.classes) {
		return fmt.Errorf("the model is called %s and does not take its inputs or give its answers", f.Name)
	}
	return nil
}

func bounded(v, low float64) bool {
	return finite(v) && v >= low && math.Abs(v) <= largestValue
}

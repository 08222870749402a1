package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A recipe is what is decided before any row is seen.
type recipe struct {
	name, kind, target, unit string
	classes                  []string // the negative, the positive
	features                 []Feature
	l2                       float64
	materialChange           float64
	layout                   func(header []string, rows int) (layout, error)
}

func recipeFor(name string) (recipe, error) {
	switch name {
	case BreastCancer:
		return breastCancer(), nil
	case BloodPressure:
		return bloodPressure(), nil
	default:
		return recipe{}, fmt.Errorf("no model is called %q: there are %s and %s", name, BreastCancer, BloodPressure)
	}
}

// breastCancer classifies a fine-needle aspirate. The positive class is
// malignant, whatever number the data file gives it.
func breastCancer() recipe {
	r := recipe{
		name: BreastCancer, kind: kindLogistic, target: "malignant",
		classes: []string{"benign", "malignant"}, l2: 1,
	}
	measures := []string{"radius", "texture", "perimeter", "area", "smoothness", "compactness",
		"concavity", "concave_points", "symmetry", "fractal_dimension"}
	for _, form := range []string{"mean_%s", "%s_error", "worst_%s"} {
		for _, m := range measures {
			// The units of the images are not documented, so that only signs
			// and sheer magnitude can be called impossible.
			r.features = append(r.features, Feature{
				Name: fmt.Sprintf(form, m), Possible: Range{Low: 0, High: 1e6},
			})
		}
	}
	r.layout = r.classLayout
	return r
}

// classLayout reads a header of the form "rows,features,class 0,class 1". The
// class names decide which code is positive: a table whose classes are named
// the other way round trains the same model.
func (r recipe) classLayout(header []string, rows int) (layout, error) {
	features := len(r.features)
	if len(header) != 4 || header[0] != strconv.Itoa(rows) || header[1] != strconv.Itoa(features) {
		return layout{}, fmt.Errorf("expected %d rows of %d features and two class names", rows, features)
	}
	named := slices.Sorted(slices.Values(header[2:]))
	if !slices.Equal(named, slices.Sorted(slices.Values(r.classes))) {
		return layout{}, fmt.Errorf("expected the classes %s", strings.Join(r.classes, " and "))
	}
	l := layout{width: features + 1, target: features}
	l.positive = float64(slices.Index(header[2:], r.classes[1]))
	for i := range r.features {
		l.features = append(l.features, i)
	}
	return l, nil
}

// bloodPressure predicts the resting systolic pressure from everything in the
// Cleveland table but the diagnosis, which is not known at the bedside.
func bloodPressure() recipe {
	r := recipe{
		name: BloodPressure, kind: kindRidge, target: "trestbps", unit: "mmHg",
		l2: 100, materialChange: 5,
		features: []Feature{
			{Name: "age", Unit: "years", Possible: Range{0, 130}},
			{Name: "sex", Levels: []float64{0, 1}},
			{Name: "cp", Levels: []float64{1, 2, 3, 4}},
			{Name: "chol", Unit: "mg/dl", Possible: Range{0, 2000}},
			{Name: "fbs", Levels: []float64{0, 1}},
			{Name: "restecg", Levels: []float64{0, 1, 2}},
			{Name: "thalach", Unit: "beats per minute", Possible: Range{0, 350}},
			{Name: "exang", Levels: []float64{0, 1}},
			{Name: "oldpeak", Unit: "mm of ST depression", Possible: Range{-10, 20}},
			{Name: "slope", Levels: []float64{1, 2, 3}},
			{Name: "ca", Levels: []float64{0, 1, 2, 3}},
			{Name: "thal", Levels: []float64{3, 6, 7}},
		},
	}
	r.layout = r.namedLayout
	return r
}

// namedLayout finds columns by their names; other columns are not used.
func (r recipe) namedLayout(header []string, _ int) (layout, error) {
	l := layout{width: len(header), target: slices.Index(header, r.target)}
	if l.target < 0 {
		return layout{}, fmt.Errorf("column %s is missing", r.target)
	}
	for _, f := range r.features {
		at := slices.Index(header, f.Name)
		if at < 0 {
			return layout{}, fmt.Errorf("column %s is missing", f.Name)
		}
		l.features = append(l.features, at)
	}
	return l, nil
}

package model_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wardgate/wardgate/inference/model"
)

func predict(t testing.TB, m *model.Model, row []float64) model.Prediction {
	t.Helper()
	p, err := m.Predict(row)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// In the data file 0 is malignant. Its first row is a malignant one.
func TestMalignantMeansMalignant(t *testing.T) {
	m := builtin(t, model.BreastCancer)
	rows := table(t, model.BreastCancer)
	first, _ := rows.Row(0)
	if first[0] != 17.99 || first[1] != 10.38 {
		t.Fatalf("the table does not begin with the known malignant row")
	}
	if p := predict(t, m, first); p.Label != "malignant" || p.Probability < 0.99 {
		t.Errorf("known malignant row: got %s with %v", p.Label, p.Probability)
	}
	var sums, counts [2]float64
	for i := range rows.Len() {
		row, class := rows.Row(i)
		p := predict(t, m, row)
		sums[int(class)] += p.Probability
		counts[int(class)]++
		if (p.Label == "malignant") != (p.Probability >= 0.5) {
			t.Errorf("row %d: label %s with probability %v", i, p.Label, p.Probability)
		}
	}
	if counts != [2]float64{357, 212} {
		t.Errorf("got %v benign and malignant rows, want 357 and 212", counts)
	}
	if benign, malignant := sums[0]/counts[0], sums[1]/counts[1]; benign > 0.06 || malignant < 0.92 {
		t.Errorf("mean probability of malignant: benign rows %v, malignant rows %v", benign, malignant)
	}
}

// The whole of the robustness is tried out: a change a little smaller flips no
// class, in the worst direction either, and a little larger one does.
func TestRobustnessIsExact(t *testing.T) {
	m := builtin(t, model.BreastCancer)
	rows := table(t, model.BreastCancer)
	sd := deviations(rows, len(m.Features()))
	worst := worstDirection(t, m, rows, sd)
	for i := range rows.Len() {
		row, _ := rows.Row(i)
		p := predict(t, m, row)
		towards := 1.0
		if p.Label == "malignant" {
			towards = -1
		}
		moved := func(by float64) model.Prediction {
			out := slices.Clone(row)
			for j := range out {
				out[j] += towards * worst[j] * by * sd[j]
				if out[j] < 0 {
					return model.Prediction{Label: "impossible"}
				}
			}
			return predict(t, m, out)
		}
		if got := moved(0.999 * p.Robustness); got.Label != p.Label && got.Label != "impossible" {
			t.Errorf("row %d: a change below the robustness %v flipped it", i, p.Robustness)
		}
		if got := moved(1.001 * p.Robustness); got.Label == p.Label {
			t.Errorf("row %d: a change above the robustness %v did not flip it", i, p.Robustness)
		}
		if p.Fragile != (p.Robustness < 0.1) {
			t.Errorf("row %d: fragile is %v at robustness %v", i, p.Fragile, p.Robustness)
		}
	}
}

func deviations(rows *model.Table, features int) []float64 {
	out := make([]float64, features)
	n := float64(rows.Len())
	for j := range out {
		var sum, squares float64
		for i := range rows.Len() {
			row, _ := rows.Row(i)
			sum += row[j]
			squares += row[j] * row[j]
		}
		out[j] = math.Sqrt(squares/n - sum/n*sum/n)
	}
	return out
}

// worstDirection finds by trial which way each feature moves the probability.
func worstDirection(t *testing.T, m *model.Model, rows *model.Table, sd []float64) []float64 {
	t.Helper()
	row, _ := rows.Row(20)
	before := predict(t, m, row).Probability
	out := make([]float64, len(sd))
	for j := range out {
		moved := slices.Clone(row)
		moved[j] += 0.01 * sd[j]
		out[j] = 1
		if predict(t, m, moved).Probability < before {
			out[j] = -1
		}
	}
	return out
}

func TestBloodPressure(t *testing.T) {
	m := builtin(t, model.BloodPressure)
	rows := table(t, model.BloodPressure)
	for i := range rows.Len() {
		row, _ := rows.Row(i)
		p := predict(t, m, row)
		if p.Interval == nil || !(p.Interval[0] < p.Value && p.Value < p.Interval[1]) {
			t.Fatalf("row %d: %v is not inside its interval", i, p.Value)
		}
		if p.Value < 100 || p.Value > 180 {
			t.Errorf("row %d: %v mmHg", i, p.Value)
		}
		if !(p.Robustness > 0) || p.Label != "" || p.Probability != 0 {
			t.Errorf("row %d: got %+v", i, p)
		}
		if !warns(p, "weak_model:") {
			t.Errorf("row %d: the answer hides that the model is weak", i)
		}
	}
}

func warns(p model.Prediction, code string) bool {
	return slices.ContainsFunc(p.Warnings, func(w string) bool { return strings.HasPrefix(w, code) })
}

func TestOutOfDistribution(t *testing.T) {
	cancer, pressure := table(t, model.BreastCancer), table(t, model.BloodPressure)
	aspirate, _ := cancer.Row(30)
	patient, _ := pressure.Row(0)
	set := func(row []float64, at int, v float64) []float64 {
		out := slices.Clone(row)
		out[at] = v
		return out
	}
	tests := []struct {
		name, model string
		row         []float64
		want        bool
		code        string
	}{
		{"ordinary aspirate", model.BreastCancer, aspirate, false, ""},
		{"ordinary patient", model.BloodPressure, patient, false, ""},
		{"radius a hundred times too large", model.BreastCancer, set(aspirate, 0, 1799), true, "outside_training_range: mean_radius"},
		{"largest accepted radius", model.BreastCancer, set(aspirate, 0, 1e6), true, "outside_training_range: mean_radius"},
		{"nothing measured", model.BreastCancer, make([]float64, 30), true, "outside_training_range: mean_radius"},
		{"small radius with a large area", model.BreastCancer, set(aspirate, 0, 7), true, "unusual_combination:"},
		{"age beyond the data", model.BloodPressure, set(patient, 0, 100), true, "outside_training_range: age"},
		{"age just beyond the data", model.BloodPressure, set(patient, 0, 78), false, ""},
		{"cholesterol beyond the data", model.BloodPressure, set(patient, 3, 1900), true, "outside_training_range: chol"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := predict(t, builtin(t, tt.model), tt.row)
			if got.OutOfDistribution != tt.want {
				t.Errorf("got %v, want %v", got.OutOfDistribution, tt.want)
			}
			if tt.code != "" && !warns(got, tt.code) {
				t.Errorf("got warnings %q, want one with %q", got.Warnings, tt.code)
			}
			if got.Warnings == nil || math.IsNaN(got.Probability) || math.IsNaN(got.Value) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestImpossibleValuesAreRefused(t *testing.T) {
	patient, _ := table(t, model.BloodPressure).Row(0)
	aspirate, _ := table(t, model.BreastCancer).Row(0)
	tests := []struct {
		name, model, feature string
		row                  []float64
		value                float64
	}{
		{"negative radius", model.BreastCancer, "mean_radius", aspirate, -1},
		{"not a number", model.BreastCancer, "mean_radius", aspirate, math.NaN()},
		{"infinite", model.BreastCancer, "worst_area", aspirate, math.Inf(1)},
		{"immense", model.BreastCancer, "worst_area", aspirate, 1e300},
		{"age 900", model.BloodPressure, "age", patient, 900},
		{"unknown code", model.BloodPressure, "cp", patient, 0},
		{"half a code", model.BloodPressure, "sex", patient, 0.5},
		{"code not a number", model.BloodPressure, "thal", patient, math.NaN()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := builtin(t, tt.model)
			row := slices.Clone(tt.row)
			row[slices.IndexFunc(m.Features(), func(f model.Feature) bool { return f.Name == tt.feature })] = tt.value
			_, err := m.Predict(row)
			var fault *model.ValueError
			if !errors.As(err, &fault) || fault.Feature != tt.feature {
				t.Errorf("got %v, want a fault of %s", err, tt.feature)
			}
		})
	}
	if _, err := builtin(t, model.BloodPressure).Predict(patient[1:]); err == nil {
		t.Error("a row that is too short was predicted")
	}
	if _, err := (&model.Model{}).Predict(nil); err == nil {
		t.Error("the zero model predicted")
	}
}

func TestModelIsSharedSafely(t *testing.T) {
	m := builtin(t, model.BreastCancer)
	row, _ := table(t, model.BreastCancer).Row(0)
	want := predict(t, m, row).Probability
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				if p, err := m.Predict(row); err != nil || p.Probability != want {
					t.Errorf("got %v, %v, want %v", p.Probability, err, want)
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkPredict(b *testing.B) {
	m := builtin(b, model.BreastCancer)
	row, _ := table(b, model.BreastCancer).Row(0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Predict(row); err != nil {
			b.Fatal(err)
		}
	}
}

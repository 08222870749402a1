package model

import (
	"math"
	"math/rand/v2"
	"slices"
)

const (
	testShare = 0.2
	splitSeed = 1
)

// Measure trains the named model on random parts of the table and measures it
// on the rest: the shipped procedure whole, with its thresholds. The same seed
// gives the same figures.
func Measure(name string, t *Table, splits int, seed uint64) (HeldOut, error) {
	r, err := recipeFor(name)
	if err != nil {
		return HeldOut{}, err
	}
	out := HeldOut{Splits: splits, Seed: seed, TestShare: testShare}
	source := rand.NewPCG(seed, 0)
	var names []string
	measured := map[string][]float64{}
	for range splits {
		held := map[int]bool{}
		for _, i := range shuffled(t.Len(), source)[:int(math.Round(testShare*float64(t.Len())))] {
			held[i] = true
		}
		rows, targets := without(t.rows, t.targets, held)
		m, err := assemble(r, rows, targets)
		if err != nil {
			return HeldOut{}, err
		}
		figures, err := m.examine(t, held, targets)
		if err != nil {
			return HeldOut{}, err
		}
		names = names[:0]
		for _, f := range figures {
			names = append(names, f.name)
			measured[f.name] = append(measured[f.name], f.value)
		}
	}
	for _, n := range names {
		out.Figures = append(out.Figures, summarise(n, measured[n]))
	}
	return out, nil
}

func summarise(name string, values []float64) Figure {
	sorted := slices.Sorted(slices.Values(values))
	at := func(q float64) float64 { return sorted[int(math.Round(q*float64(len(sorted)-1)))] }
	return Figure{Name: name, Mean: mean(values), Low: at(0.025), High: at(0.975)}
}

type measured struct {
	name  string
	value float64
}

// examine predicts the held rows, and compares with the truth.
func (m *Model) examine(t *Table, held map[int]bool, trainTargets []float64) ([]measured, error) {
	var truth []float64
	var answers []Prediction
	for i, row := range t.rows {
		if !held[i] {
			continue
		}
		p, err := m.Predict(row)
		if err != nil {
			return nil, err
		}
		truth = append(truth, t.targets[i])
		answers = append(answers, p)
	}
	figures := regression(truth, answers, mean(trainTargets))
	if m.Classifies() {
		figures = classification(truth, answers, m.file.Classes[1])
	}
	return append(figures,
		measured{"fragile_share", share(answers, func(p Prediction) bool { return p.Fragile })},
		measured{"out_of_distribution_share", share(answers, func(p Prediction) bool { return p.OutOfDistribution })},
	), nil
}

func classification(truth []float64, answers []Prediction, positive string) []measured {
	var right, truePositive, actual, claimed, brier float64
	for i, p := range answers {
		said := 0.0
		if p.Label == positive {
			said = 1
		}
		if said == truth[i] {
			right++
		}
		truePositive += said * truth[i]
		actual += truth[i]
		claimed += said
		brier += (p.Probability - truth[i]) * (p.Probability - truth[i])
	}
	n := float64(len(truth))
	return []measured{
		{"accuracy", right / n},
		{"f1", 2 * truePositive / (actual + claimed)},
		{"recall", truePositive / actual},
		{"auc", auc(truth, answers)},
		{"brier", brier / n},
	}
}

// auc is the chance that a positive row gets a higher probability than a
// negative one; a tie counts half.
func auc(truth []float64, answers []Prediction) float64 {
	var wins, pairs float64
	for i, a := range answers {
		for j, b := range answers {
			if truth[i] != 1 || truth[j] != 0 {
				continue
			}
			pairs++
			switch {
			case a.Probability > b.Probability:
				wins++
			case a.Probability == b.Probability:
				wins += 0.5
			}
		}
	}
	return wins / pairs
}

func regression(truth []float64, answers []Prediction, trainMean float64) []measured {
	var absolute, byMean, residual, total, covered, width float64
	centre := mean(truth)
	for i, p := range answers {
		if p.Interval == nil {
			return nil
		}
		absolute += math.Abs(truth[i] - p.Value)
		byMean += math.Abs(truth[i] - trainMean)
		residual += (truth[i] - p.Value) * (truth[i] - p.Value)
		total += (truth[i] - centre) * (truth[i] - centre)
		width += p.Interval[1] - p.Interval[0]
		if truth[i] >= p.Interval[0] && truth[i] <= p.Interval[1] {
			covered++
		}
	}
	n := float64(len(truth))
	return []measured{
		{"mae", absolute / n},
		{"mae_of_mean", byMean / n},
		{"r2", 1 - residual/total},
		{"interval_coverage", covered / n},
		{"interval_width", width / n},
	}
}

func mean(values []float64) float64 {
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

func share(answers []Prediction, is func(Prediction) bool) float64 {
	var n float64
	for _, p := range answers {
		if is(p) {
			n++
		}
	}
	return n / float64(len(answers))
}

package model

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
)

const (
	folds            = 10
	foldSeed         = 20260101
	shrinkage        = 0.001
	distanceQuantile = 0.99
	intervalLevel    = 0.9
	rangeMargin      = 0.1
	fragileBelow     = 0.1
)

// calibrate sets the thresholds of trust. Distances and residuals are
// cross-validated: each row is judged by a model that did not see it, because
// a model's own rows always look closer than a stranger's.
func (f *file) calibrate(rows [][]float64, targets []float64) error {
	distances, residuals, err := f.crossValidate(rows, targets)
	if err != nil {
		return err
	}
	f.Trust.RangeMargin = rangeMargin
	f.Trust.FragileBelow = fragileBelow
	f.Trust.DistanceLimit = conformal(distances, distanceQuantile)
	f.Trust.Covariance = f.covariance(rows)
	if f.Kind == kindRidge {
		f.Trust.Interval = conformalInterval(residuals)
	}
	for i := range f.Features {
		f.Features[i].Seen = seen(rows, i)
	}
	return nil
}

// crossValidate returns each row's distance and, for a predicted number, its
// residual. A class has no residual, so that nothing is fitted for it.
func (f *file) crossValidate(rows [][]float64, targets []float64) (distances, residuals []float64, err error) {
	for _, part := range partition(len(rows), folds) {
		held := make(map[int]bool, len(part))
		for _, i := range part {
			held[i] = true
		}
		trainRows, trainTargets := without(rows, targets, held)
		fold := *f
		fold.standardiseBy(trainRows)
		if f.Kind == kindRidge {
			if err := fold.fit(trainRows, trainTargets); err != nil {
				return nil, nil, err
			}
		}
		factor, err := factorise(fold.covariance(trainRows))
		if err != nil {
			return nil, nil, err
		}
		for _, i := range part {
			z := fold.standardise(rows[i])
			distances = append(distances, distance(factor, z))
			if f.Kind == kindRidge {
				residuals = append(residuals, targets[i]-fold.score(z))
			}
		}
	}
	return distances, residuals, nil
}

// conformalInterval takes each tail by itself: pressures reach farther above
// a prediction than below it.
func conformalInterval(residuals []float64) *interval {
	level := 1 - (1-intervalLevel)/2
	under := make([]float64, len(residuals))
	for i, r := range residuals {
		under[i] = -r
	}
	return &interval{
		Level: intervalLevel,
		Below: conformal(under, level),
		Above: conformal(residuals, level),
	}
}

// conformal is the quantile that a further exchangeable value exceeds with
// probability at most 1-level.
func conformal(values []float64, level float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(level * float64(len(sorted)+1)))
	return sorted[min(rank, len(sorted))-1]
}

func seen(rows [][]float64, feature int) Range {
	r := Range{Low: rows[0][feature], High: rows[0][feature]}
	for _, row := range rows {
		r.Low = min(r.Low, row[feature])
		r.High = max(r.High, row[feature])
	}
	return r
}

// covariance is that of the standardised columns, drawn a little towards the
// identity so that columns which are nearly sums of others leave it solvable.
func (f *file) covariance(rows [][]float64) [][]float64 {
	size := len(f.Columns)
	out := make([][]float64, size)
	for i := range out {
		out[i] = make([]float64, size)
	}
	for _, row := range rows {
		z := f.standardise(row)
		for i, zi := range z {
			sums := out[i][:i+1]
			for j := range sums {
				sums[j] += zi * z[j]
			}
		}
	}
	for i := range size {
		for j := 0; j <= i; j++ {
			out[i][j] *= (1 - shrinkage) / float64(len(rows))
			if i == j {
				out[i][j] += shrinkage
			}
			out[j][i] = out[i][j]
		}
	}
	return out
}

func factorise(covariance [][]float64) ([][]float64, error) {
	size := len(covariance)
	square := mat.NewSymDense(size, nil)
	for i, row := range covariance {
		for j := i; j < size; j++ {
			square.SetSym(i, j, row[j])
		}
	}
	var chol mat.Cholesky
	if !chol.Factorize(square) {
		return nil, errors.New("the covariance is not positive definite")
	}
	var lower mat.TriDense
	chol.LTo(&lower)
	out := make([][]float64, size)
	for i := range out {
		out[i] = make([]float64, size)
		for j := 0; j <= i; j++ {
			out[i][j] = lower.At(i, j)
		}
		if !(out[i][i] > 0) || !finite(out[i][i]) {
			return nil, fmt.Errorf("the covariance is degenerate in column %d", i)
		}
	}
	return out, nil
}

// partition deals the numbers below n into k parts of nearly equal size.
func partition(n, k int) [][]int {
	parts := make([][]int, k)
	for i, v := range shuffled(n, rand.NewPCG(foldSeed, 0)) {
		parts[i%k] = append(parts[i%k], v)
	}
	return parts
}

// shuffled is a permutation of the numbers below n. It is built on the
// generator's own stream, which is specified, so that a seed means the same
// permutation in every release of Go.
func shuffled(n int, source *rand.PCG) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	for i := n - 1; i > 0; i-- {
		j := int(source.Uint64() % uint64(i+1))
		out[i], out[j] = out[j], out[i]
	}
	return out
}

func without(rows [][]float64, targets []float64, held map[int]bool) ([][]float64, []float64) {
	var keptRows [][]float64
	var keptTargets []float64
	for i := range rows {
		if !held[i] {
			keptRows = append(keptRows, rows[i])
			keptTargets = append(keptTargets, targets[i])
		}
	}
	return keptRows, keptTargets
}

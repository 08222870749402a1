package model

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

const (
	newtonSteps     = 100
	newtonTolerance = 1e-12
)

// designColumns lists the columns that the features give rise to.
func designColumns(features []Feature) []column {
	var out []column
	for i, f := range features {
		if !f.Categorical() {
			out = append(out, column{Feature: i})
			continue
		}
		for _, level := range f.Levels[1:] {
			out = append(out, column{Feature: i, Level: &level})
		}
	}
	return out
}

// measure sets each column's mean and standard deviation from rows. A column
// that never varies keeps a deviation of one, and so a coefficient of zero.
func measure(columns []column, rows [][]float64) {
	n := float64(len(rows))
	for i := range columns {
		c := &columns[i]
		var sum, squares float64
		for _, row := range rows {
			sum += c.value(row)
		}
		c.Mean = sum / n
		for _, row := range rows {
			d := c.value(row) - c.Mean
			squares += d * d
		}
		c.SD = math.Sqrt(squares / n)
		if c.SD == 0 {
			c.SD = 1
		}
	}
}

// fit sets standardisation, intercept and coefficients from rows.
func (f *file) fit(rows [][]float64, targets []float64) error {
	f.standardiseBy(rows)
	z := make([][]float64, len(rows))
	for i, row := range rows {
		z[i] = f.standardise(row)
	}
	fitter := fitRidge
	if f.Kind == kindLogistic {
		fitter = fitLogistic
	}
	solution, err := fitter(z, targets, f.Training.L2)
	if err != nil {
		return fmt.Errorf("fit %s: %w", f.Name, err)
	}
	f.Intercept, f.Coefficients = solution[0], solution[1:]
	return nil
}

// standardiseBy lays out the columns and takes their scale from rows.
func (f *file) standardiseBy(rows [][]float64) {
	f.Columns = designColumns(f.Features)
	measure(f.Columns, rows)
}

// fitLogistic minimises the logistic loss plus l2/2 times the squared length
// of the coefficients, by Newton's method from zero. The intercept, which
// comes first in the solution, is not penalised.
func fitLogistic(z [][]float64, targets []float64, l2 float64) ([]float64, error) {
	beta := make([]float64, len(z[0])+1)
	for range newtonSteps {
		e := newEquations(len(beta))
		for i, row := range z {
			p := sigmoid(linear(beta, row))
			e.add(row, p*(1-p), p-targets[i])
		}
		e.penalise(l2)
		for j := 1; j < len(beta); j++ {
			e.right[j] += l2 * beta[j]
		}
		step, err := e.solve()
		if err != nil {
			return nil, err
		}
		var largest float64
		for j := range beta {
			beta[j] -= step[j]
			largest = max(largest, math.Abs(step[j]))
		}
		if largest < newtonTolerance {
			return beta, nil
		}
	}
	return nil, errors.New("newton's method did not converge")
}

// fitRidge minimises the squared residuals plus l2 times the squared length of
// the coefficients. The intercept comes first and is not penalised.
func fitRidge(z [][]float64, targets []float64, l2 float64) ([]float64, error) {
	e := newEquations(len(z[0]) + 1)
	for i, row := range z {
		e.add(row, 1, targets[i])
	}
	e.penalise(l2)
	return e.solve()
}

// equations are symmetric linear equations, summed up row by row. Only the
// upper triangle of left is filled.
type equations struct {
	left  [][]float64
	right []float64
	x     []float64 // scratch: a row with a leading one
}

func newEquations(size int) *equations {
	e := &equations{left: make([][]float64, size), right: make([]float64, size), x: make([]float64, size)}
	for i := range e.left {
		e.left[i] = make([]float64, size)
	}
	return e
}

// add adds weight·x·xᵀ to the left and scale·x to the right, where x is the
// row with a leading one for the intercept.
func (e *equations) add(row []float64, weight, scale float64) {
	e.x[0] = 1
	copy(e.x[1:], row)
	for i, xi := range e.x {
		e.right[i] += scale * xi
		sums, w := e.left[i][i:], weight*xi
		for j, xj := range e.x[i:] {
			sums[j] += w * xj
		}
	}
}

func (e *equations) penalise(l2 float64) {
	for j := 1; j < len(e.left); j++ {
		e.left[j][j] += l2
	}
}

func (e *equations) solve() ([]float64, error) {
	square := mat.NewSymDense(len(e.left), nil)
	for i, row := range e.left {
		for j := i; j < len(row); j++ {
			square.SetSym(i, j, row[j])
		}
	}
	var chol mat.Cholesky
	if !chol.Factorize(square) {
		return nil, errors.New("the equations have no single solution")
	}
	var x mat.VecDense
	if err := chol.SolveVecTo(&x, mat.NewVecDense(len(e.right), e.right)); err != nil {
		return nil, fmt.Errorf("solve: %w", err)
	}
	return x.RawVector().Data, nil
}

func linear(beta, row []float64) float64 {
	s := beta[0]
	for j, v := range row {
		s += beta[j+1] * v
	}
	return s
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// A Table is training data: complete rows of features, and for each the
// number to predict (for a class, 1 is the positive one).
type Table struct {
	rows     [][]float64
	targets  []float64
	excluded int
	sha256   string
}

// ReadTable reads the training data of the named model from CSV. Rows with an
// empty cell are left out and counted: a prediction takes no empty cell
// either, so nothing has to be invented. Repeated rows are refused, because a
// random split would test on what it trained on.
func ReadTable(name string, r io.Reader) (*Table, error) {
	recipe, err := recipeFor(name)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read table: %w", err)
	}
	lines := csv.NewReader(bytes.NewReader(raw))
	lines.FieldsPerRecord = -1
	records, err := lines.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read table: %w", err)
	}
	if len(records) < 2 {
		return nil, errors.New("read table: it has no rows")
	}
	sum := sha256.Sum256(raw)
	t := &Table{sha256: hex.EncodeToString(sum[:])}
	layout, err := recipe.layout(records[0], len(records)-1)
	if err != nil {
		return nil, fmt.Errorf("read table: header: %w", err)
	}
	seen := make(map[string]int, len(records))
	for i, record := range records[1:] {
		line := i + 2
		key := strings.Join(record, ",")
		if first, ok := seen[key]; ok {
			return nil, fmt.Errorf("read table: lines %d and %d are the same", first, line)
		}
		seen[key] = line
		if err := t.add(recipe, layout, record); err != nil {
			return nil, fmt.Errorf("read table: line %d: %w", line, err)
		}
	}
	return t, nil
}

// Len is the number of complete rows.
func (t *Table) Len() int { return len(t.rows) }

// Excluded is the number of rows that were left out for an empty cell.
func (t *Table) Excluded() int { return t.excluded }

// Row returns the features of row i and what the model is to predict for it.
func (t *Table) Row(i int) ([]float64, float64) { return slices.Clone(t.rows[i]), t.targets[i] }

// A layout says where in a record the features and the target stand.
type layout struct {
	width    int
	features []int
	target   int
	positive float64 // the code of the positive class; unused for a number
}

func (t *Table) add(r recipe, l layout, record []string) error {
	if len(record) != l.width {
		return fmt.Errorf("%d cells, expected %d", len(record), l.width)
	}
	row := make([]float64, len(l.features))
	for i, at := range l.features {
		if record[at] == "" {
			t.excluded++
			return nil
		}
		v, err := strconv.ParseFloat(record[at], 64)
		if err != nil || !r.features[i].Accepts(v) {
			return &ValueError{Feature: r.features[i].Name, Expected: r.features[i].Expected()}
		}
		row[i] = v
	}
	target, err := strconv.ParseFloat(record[l.target], 64)
	if err != nil || !finite(target) {
		return fmt.Errorf("%s: expected a number", r.target)
	}
	if r.kind == kindLogistic {
		if target != 0 && target != 1 {
			return fmt.Errorf("%s: expected 0 or 1", r.target)
		}
		if target == l.positive {
			target = 1
		} else {
			target = 0
		}
	}
	t.rows = append(t.rows, row)
	t.targets = append(t.targets, target)
	return nil
}

package model

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

const (
	splits     = 200
	fewestRows = 100
)

// Train fits the named model to the whole table, and measures on 200 random
// splits how well the procedure does on rows that it has not seen. The same
// table always gives the same model. dataName is noted in the model's file.
func Train(name, version, dataName string, t *Table) (*Model, error) {
	r, err := recipeFor(name)
	if err != nil {
		return nil, err
	}
	if version == "" {
		return nil, errors.New("train: a model needs a version")
	}
	if t.Len() < fewestRows {
		return nil, fmt.Errorf("train %s: %d complete rows, at least %d are needed", name, t.Len(), fewestRows)
	}
	m, err := assemble(r, t.rows, t.targets)
	if err != nil {
		return nil, err
	}
	m.file.Version = version
	m.file.Training.Data = dataName
	m.file.Training.SHA256 = t.sha256
	m.file.Training.Excluded = t.excluded
	if m.file.HeldOut, err = Measure(name, t, splits, splitSeed); err != nil {
		return nil, err
	}
	raw, err := m.file.encode()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	m.sha256 = hex.EncodeToString(sum[:])
	return m, nil
}

// assemble fits and calibrates; the held-out figures are not yet there.
func assemble(r recipe, rows [][]float64, targets []float64) (*Model, error) {
	m := &Model{file: file{
		Format: fileFormat, Name: r.name, Kind: r.kind, Target: r.target, Unit: r.unit,
		Classes: slices.Clone(r.classes), Features: slices.Clone(r.features),
		Trust:    trust{MaterialChange: r.materialChange},
		Training: training{Rows: len(rows), L2: r.l2},
	}}
	if err := m.file.fit(rows, targets); err != nil {
		return nil, err
	}
	if err := m.file.calibrate(rows, targets); err != nil {
		return nil, err
	}
	var err error
	if m.factor, err = factorise(m.file.Trust.Covariance); err != nil {
		return nil, fmt.Errorf("train %s: %w", r.name, err)
	}
	return m, nil
}

package engine

import (
	"io/fs"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pip"
)

// load is a rule book, ready to be asked.
func load(fsys fs.FS) (*Candidate, error) {
	return loadOf(fsys, points.Sections())
}

// loadOf loads a book beside the gate: many books of the tests would not pass it.
func loadOf(fsys fs.FS, sections []pip.Section) (*Candidate, error) {
	files, err := rulebook.ReadRules(fsys)
	if err != nil {
		return nil, err
	}
	return Load(files, sections)
}

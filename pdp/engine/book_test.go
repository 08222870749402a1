package engine

import (
	"io/fs"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// load is a rule book, ready to be asked.
func load(fsys fs.FS) (*Candidate, error) {
	files, err := rulebook.ReadRules(fsys)
	if err != nil {
		return nil, err
	}
	return Prepare(files, points.Sections(), nil)
}

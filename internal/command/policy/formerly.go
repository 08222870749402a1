package policy

import (
	"fmt"
	"path/filepath"
	"sync"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/delivery"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pep/route"
)

// formerly finds the rule book of a revision: among those that were named, the built-in
// one, and the bundles that the data folder of the journal keeps. What it found, or did
// not, it remembers.
func (c *replayCommand) formerly(s *cli.Streams) (func(revision string) *analysis.Former, error) {
	known := map[string]rulebook.Files{}
	for _, name := range append([]string{builtIn}, c.Recorded...) {
		files, err := filesAt(s, name)
		if err != nil {
			return nil, fmt.Errorf("--recorded: %s: %w", name, err)
		}
		known[files.Revision()] = files
	}
	var mu sync.Mutex
	found := map[string]*analysis.Former{}
	return func(revision string) *analysis.Former {
		mu.Lock()
		defer mu.Unlock()
		former, asked := found[revision]
		if !asked {
			files := known[revision]
			if files == nil {
				files = c.kept(revision)
			}
			former = formerOf(files)
			found[revision] = former
		}
		return former
	}, nil
}

// kept is a bundle of the data folder whose journal is replayed; nil where that does not
// have it. It compares and decides nothing, so that who signed the bundle is not asked again.
func (c *replayCommand) kept(revision string) rulebook.Files {
	packed, _, err := delivery.Kept(filepath.Join(filepath.Dir(filepath.Clean(c.Journal)), "policy"), revision)
	if err != nil || packed == nil {
		return nil
	}
	files, err := bundle.Unverified(packed)
	if err != nil || files.Revision() != revision {
		return nil
	}
	return files
}

// formerOf is what of a rule book does something beside its answers; nil for a book that
// this program cannot load.
func formerOf(files rulebook.Files) *analysis.Former {
	if files == nil {
		return nil
	}
	book, err := rulebook.Load(files, points.Sections())
	if err != nil {
		return nil
	}
	router, err := route.Recorded(book.Tables.House)
	if err != nil {
		return nil
	}
	return &analysis.Former{Router: router, Reasons: book.Tables.House.Reasons}
}

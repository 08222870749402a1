package engine

import (
	"io/fs"
	"maps"
	"strings"

	"github.com/wardgate/wardgate/pdp"
)

// Files are the files of a rule book by path, tests included.
type Files map[string][]byte

// ReadFiles reads a rule book and its tests. It refuses what loading would
// refuse to read: loose data files, and more than a rule book may hold.
func ReadFiles(fsys fs.FS) (Files, error) {
	files, err := readRuleBook(fsys)
	if err != nil {
		return nil, err
	}
	tests, err := readTests(fsys)
	if err != nil {
		return nil, err
	}
	maps.Copy(files, tests)
	return files, nil
}

// Revision is the digest that decisions by these files would bear. Tests do
// not count: they decide nothing.
func (f Files) Revision() string { return digest(f.rules()) }

// Tests counts the files that hold tests.
func (f Files) Tests() int { return len(f) - len(f.rules()) }

func (f Files) rules() map[string][]byte {
	rules := maps.Clone(map[string][]byte(f))
	maps.DeleteFunc(rules, func(name string, _ []byte) bool { return strings.HasSuffix(name, "_test.rego") })
	return rules
}

// A Candidate is a rule book that was loaded and checked, and that decides
// nothing yet.
type Candidate struct{ rev *revision }

// Prepare loads a rule book, and refuses what New refuses. Its tests are not
// run: see TestFiles.
func Prepare(files Files, check func(*pdp.Tables) error) (*Candidate, error) {
	rev, err := loadRules(files.rules())
	if err != nil {
		return nil, err
	}
	if check != nil {
		if err := check(rev.tables.house); err != nil {
			return nil, err
		}
	}
	return &Candidate{rev}, nil
}

// Revision is the digest of the candidate's rules.
func (c *Candidate) Revision() string { return c.rev.digest }

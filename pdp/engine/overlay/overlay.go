// Package overlay puts a hospital's own folder on a rule book that somebody else
// keeps: whole tables, rows of tables, rules that deny, oblige or grant under a code
// of their own, and invariants. It never lets a folder touch the mechanism, ask/,
// what is assumed of inputs, or an invariant or rule that the base has. A table
// that is replaced names the digest of the base's table that it was made from, so
// that a changed base is looked at before it is in force.
//
// It decides nothing, and what it assembles goes through the gate of every rule
// book.
package overlay

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// Code is that of all faults of this package.
const Code = "overlay"

// A Tree is a base and an overlay, read as the one rule book that they make. It is
// read whole, by rulebook.ReadFiles and all that ask for files there; opening a
// single file of it fails, because none is there before both are put together.
type Tree struct {
	base, over fs.FS
	name       string

	mu    sync.Mutex
	of    string // digest of what made files and err
	files rulebook.Files
	err   error
}

// New returns the tree of two folders. name is how the overlay's folder is called
// in faults.
func New(base, over fs.FS, name string) *Tree {
	return &Tree{base: base, over: over, name: name}
}

var _ rulebook.Assembled = (*Tree)(nil)

// Open fails: see Tree.
func (t *Tree) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: errors.ErrUnsupported}
}

// RuleFiles reads both folders and puts them together. All faults come in one
// *rulebook.Refused.
func (t *Tree) RuleFiles() (rulebook.Files, error) {
	base, err := rulebook.ReadFiles(t.base)
	if err != nil {
		return nil, err
	}
	over, found := Read(t.over)
	if len(found) > 0 {
		_, more := Assemble(base, over)
		all := faults(append(found, more...))
		return nil, t.refused(all.sorted())
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if of := base.Content() + over.Content(); of != t.of {
		t.files, found = Assemble(base, over)
		t.err = nil
		if len(found) > 0 {
			t.files, t.err = nil, t.refused(found)
		}
		t.of = of
	}
	return t.files, t.err
}

func (t *Tree) refused(found []rulebook.Finding) error {
	return fmt.Errorf("the overlay %s does not go with this base: %w", t.name, &rulebook.Refused{Findings: found})
}

// Assemble returns the rule book that an overlay makes of a base, or every fault of
// the overlay. The files are those that serving loads, and tests for them.
func Assemble(base, over rulebook.Files) (rulebook.Files, []rulebook.Finding) {
	a := &assembly{base: base, tree: rulebook.Files{}, written: map[string]string{}}
	a.over = a.parse(over)
	var err error
	if a.modules, err = rulebook.Parse(base); err != nil {
		a.add("", 0, "the base cannot be read", "run `wardgate policy check` on it: %s", err)
		return nil, a.sorted()
	}
	for name, content := range base {
		a.tree[name] = content
	}
	for _, pkg := range tablePackages {
		a.tables(pkg)
	}
	a.ruleFolders()
	a.invariants()
	a.tests()
	if len(a.faults) > 0 {
		return nil, a.sorted()
	}
	return a.tree, nil
}

// Digests are the tables that an overlay may replace, by package and name
// ("authz.tables.rights"), and what a table that replaces one has to name.
func Digests(base rulebook.Files) (map[string]string, error) {
	modules, err := rulebook.Parse(base)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, pkg := range tablePackages {
		values, err := valuesOf(modules, pkg)
		if err != nil {
			return nil, err
		}
		for name, value := range values {
			all[pkg+"."+name] = digest(value)
		}
	}
	return all, nil
}

// faults are gathered, so that one look shows all of them.
type faults []rulebook.Finding

func (f *faults) add(file string, line int, problem, hint string, args ...any) {
	one := rulebook.Finding{File: file, Line: line, Code: Code, Problem: problem, Hint: fmt.Sprintf(hint, args...)}
	if !slices.Contains(*f, one) {
		*f = append(*f, one)
	}
}

func (f *faults) sorted() []rulebook.Finding {
	slices.SortStableFunc(*f, func(a, b rulebook.Finding) int {
		if by := strings.Compare(a.File, b.File); by != 0 {
			return by
		}
		return a.Line - b.Line
	})
	return *f
}

package rulebook

import (
	"context"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/wardgate/wardgate/pdp/engine/input"
)

// A sampler draws inputs from the schema that stands at the head of the rule
// book, so that a book can be asked about situations that were not written down.
// The same book gives the same inputs.
type sampler struct {
	random *rand.Rand
	leaves []leaf
	bases  []map[string]any // inputs to begin from; may be empty
	drawn  int              // inputs so far
}

// Draw returns a function that draws inputs as Check does: near those that the
// book's tests begin from, and anywhere else.
func Draw(fsys fs.FS) (next func() map[string]any, err error) {
	files, err := ReadFiles(fsys)
	if err != nil {
		return nil, err
	}
	all, err := Parse(files)
	if err != nil {
		return nil, err
	}
	rules, err := Parse(files.rules())
	if err != nil {
		return nil, err
	}
	c := &checker{ctx: context.Background(), modules: rules}
	compiler, err := compileModules(all)
	if err != nil {
		return nil, err
	}
	s, err := c.sampler(compiler)
	if err != nil {
		return nil, err
	}
	return s.next, nil
}

// A leaf is one value of the input and what may stand there.
type leaf struct {
	path  string
	words []any
}

// newSampler reads the inline schema of package authz. actions are the names
// that the tables know.
func newSampler(modules map[string]*ast.Module, words map[string][]any, bases []map[string]any) (*sampler, error) {
	s := &sampler{random: rand.New(rand.NewPCG(7, 11)), bases: bases}
	roots, err := readSchemas(modules, "authz")
	if err != nil {
		return nil, err
	}
	for _, root := range roots {
		s.collect("", root, words)
	}
	return s, nil
}

func (s *sampler) collect(path string, at *schema, words map[string][]any) {
	for _, name := range slices.Sorted(maps.Keys(at.Properties)) {
		s.collect(path+"/"+name, at.Properties[name], words)
	}
	if len(at.Properties) > 0 || at.Type == "object" {
		return
	}
	l := leaf{path: path, words: at.Enum}
	switch {
	case words[path] != nil:
		l.words = words[path]
	case len(at.Enum) > 0:
	case at.Type == "boolean":
		l.words = []any{true, false}
	default:
		l.words = []any{"x-1", ""}
	}
	s.leaves = append(s.leaves, l)
}

// pairs is how many inputs come first: each base with each action.
func (s *sampler) pairs() int {
	actions := s.leaf("/action/name")
	if actions == nil {
		return 0
	}
	return len(s.bases) * len(actions.words)
}

// next draws an input: each base with each action first, then near one of the
// bases most of the time, and anywhere else.
func (s *sampler) next() map[string]any {
	if i := s.drawn; i < s.pairs() {
		s.drawn++
		document := input.Clone(s.bases[i%len(s.bases)])
		actions := s.leaf("/action/name")
		input.Set(document, strings.Split(actions.path[1:], "/"), actions.words[i/len(s.bases)])
		return document
	}
	document := map[string]any{}
	changes := len(s.leaves)
	if len(s.bases) > 0 && s.random.IntN(8) > 0 {
		document = input.Clone(s.bases[s.random.IntN(len(s.bases))])
		changes = s.random.IntN(6)
		s.put(document, s.leaf("/action/name"))
	}
	for i := range changes {
		at := &s.leaves[i]
		if changes < len(s.leaves) {
			at = &s.leaves[s.random.IntN(len(s.leaves))]
		}
		s.put(document, at)
	}
	return document
}

func (s *sampler) leaf(path string) *leaf {
	for i := range s.leaves {
		if s.leaves[i].path == path {
			return &s.leaves[i]
		}
	}
	return nil
}

func (s *sampler) put(document map[string]any, l *leaf) {
	if l == nil || len(l.words) == 0 {
		return
	}
	input.Set(document, strings.Split(l.path[1:], "/"), l.words[s.random.IntN(len(l.words))])
}

package rows

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/input"
)

// A situation is what the row rules read of one input: words, and ids.
type situation struct {
	words []any             // values of reads.words, in its order
	ids   map[string]string // by path; "" for one that is not there
	paths []string          // of the ids, in order
}

// key tells situations apart. It holds which ids are there, not which they are.
func (s *situation) key() string {
	var b strings.Builder
	for _, word := range s.words {
		fmt.Fprintf(&b, "%#v,", word)
	}
	for _, path := range s.paths {
		if s.ids[path] == "" {
			b.WriteByte('-')
		} else {
			b.WriteByte('+')
		}
	}
	return b.String()
}

// reads is what the row rules read of the input besides the row.
type reads struct {
	words  []string         // paths of values that come from a fixed list
	domain map[string][]any // those lists
	ids    []string         // paths of ids of the subject
}

// A Member returns the text or boolean at a path of an input, nil for none.
type Member func(path string) any

// InValue looks into a document.
func InValue(document ast.Value) Member {
	return func(path string) any {
		switch v := valueOf(document, path).(type) {
		case ast.String:
			return string(v)
		case ast.Boolean:
			return bool(v)
		default:
			return nil
		}
	}
}

// situation takes an input apart.
func (r *reads) situation(at Member) (situation, error) {
	s := situation{words: make([]any, len(r.words)), ids: make(map[string]string, len(r.ids)), paths: r.ids}
	for i, path := range r.words {
		if s.words[i] = at(path); s.words[i] == nil {
			return situation{}, fmt.Errorf("%w: the row rules read %s, which is not in the input", answer.ErrMisshapen, path)
		}
	}
	for _, path := range r.ids {
		id, ok := at(path).(string)
		if !ok || strings.HasPrefix(id, placeholder("")) {
			return situation{}, fmt.Errorf("%w: the row rules read %s, which is no id", answer.ErrMisshapen, path)
		}
		s.ids[path] = id
	}
	return s, nil
}

func valueOf(at ast.Value, path string) ast.Value {
	for step := range strings.SplitSeq(path, ".") {
		o, ok := at.(ast.Object)
		if !ok {
			return nil
		}
		t := o.Get(ast.InternedTerm(step))
		if t == nil {
			return nil
		}
		at = t.Value
	}
	return at
}

// check refuses a situation with a word that no list has: the rules were not
// meant for it, and strangers could make up many.
func (r *reads) check(s situation) error {
	for i, path := range r.words {
		if !slices.Contains(r.domain[path], s.words[i]) {
			return fmt.Errorf("the row rules do not know this value of %s", path)
		}
	}
	return nil
}

// document is an input of a situation: marks stand where an id is there.
func (r *reads) document(s situation) map[string]any {
	document := map[string]any{}
	for i, path := range r.words {
		input.Set(document, strings.Split(path, "."), s.words[i])
	}
	for _, path := range r.ids {
		id := s.ids[path]
		if id != "" {
			id = placeholder(path)
		}
		input.Set(document, strings.Split(path, "."), id)
	}
	return document
}

// each calls f with every situation in which no id is missing.
func (r *reads) each(f func(situation) error) error {
	all := 1
	for _, path := range r.words {
		if all *= len(r.domain[path]); all > maxSituation {
			return errors.New("the row rules tell more situations apart than can be compiled: let them read fewer words")
		}
	}
	ids := map[string]string{}
	for _, path := range r.ids {
		ids[path] = placeholder(path)
	}
	words := make([]any, len(r.words))
	var walk func(i int) error
	walk = func(i int) error {
		if i == len(words) {
			return f(situation{words: slices.Clone(words), ids: ids, paths: r.ids})
		}
		for _, word := range r.domain[r.words[i]] {
			words[i] = word
			if err := walk(i + 1); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(0)
}

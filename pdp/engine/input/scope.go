package input

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/machine"
)

// A Scope says what a compiled rule book looks at in the input: nothing else
// can make a difference to its answer. So it is all that has to be looked up
// for an evaluation, and all that has to be compared to remember one.
type Scope struct {
	places []int // for each path of the program: the number of a pair, or one of the following
	key    []keyPart
	equals [][2]int // pairs of which matters whether they hold the same
	some   []int    // sections of which matters whether they are there
	layout map[string]int
	Whole  bool // more than single members is read
}

// A keyPart is one pair that matters: its text, or which of some words it is.
type keyPart struct {
	pair  int
	words map[string]uint64 // numbered from 1; nil when the text itself matters
}

const (
	absent  = -1 // no input has it
	section = -2 // every input has it, and only that matters
	perhaps = -3 // less the number of a section that some inputs have
)

// present stands for a section that is there.
var present = ast.ObjectTerm()

// NewScope is what a program looks at in documents that look like blank.
func NewScope(p *machine.Program, blank *Document) Scope {
	numbers, sections := layout(blank)
	r := Scope{layout: numbers}
	for _, path := range p.Paths() {
		name := strings.Join(path.Keys, ".")
		number, isPair := numbers[name]
		switch {
		case slices.ContainsFunc(path.Keys, noName):
			r.places = append(r.places, absent)
		case isPair:
			r.places = append(r.places, number)
			switch {
			case path.Read:
				r.key = append(r.key, keyPart{pair: number})
			case len(path.Words) > 0:
				r.key = append(r.key, keyPart{pair: number, words: numbered(path.Words)})
			}
		default:
			r.addSection(sections[name], path.Read)
		}
	}
	for _, e := range p.Equals() {
		x, y := r.places[e[0]], r.places[e[1]]
		switch {
		case x >= 0 && y >= 0:
			r.equals = append(r.equals, [2]int{x, y})
		case x == section || y == section || x <= perhaps || y <= perhaps:
			r.Whole = true
		}
	}
	return r
}

// addSection adds a place that is no single member.
func (r *Scope) addSection(place int, read bool) {
	switch {
	case place == 0:
		r.places = append(r.places, absent)
		return
	case place <= perhaps:
		r.some = append(r.some, perhaps-place)
	}
	r.Whole = r.Whole || read
	r.places = append(r.places, place)
}

// noName: no member of an input is named so, and joined to others it would
// read as a path.
func noName(key string) bool { return key == "" || strings.Contains(key, ".") }

func numbered(words []string) map[string]uint64 {
	numbers := make(map[string]uint64, len(words))
	for i, word := range words {
		numbers[word] = uint64(i) + 1
	}
	return numbers
}

// Add makes more members matter: those from which conditions on rows are made.
func (r *Scope) Add(lists ...[]string) {
	for _, paths := range lists {
		for _, path := range paths {
			number, isPair := r.layout[path]
			if !isPair {
				r.Whole = true
				continue
			}
			if !slices.ContainsFunc(r.key, func(k keyPart) bool { return k.pair == number && k.words == nil }) {
				r.key = append(r.key, keyPart{pair: number})
			}
		}
	}
}

// Member looks into the input of a request.
func (r *Scope) Member(in *Document) func(path string) any {
	return func(path string) any {
		number, isPair := r.layout[path]
		if !isPair {
			return nil
		}
		switch p := &in.pairs[number]; p.kind {
		case isNothing:
			return nil
		case isText:
			return p.text
		default:
			return p.kind == isTrue
		}
	}
}

// Places numbers the members of documents that look like blank, by path.
func Places(blank *Document) map[string]int {
	numbers, _ := layout(blank)
	return numbers
}

// layout numbers the pairs of an input, which are the same for all requests
// under one rule book, and names the places of what holds them.
func layout(in *Document) (numbers, sections map[string]int) {
	numbers, sections = map[string]int{}, map[string]int{"": section, "context": section}
	at := 0
	for i, s := range in.sections {
		name := pathOf(i, s.key)
		sections[name] = section
		if s.optional {
			sections[name] = perhaps - i
		}
		for ; at < s.end; at++ {
			numbers[name+"."+in.pairs[at].key] = at
		}
	}
	return numbers, sections
}

// Values looks up what the program reads.
func (r *Scope) Values(in *Document) []*ast.Term {
	in.values = in.values[:0]
	for _, place := range r.places {
		switch {
		case place >= 0:
			in.values = append(in.values, in.recent(place))
		case place == section || place <= perhaps && in.there(perhaps-place):
			in.values = append(in.values, present)
		default:
			in.values = append(in.values, nil)
		}
	}
	return in.values
}

// recent returns the term of a pair: the one of the request before, when that
// held the same. Requests differ in little.
func (in *Document) recent(number int) *ast.Term {
	if len(in.terms) <= number {
		in.terms = append(in.terms, make([]termOf, len(in.pairs)-len(in.terms))...)
	}
	p, was := &in.pairs[number], &in.terms[number]
	if p.kind == isNothing {
		return nil
	}
	if was.term == nil || was.pair != *p {
		*was = termOf{*p, p.term()}
	}
	return was.term
}

// AppendKey appends what the answer can depend on: each text with its length,
// and of a text that is only compared, which of those words it is. No two
// inputs that can have two answers have one key.
func (r *Scope) AppendKey(b []byte, in *Document) []byte {
	for i := range r.key {
		part := &r.key[i]
		p := &in.pairs[part.pair]
		if part.words != nil {
			b = append(b, byte(p.kind))
			b = binary.AppendUvarint(b, part.words[p.text]) // 0 for any other
			continue
		}
		b = appendValue(b, p)
	}
	for _, e := range r.equals {
		x, y := &in.pairs[e[0]], &in.pairs[e[1]]
		same := byte(0)
		if x.kind == y.kind && x.text == y.text && x.kind != isNothing {
			same = 1
		}
		b = append(b, same)
	}
	for _, i := range r.some {
		there := byte(0)
		if in.there(i) {
			there = 1
		}
		b = append(b, there)
	}
	return b
}

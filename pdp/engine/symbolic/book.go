// Package symbolic answers for all inputs at once: for each document of a rule
// book, for which inputs it has which value, as a decision diagram. It runs the
// closures that decide (package machine), on an input whose members are chosen
// when they are read, and so has no meaning of Rego of its own. The argument that
// this is exact stands in docs/decisions.
package symbolic

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/machine"
)

// Budget is how many ways may lead through one rule.
const Budget = 200_000

// An Analyser finds out documents. Its zero value works.
type Analyser struct {
	Budget int // of ways through one rule; 0 for Budget
	// Pause is called every few microseconds, and waited for: it leaves the processor
	// to others. Its error ends the analysis by a panic with an Interrupt. nil goes on.
	Pause func() error
}

// An Answer says for which inputs a document has which value.
type Answer struct {
	Set bool
	// Values are the elements that a set can have, and for which inputs it has each;
	// or else all values, of which each input has one. A nil Term is undefined.
	Values []Value
	Fails  Node // for which inputs the evaluation fails, which denies
}

// A Value is one, and the inputs that have it.
type Value struct {
	Term  *ast.Term
	Where Node
}

// Has is for which inputs a set has an element, or a document a value.
func (a *Answer) Has(t *ast.Term) Node {
	for i := range a.Values {
		if v := a.Values[i].Term; v != nil && v.Value.Compare(t.Value) == 0 {
			return a.Values[i].Where
		}
	}
	return No
}

// A Book is one program, and what was found out of it.
type Book struct {
	budget  int
	d       *Diagrams
	space   *Space
	program *machine.Program
	paths   []machine.Path
	names   []string // of the paths
	docs    []machine.Document
	numbers map[string]int
	answers map[int]*Answer
	faults  map[int]error
}

// Analyse finds out the named documents of some programs over one space, so that
// they can be compared. It returns a book for each program.
func (a Analyser) Analyse(s *Space, documents []string, programs ...*machine.Program) ([]*Book, *Diagrams) {
	x := a.Begin(s, programs...)
	x.Find(documents...)
	return x.Books, x.Diagrams
}

// An Analysis finds out documents of some programs over one space, in several steps.
// Books, one for each program, and Diagrams are others after each step.
type Analysis struct {
	Books    []*Book
	Diagrams *Diagrams

	analyser  Analyser
	space     *Space
	programs  []*machine.Program
	documents []string // that were asked for
}

// Begin prepares an analysis in which nothing is found out yet.
func (a Analyser) Begin(s *Space, programs ...*machine.Program) *Analysis {
	for _, p := range programs {
		for _, path := range p.Paths() {
			s.know(path)
		}
	}
	s.settle()
	if a.Budget == 0 {
		a.Budget = Budget
	}
	x := &Analysis{analyser: a, space: s, programs: programs}
	x.renew()
	return x
}

func (x *Analysis) renew() {
	x.Diagrams = newDiagrams(x.space)
	x.Diagrams.pause = x.analyser.Pause
	x.Books = nil
	for _, p := range x.programs {
		b := newBook(x.space, x.Diagrams, p)
		b.budget = x.analyser.Budget
		x.Books = append(x.Books, b)
	}
}

// Find finds out documents. Where a member turns out to meet a value that the space
// does not have yet, all that was found before is found anew: so it is cheapest to begin
// with the documents that others are made of.
func (x *Analysis) Find(documents ...string) {
	x.documents = append(x.documents, documents...)
	for left := documents; ; left = x.documents {
		for _, b := range x.Books {
			for _, name := range left {
				if i, ok := b.numbers[name]; ok {
					_, _ = b.analyse(i) // the fault is asked for again by Answer
				}
			}
		}
		if !x.space.settle() {
			return
		}
		x.renew()
	}
}

func newBook(s *Space, d *Diagrams, p *machine.Program) *Book {
	b := &Book{
		d: d, space: s, program: p, paths: p.Paths(), docs: p.Documents(),
		numbers: map[string]int{}, answers: map[int]*Answer{}, faults: map[int]error{},
	}
	for i := range b.paths {
		b.names = append(b.names, strings.Join(b.paths[i].Keys, "."))
	}
	for i := range b.docs {
		if b.docs[i].Name != "" {
			b.numbers[b.docs[i].Name] = i
		}
	}
	return b
}

// Answer is what was found out of a document. It is an error when that could not
// be done; known is false when the program has no such document.
func (b *Book) Answer(name string) (a *Answer, known bool, err error) {
	i, known := b.numbers[name]
	if !known {
		return nil, false, nil
	}
	a, err = b.analyse(i)
	return a, true, err
}

// With is the book with other answers in the place of some documents: what
// others say of it then.
func (b *Book) With(answers map[string]*Answer) *Book {
	other := newBook(b.space, b.d, b.program)
	other.budget = b.budget
	for name, a := range answers {
		if i, ok := other.numbers[name]; ok {
			other.answers[i] = a
		}
	}
	return other
}

// Line is where a document begins.
func (b *Book) Line(name string) machine.Line {
	if i, ok := b.numbers[name]; ok {
		return b.docs[i].Line
	}
	return machine.Line{}
}

func (b *Book) analyse(i int) (*Answer, error) {
	if a := b.answers[i]; a != nil {
		return a, nil
	}
	if err := b.faults[i]; err != nil {
		return nil, err
	}
	a, err := b.document(i)
	if err != nil {
		b.faults[i] = err
		return nil, err
	}
	b.answers[i] = a
	return a, nil
}

func (b *Book) document(i int) (*Answer, error) {
	doc := &b.docs[i]
	switch {
	case doc.Folded:
		return folded(doc.Constant), nil
	case doc.Set:
		return b.set(i)
	case len(doc.Rules) > 0:
		return b.rules(i)
	}
	f := &found{d: b.d}
	if err := b.explore(i, machine.Whole, Yes, doc.Line, f.add); err != nil {
		return nil, err
	}
	return &Answer{Values: f.sorted(b.space), Fails: f.fails}, nil
}

// folded is a constant.
func folded(t *ast.Term) *Answer {
	if t == nil {
		return &Answer{Values: []Value{{nil, Yes}}}
	}
	return &Answer{Values: []Value{{t, Yes}}}
}

// set puts together what the rules of a set add.
func (b *Book) set(i int) (*Answer, error) {
	f := &found{d: b.d}
	for n, line := range b.docs[i].Rules {
		err := b.explore(i, n, Yes, line, func(t *ast.Term, err error, where Node) {
			if t == nil || err != nil {
				if err != nil {
					f.fails = b.d.Or(f.fails, where)
				}
				return
			}
			if set, ok := t.Value.(ast.Set); ok {
				set.Foreach(func(e *ast.Term) { f.add(e, nil, where) })
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return &Answer{Set: true, Values: f.sorted(b.space), Fails: f.fails}, nil
}

// rules puts together what the rules of a document say. Where two say different
// things the evaluation fails; where none says anything there may be a default.
func (b *Book) rules(i int) (*Answer, error) {
	f := &found{d: b.d}
	for n, line := range b.docs[i].Rules {
		err := b.explore(i, n, Yes, line, func(t *ast.Term, err error, where Node) {
			if t != nil || err != nil {
				f.add(t, err, where)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	defined := No
	for n := range f.values {
		f.fails = b.d.Or(f.fails, b.d.And(defined, f.values[n].Where))
		defined = b.d.Or(defined, f.values[n].Where)
	}
	rest := b.d.Not(defined)
	if !b.docs[i].Default {
		f.add(nil, nil, rest)
	} else if err := b.explore(i, machine.Default, rest, b.docs[i].Line, f.add); err != nil {
		return nil, err
	}
	runs := b.d.Not(f.fails)
	for n := range f.values {
		f.values[n].Where = b.d.And(f.values[n].Where, runs)
	}
	return &Answer{Values: f.sorted(b.space), Fails: f.fails}, nil
}

// found gathers values.
type found struct {
	d      *Diagrams
	values []Value
	index  map[string]int
	fails  Node
}

func (f *found) add(t *ast.Term, err error, where Node) {
	if err != nil {
		f.fails = f.d.Or(f.fails, where)
		return
	}
	key := keyOf(t)
	n, known := f.index[key]
	if !known {
		if f.index == nil {
			f.index = map[string]int{}
		}
		n = len(f.values)
		f.index[key] = n
		f.values = append(f.values, Value{Term: t})
	}
	f.values[n].Where = f.d.Or(f.values[n].Where, where)
}

// meet: a value with a text in it that stands for others could be the same as
// another value. s is told which texts that would be.
func (f *found) meet(s *Space) {
	for i := range f.values {
		if t := f.values[i].Term; t == nil || !holdsMark(t) {
			continue
		}
		for _, m := range texts(f.values[i].Term, true) {
			path, _ := marked(m)
			for j := range f.values {
				if t := f.values[j].Term; t != nil && j != i {
					for _, text := range texts(t, false) {
						s.meet(path, text)
					}
				}
			}
		}
	}
}

// sorted are the values that some input has.
func (f *found) sorted(s *Space) []Value {
	f.meet(s)
	list := slices.DeleteFunc(f.values, func(v Value) bool { return v.Where == No })
	slices.SortFunc(list, func(a, b Value) int {
		switch {
		case a.Term == nil && b.Term == nil:
			return 0
		case a.Term == nil:
			return -1
		case b.Term == nil:
			return 1
		}
		return a.Term.Value.Compare(b.Term.Value)
	})
	return list
}

// know makes the texts that a program compares a member with its values at once.
func (s *Space) know(path machine.Path) {
	name := strings.Join(path.Keys, ".")
	for _, word := range path.Words {
		s.meet(name, ast.StringTerm(word))
	}
}

package machine

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// An Oracle chooses what an evaluation reads, at the moment when it reads it:
// that is how an analysis runs the very closures that decide over all inputs at
// once. What it has said in one evaluation it says again. The documents of the
// rule book are its answers too, so that each of them is analysed once.
type Oracle interface {
	// Place is the value of a path, nil for none.
	Place(path int) *ast.Term
	// Document is the value of a document, nil for undefined.
	Document(i int) *ast.Term
	// Elements are those that a document which is a set can have.
	Elements(i int) []*ast.Term
	// Has reports whether it has that one, and Some whether it has any.
	Has(i, element int) bool
	Some(i int) bool
	// OneOf is one of the elements that it has, nil where there is none.
	OneOf(i int) *ast.Term
	// Choose takes one of n parts of which none can notice another. What they
	// say together is what they say one by one.
	Choose(n int) int
	// Compared says that two terms were, and LookedUp that a key was in a value.
	Compared(x, y *ast.Term)
	LookedUp(in, key *ast.Term)
	// Split says that a text is taken apart by blanks, of which words only matters
	// which there are. It numbers that set of words as a document; 0 for none.
	Split(text *ast.Term) int
	// Call says that a builtin is called. An error ends the evaluation.
	Call(name string, at Line, operands []*ast.Term) error
}

// A Line is a place in the rule book.
type Line struct {
	File string
	Row  int
}

func (c *compiler) lineOf(l ir.Location) Line {
	line := Line{Row: l.Row}
	if files := c.policy.Static.Files; l.File >= 0 && l.File < len(files) {
		line.File = files[l.File].Value
	}
	return line
}

// at is the value of a place in the input.
func (s *state) at(place int) *ast.Term {
	if s.oracle != nil {
		return s.oracle.Place(place)
	}
	return s.input[place]
}

// looked tells an oracle of a look for a key.
func (s *state) looked(x, y *ast.Term) {
	if s.oracle != nil {
		s.oracle.LookedUp(x, y)
	}
}

// inserted tells an oracle what a key or an element could be the same as.
func (s *state) inserted(into, key *ast.Term) {
	if s.oracle == nil {
		return
	}
	each(into.Value, func(k, _ *ast.Term) bool {
		s.oracle.Compared(k, key)
		return true
	})
}

// equal compares, and tells an oracle.
func (s *state) equal(x, y *ast.Term) bool {
	if s.oracle != nil {
		s.oracle.Compared(x, y)
	}
	return equal(x, y)
}

// known is what an oracle says of a document. Where only single elements of a set
// matter, they are asked for one by one.
func (fn *function) known(s *state, i int, byElement bool) *ast.Term {
	if byElement && fn.parts.form == formSet {
		return fn.parts.elements
	}
	return s.oracle.Document(i)
}

// A loop is a scan, as an analysis sees it.
type loop struct {
	key, value  int
	block       []statement
	independent bool // no turn of it can notice another
	unread      bool // the turns are alike
}

func (l *loop) explore(s *state, f []*ast.Term, base int, members *ast.Term) signal {
	if fn, ok := s.oracleSet(members); ok {
		return l.exploreSet(s, f, base, fn)
	}
	var all [][2]*ast.Term
	each(members.Value, func(k, v *ast.Term) bool {
		all = append(all, [2]*ast.Term{k, v})
		return true
	})
	if l.independent && s.choosing && len(all) > 0 {
		n := s.oracle.Choose(len(all))
		all = all[n : n+1]
	}
	for _, m := range all {
		if r, more := l.turn(s, f, base, m[0], m[1]); !more {
			return r
		}
	}
	return done
}

// exploreSet visits the elements of a document.
func (l *loop) exploreSet(s *state, f []*ast.Term, base, fn int) signal {
	switch {
	case l.unread:
		if !s.oracle.Some(fn) {
			return done
		}
		r, _ := l.turn(s, f, base, ast.InternedNullTerm, ast.InternedNullTerm)
		return r
	case l.independent && s.choosing:
		e := s.oracle.OneOf(fn)
		if e == nil {
			return done
		}
		r, _ := l.turn(s, f, base, e, e)
		return r
	}
	for n, e := range s.oracle.Elements(fn) {
		if !s.oracle.Has(fn, n) {
			continue
		}
		if r, more := l.turn(s, f, base, e, e); !more {
			return r
		}
	}
	return done
}

// turn runs the block for one member, and reports whether the loop goes on.
func (l *loop) turn(s *state, f []*ast.Term, base int, key, value *ast.Term) (r signal, more bool) {
	if err := s.tick(); err != nil {
		return s.fail(err), false
	}
	f[l.key], f[l.value] = key, value
	switch r := run(s, f, base, l.block); {
	case r == done || r == broken:
		return done, true
	case r > done:
		return r - 1, false
	default:
		return r, false
	}
}

// oracleSet recognises a document that stands for its elements.
func (s *state) oracleSet(t *ast.Term) (fn int, ok bool) {
	fn, ok = s.elements[t]
	return fn, ok
}

func (s *state) isElements(t *ast.Term) bool {
	_, ok := s.oracleSet(t)
	return ok
}

// lookup finds a member, also in a document that stands for its elements.
func (s *state) lookup(in, key *ast.Term) *ast.Term {
	if s.oracle == nil {
		return lookup(in.Value, key)
	}
	fn, ok := s.oracleSet(in)
	if !ok {
		s.oracle.LookedUp(in, key)
		return lookup(in.Value, key)
	}
	for n, e := range s.oracle.Elements(fn) {
		if s.equal(e, key) && s.oracle.Has(fn, n) {
			return e
		}
	}
	return nil
}

// words is the set of words of a text that an oracle has not chosen, where only
// which there are matters.
func (s *state) words(operands []*ast.Term) *ast.Term {
	if len(operands) != 2 || !operands[1].Equal(blankTerm) {
		return nil
	}
	i := s.oracle.Split(operands[0])
	if i == 0 {
		return nil
	}
	for t, known := range s.elements {
		if known == i {
			return t
		}
	}
	t := ast.SetTerm()
	s.elements[t] = i
	return t
}

var blankTerm = ast.StringTerm(" ")

// memberOf is what `x in list` calls.
const memberOf = "internal.member_2"

// runOne runs one of several blocks of which none can notice another.
func runOne(s *state, f []*ast.Term, base int, blocks [][]statement) signal {
	if len(blocks) == 0 {
		return done
	}
	if r := run(s, f, base, blocks[s.oracle.Choose(len(blocks))]); r != broken {
		return r
	}
	return done
}

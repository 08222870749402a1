package symbolic

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A Variable is one member of the input and everything that may stand there, as
// far as a rule book can tell.
type Variable struct {
	Path string // "context.device.match"
	// Values are those that may stand there; nil for a member that is missing. Of a
	// text that may be anything they are those with which the book compares it, and
	// one that stands for all others.
	Values []*ast.Term
	Open   bool // a text that may be anything

	// Words are variables of their own where a book takes a text apart: whether it
	// has a word. The first stands for all words that no rule book names.
	Words []int
	word  *ast.Term // this is such a variable
	free  bool      // it is no member of the input

	index map[string]int
}

// A Space is the input: every member, in the order in which diagrams ask.
type Space struct {
	variables  []*Variable
	byPath     map[string]int
	containers map[string][]int    // the members below a path
	met        map[int][]*ast.Term // values that were found since the space was settled
	split      map[int]bool        // members that were taken apart into words since then
}

// mark begins the texts that stand for all those that a book does not name. No
// rule book and no id has this rune: it is in a private use area.
const mark = "\uf8ff"

// NewSpace begins a space without members.
func NewSpace() *Space {
	return &Space{byPath: map[string]int{}, containers: map[string][]int{"": {}}, met: map[int][]*ast.Term{}, split: map[int]bool{}}
}

// Closed adds a member at which one of some values stands, or none.
func (s *Space) Closed(path string, values ...*ast.Term) {
	v := s.add(path)
	v.put(nil)
	for _, t := range values {
		v.put(t)
	}
}

// Text adds a member that may be any text, or missing.
func (s *Space) Text(path string) {
	v := s.add(path)
	v.Open = true
	v.put(nil)
	v.put(ast.StringTerm(mark + path))
	v.put(ast.StringTerm(""))
}

func (s *Space) add(path string) *Variable {
	v := &Variable{Path: path, index: map[string]int{}}
	s.byPath[path] = len(s.variables)
	for at := path; at != ""; {
		i := strings.LastIndexByte(at, '.')
		at = at[:max(i, 0)]
		s.containers[at] = append(s.containers[at], len(s.variables))
	}
	s.variables = append(s.variables, v)
	return v
}

// presence is the variable of whether something stands at a path that holds
// members. It is there once a rule book has looked.
func (s *Space) presence(path string) int {
	if i, ok := s.byPath[path]; ok {
		return i
	}
	v := &Variable{Path: path, index: map[string]int{}}
	v.put(nil)
	v.put(present)
	s.byPath[path] = len(s.variables)
	s.variables = append(s.variables, v)
	return s.byPath[path]
}

var present = ast.ObjectTerm()

func keyOf(t *ast.Term) string {
	if t == nil {
		return ""
	}
	return t.String()
}

// put adds a value, and reports whether it is new.
func (v *Variable) put(t *ast.Term) bool {
	key := keyOf(t)
	if _, known := v.index[key]; known {
		return false
	}
	v.index[key] = len(v.Values)
	v.Values = append(v.Values, t)
	return true
}

// Other reports whether a value stands for all texts that no rule book names.
func (v *Variable) Other(value int) bool {
	_, marked := marked(v.Values[value])
	return marked
}

// SameAs is the path of the other member whose text a value of a variable is, and
// "" for a value that is none.
func (s *Space) SameAs(variable, value int) string {
	v := s.variables[variable]
	if path, isMark := marked(v.Values[value]); isMark && path != v.Path {
		return path
	}
	return ""
}

// aside: no member of the input is behind the variable alone.
func (v *Variable) aside() bool { return v.word != nil || v.free }

// Free adds a variable that is no member of the input: whether something is so.
func (s *Space) Free(name string) int {
	if i, known := s.byPath[name]; known {
		return i
	}
	v := &Variable{Path: name, index: map[string]int{}, free: true}
	v.put(ast.BooleanTerm(false))
	v.put(ast.BooleanTerm(true))
	s.byPath[name] = len(s.variables)
	s.variables = append(s.variables, v)
	return s.byPath[name]
}

// named is a text that no rule book names, in the place of what stands for all
// of those.
func (s *Space) named(t *ast.Term) *ast.Term {
	path, isMark := marked(t)
	if !isMark {
		return t
	}
	other := "other-" + strings.ReplaceAll(path, ".", "-")
	for s.variables[s.byPath[path]].index[keyOf(ast.StringTerm(other))] > 0 {
		other += "-"
	}
	return ast.StringTerm(other)
}

// Named is a value of a document as an input of Document has it: with a text that
// no rule book names in the place of what stands for all of those.
func (s *Space) Named(t *ast.Term) *ast.Term {
	if t == nil || !holdsMark(t) {
		return t
	}
	named, err := ast.Transform(ast.NewGenericTransformer(func(x any) (any, error) {
		if text, isText := x.(ast.String); isText {
			return s.named(ast.NewTerm(text)).Value, nil
		}
		return x, nil
	}), t.Value)
	if v, ok := named.(ast.Value); ok && err == nil {
		return ast.NewTerm(v)
	}
	return t
}

// AnyWord: the variable is whether a text has a word that no rule book names.
func (v *Variable) AnyWord() bool {
	_, is := marked(v.word)
	return is
}

// Variables are all members.
func (s *Space) Variables() []*Variable { return s.variables }

// Find is the number of a member, -1 for none.
func (s *Space) Find(path string) int {
	if i, ok := s.byPath[path]; ok {
		return i
	}
	return -1
}

// ValueOf is the number of a value of a member; ok is false when it has none.
func (s *Space) ValueOf(variable int, t *ast.Term) (int, bool) {
	i, ok := s.variables[variable].index[keyOf(t)]
	return i, ok
}

// marked is the path of the member for which a term stands.
func marked(t *ast.Term) (path string, ok bool) {
	if t == nil {
		return "", false
	}
	text, ok := t.Value.(ast.String)
	if !ok {
		return "", false
	}
	return strings.CutPrefix(string(text), mark)
}

// holdsMark reports whether a term that stands for other texts is part of t.
func holdsMark(t *ast.Term) bool {
	switch t.Value.(type) {
	case ast.String:
		_, ok := marked(t)
		return ok
	case ast.Boolean, ast.Number, ast.Null:
		return false
	}
	return len(texts(t, true)) > 0
}

// texts are the texts in a term, or those that stand for others.
func texts(t *ast.Term, marks bool) (list []*ast.Term) {
	ast.WalkTerms(t, func(x *ast.Term) bool {
		if _, isText := x.Value.(ast.String); isText {
			if _, ok := marked(x); ok == marks || !marks {
				list = append(list, x)
			}
		}
		return false
	})
	return list
}

// meet makes a text that a member was compared with one of its values. Of two
// members that may be anything, the later may have the value of the earlier.
func (s *Space) meet(path string, with *ast.Term) {
	whole, isWord := strings.CutSuffix(path, anyWord)
	i, ok := s.byPath[whole]
	if text, _ := with.Value.(ast.String); !ok || !s.variables[i].Open || isWord && strings.Contains(string(text), " ") {
		return
	}
	if other, isMark := marked(with); isMark {
		if j, ok := s.byPath[other]; !ok || j >= i {
			if j > i {
				s.meet(other, ast.StringTerm(mark+path))
			}
			return
		}
	}
	same := func(t *ast.Term) bool { return t.Value.Compare(with.Value) == 0 }
	_, known := s.variables[i].index[keyOf(with)]
	if isWord {
		known = s.hasWord(i, with)
	}
	if !known && !slices.ContainsFunc(s.met[i], same) {
		s.met[i] = append(s.met[i], with)
	}
}

// Document is the input of an assignment. Of a member that makes no difference
// (-1) it has what blank says.
func (s *Space) Document(assignment []int, blank func(path string) *ast.Term) *ast.Term {
	document := ast.NewObject()
	for i, v := range s.variables {
		if v.aside() {
			continue
		}
		if s.containers[v.Path] != nil {
			if assignment[i] > 0 {
				open(document, strings.Split(v.Path, "."))
			}
			continue
		}
		t := blank(v.Path)
		if n := assignment[i]; n >= 0 {
			t = s.named(v.Values[n])
		}
		if t != nil && v.Words != nil {
			t = s.joined(v, assignment)
		}
		if t != nil && !s.within(v.Path, assignment) {
			steps := strings.Split(v.Path, ".")
			open(document, steps[:len(steps)-1]).Insert(ast.StringTerm(steps[len(steps)-1]), t)
		}
	}
	return ast.NewTerm(document)
}

// within reports whether a member stands in something that is missing.
func (s *Space) within(path string, assignment []int) bool {
	for at := path; ; {
		n := strings.LastIndexByte(at, '.')
		if n < 0 {
			return false
		}
		at = at[:n]
		if i, ok := s.byPath[at]; ok && assignment[i] == 0 {
			return true
		}
	}
}

// open makes the objects on a path.
func open(document ast.Object, steps []string) ast.Object {
	for _, step := range steps {
		key := ast.StringTerm(step)
		next := document.Get(key)
		if next == nil {
			next = ast.NewTerm(ast.NewObject())
			document.Insert(key, next)
		}
		inner, ok := next.Value.(ast.Object)
		if !ok {
			return ast.NewObject()
		}
		document = inner
	}
	return document
}

// Assign finds an input in the space. A text that no rule book names is the other
// one, unless an earlier member has the same.
func (s *Space) Assign(input ast.Value) ([]int, error) {
	assignment := make([]int, len(s.variables))
	for i, v := range s.variables {
		if v.aside() {
			continue
		}
		t := Member(input, v.Path)
		if v.Words != nil && t != nil {
			if err := s.takeApart(v, t, assignment); err != nil {
				return nil, err
			}
			assignment[i] = 1
			continue
		}
		if s.containers[v.Path] != nil {
			if t != nil {
				assignment[i] = 1
			}
			continue
		}
		n, ok := v.index[keyOf(t)]
		if !ok {
			if n, ok = s.other(i, t, input); !ok {
				return nil, fmt.Errorf("%s: %v is none of what may stand there", v.Path, t)
			}
		}
		assignment[i] = n
	}
	return assignment, nil
}

func (s *Space) other(i int, t *ast.Term, input ast.Value) (int, bool) {
	v := s.variables[i]
	if _, isText := t.Value.(ast.String); !v.Open || !isText {
		return 0, false
	}
	for n, value := range v.Values {
		path, isMark := marked(value)
		if isMark && path != v.Path {
			same := Member(input, path)
			if same != nil && same.Value.Compare(t.Value) == 0 {
				return n, true
			}
		}
	}
	return v.index[keyOf(ast.StringTerm(mark+v.Path))], true
}

// Member is what stands at a path of a document, nil for nothing.
func Member(at ast.Value, path string) *ast.Term {
	var t *ast.Term
	for step := range strings.SplitSeq(path, ".") {
		o, ok := at.(ast.Object)
		if !ok {
			return nil
		}
		if t = o.Get(ast.StringTerm(step)); t == nil {
			return nil
		}
		at = t.Value
	}
	return t
}

// settle takes in the values that were met since, in an order that does not depend
// on which was met first. It reports whether there were any.
func (s *Space) settle() bool {
	grown := len(s.met)+len(s.split) > 0
	for _, i := range slices.Sorted(maps.Keys(s.split)) {
		v := s.variables[i]
		v.Values, v.index = nil, map[string]int{}
		v.put(nil)
		v.put(ast.StringTerm(mark + v.Path))
		s.addWord(i, ast.StringTerm(mark+v.Path+anyWord))
	}
	for _, i := range slices.Sorted(maps.Keys(s.met)) {
		v, terms := s.variables[i], s.met[i]
		slices.SortFunc(terms, func(a, b *ast.Term) int { return a.Value.Compare(b.Value) })
		if v.Words != nil {
			for _, t := range terms {
				s.addWord(i, t)
			}
			continue
		}
		for _, t := range terms {
			v.put(t)
		}
		slices.SortFunc(v.Values[1:], func(a, b *ast.Term) int { return a.Value.Compare(b.Value) })
		for n, t := range v.Values {
			v.index[keyOf(t)] = n
		}
	}
	clear(s.met)
	clear(s.split)
	return grown
}

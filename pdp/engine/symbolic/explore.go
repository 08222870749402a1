package symbolic

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/machine"
)

// An explorer runs one part of a document over and over, each time on another
// way, until every way is taken. It is the oracle of the runs. It remembers the
// questions of the way that it is on; each has the answers that are possible after
// those before, and a run goes with the last question to its next answer.
type explorer struct {
	book  *Book
	run   *machine.Explorer
	forks []fork
	depth int    // questions that this run has asked
	where Node   // the inputs that go this way
	said  []said // on this way, and few enough to be looked through
	ways  int
	steps int          // of all ways
	at    machine.Line // where the part stands
}

// maxSteps is how many steps all ways through one rule may take together: a
// second or so.
const maxSteps = 5_000_000

// A fork is a question and the answers that are possible.
type fork struct {
	answers []reply
	at      int
}

// A reply is an answer and the inputs for which it is given.
type reply struct {
	value any
	where Node
}

// said is a question and its answer on a way.
type said struct {
	question question
	value    any
}

// A question is what is asked only once on a way.
type question struct {
	kind byte
	i, n int
}

const (
	askPlace = iota
	askDocument
	askHas
	askSome
	askWhole
)

var (
	errFault  = errors.New("fails")              // the evaluation fails for these inputs
	errNoSuch = errors.New("no input goes here") // and says nothing
)

// A Refusal says why something could not be analysed, and where.
type Refusal struct {
	At      machine.Line
	Problem string
}

func (r *Refusal) Error() string { return fmt.Sprintf("%s:%d: %s", r.At.File, r.At.Row, r.Problem) }

// stop leaves a run.
type stop struct{ err error }

// explore calls each with what every way says, and for which inputs.
func (b *Book) explore(document, part int, from Node, at machine.Line, each func(value *ast.Term, err error, where Node)) error {
	x := &explorer{book: b, at: at}
	x.run = b.program.Explore(x)
	for {
		x.depth, x.where, x.said = 0, from, x.said[:0]
		value, err := x.once(document, part)
		var refused *Refusal
		switch {
		case errors.As(err, &refused):
			return err
		case errors.Is(err, errNoSuch):
		case errors.Is(err, machine.ErrBudget):
			return &Refusal{at, "one evaluation takes more steps than a decision may"}
		default:
			each(value, err, x.where)
		}
		b.d.rest()
		if x.steps += x.run.Steps(); x.steps > maxSteps {
			return &Refusal{at, "the ways through this rule take too many steps together: look for nested loops, and for long lists that are made anew on each way"}
		}
		if x.ways++; x.ways > b.budget {
			return &Refusal{at, fmt.Sprintf("more than %d ways lead through this rule: compare fewer members in it, or take parts of it into rules of their own", b.budget)}
		}
		if !x.next() {
			return nil
		}
	}
}

// once runs the part on one way.
func (x *explorer) once(document, part int) (value *ast.Term, err error) {
	defer func() {
		if p := recover(); p != nil {
			left, ok := p.(stop)
			if !ok {
				panic(p)
			}
			value, err = nil, left.err
		}
	}()
	return x.run.Run(document, part)
}

// next goes on to the next way.
func (x *explorer) next() bool {
	for len(x.forks) > 0 {
		last := &x.forks[len(x.forks)-1]
		if last.at++; last.at < len(last.answers) {
			return true
		}
		x.forks = x.forks[:len(x.forks)-1]
	}
	return false
}

// ask is the answer to a question on this way.
func (x *explorer) ask(answers func(yield func(value any, where Node))) any {
	if x.depth == len(x.forks) {
		f := fork{}
		answers(func(value any, where Node) {
			if both := x.book.d.And(x.where, where); both != No {
				f.answers = append(f.answers, reply{value, both})
			}
		})
		if len(f.answers) == 0 {
			panic(stop{errNoSuch})
		}
		x.forks = append(x.forks, f)
	}
	f := &x.forks[x.depth]
	x.depth++
	x.where = f.answers[f.at].where
	return f.answers[f.at].value
}

func (x *explorer) remember(q question, ask func() any) any {
	for i := range x.said {
		if x.said[i].question == q {
			return x.said[i].value
		}
	}
	v := ask()
	x.said = append(x.said, said{q, v})
	return v
}

func term(v any) *ast.Term {
	t, _ := v.(*ast.Term)
	return t
}

// Place forks over everything that may stand at a place.
func (x *explorer) Place(path int) *ast.Term {
	p, name := &x.book.paths[path], x.book.names[path]
	if len(p.Words) > 0 {
		x.notApart(name)
	}
	return term(x.remember(question{kind: askPlace, i: path}, func() any {
		return x.place(name, p.Seen || p.Read || len(p.Keys) == 0)
	}))
}

func (x *explorer) place(name string, seen bool) *ast.Term {
	s := x.book.space
	if below, holds := s.containers[name]; holds {
		if !seen {
			return present
		}
		return x.whole(name, below)
	}
	i, ok := s.byPath[name]
	if !ok {
		return nil
	}
	return term(x.variable(i))
}

func (x *explorer) variable(i int) any {
	d, v := x.book.d, x.book.space.variables[i]
	return x.remember(question{kind: askWhole, i: i}, func() any {
		return x.ask(func(yield func(any, Node)) {
			for n, t := range v.Values {
				yield(t, d.Is(i, n))
			}
		})
	})
}

// whole is an object of the members below a path, each of which it asks for.
func (x *explorer) whole(name string, below []int) *ast.Term {
	for _, i := range below {
		if strings.Contains(strings.TrimPrefix(x.book.space.variables[i].Path, name+"."), ".") || name == "" {
			panic(stop{&Refusal{x.at, fmt.Sprintf("%s is read as a whole: read the members that matter", strings.TrimSuffix("input."+name, "."))}})
		}
	}
	if term(x.variable(x.book.space.presence(name))) == nil {
		return nil
	}
	object := ast.NewObject()
	for _, i := range below {
		if t := term(x.variable(i)); t != nil {
			object.Insert(ast.StringTerm(strings.TrimPrefix(x.book.space.variables[i].Path, name+".")), t)
		}
	}
	return ast.NewTerm(object)
}

// other is another document, analysed before.
func (x *explorer) other(i int) *Answer {
	a, err := x.book.analyse(i)
	if err != nil {
		panic(stop{err})
	}
	x.remember(question{kind: askDocument, i: i, n: -1}, func() any {
		if a.Fails == No {
			return false
		}
		fails := x.ask(func(yield func(any, Node)) {
			yield(false, x.book.d.Not(a.Fails))
			yield(true, a.Fails)
		})
		if fails == true {
			panic(stop{errFault})
		}
		return false
	})
	return a
}

// Document forks over the values of a document. A set is put together of the
// elements that it has.
func (x *explorer) Document(i int) *ast.Term {
	a := x.other(i)
	return term(x.remember(question{kind: askDocument, i: i}, func() any {
		if !a.Set {
			return x.ask(func(yield func(any, Node)) {
				for n := range a.Values {
					yield(a.Values[n].Term, a.Values[n].Where)
				}
			})
		}
		set := ast.NewSet()
		for n := range a.Values {
			if x.Has(i, n) {
				set.Add(a.Values[n].Term)
			}
		}
		return ast.NewTerm(set)
	}))
}

// Elements are those that a document can have.
func (x *explorer) Elements(i int) []*ast.Term {
	if i < 0 {
		x.inOrder(i)
	}
	a := x.other(i)
	all := make([]*ast.Term, len(a.Values))
	for n := range a.Values {
		all[n] = a.Values[n].Term
	}
	return all
}

// Has forks over whether a document has an element.
func (x *explorer) Has(i, element int) bool {
	has := x.other(i).Values[element].Where
	yes, _ := x.remember(question{askHas, i, element}, func() any { return x.whether(has) }).(bool)
	return yes
}

// Some forks over whether a document has any element.
func (x *explorer) Some(i int) bool {
	if i < 0 {
		return true // a text has a word, if an empty one
	}
	a := x.other(i)
	yes, _ := x.remember(question{kind: askSome, i: i}, func() any {
		any := No
		for n := range a.Values {
			any = x.book.d.Or(any, a.Values[n].Where)
		}
		return x.whether(any)
	}).(bool)
	return yes
}

func (x *explorer) whether(where Node) any {
	return x.ask(func(yield func(any, Node)) {
		yield(true, where)
		yield(false, x.book.d.Not(where))
	})
}

// OneOf forks over the elements that a document has. What one visit of them says
// none of the others can notice, so that they may be visited on ways of their own.
func (x *explorer) OneOf(i int) *ast.Term {
	if i < 0 {
		return x.oneWord(i)
	}
	a := x.other(i)
	return term(x.ask(func(yield func(any, Node)) {
		for n := range a.Values {
			yield(a.Values[n].Term, a.Values[n].Where)
		}
	}))
}

// Choose takes every part on a way of its own.
func (x *explorer) Choose(n int) int {
	i, _ := x.ask(func(yield func(any, Node)) {
		for i := range n {
			yield(i, Yes)
		}
	}).(int)
	return i
}

// Compared notes the texts that a member meets.
func (x *explorer) Compared(a, b *ast.Term) {
	if a == b {
		return
	}
	x.meets(a, b)
	x.meets(b, a)
}

func (x *explorer) meets(a, b *ast.Term) {
	if !holdsMark(a) {
		return
	}
	for _, m := range texts(a, true) {
		path, _ := marked(m)
		x.notApart(path)
		for _, t := range texts(b, false) {
			x.book.space.meet(path, t)
		}
	}
}

// LookedUp notes the keys that a member meets.
func (x *explorer) LookedUp(in, key *ast.Term) {
	path, isMark := marked(key)
	if !isMark {
		if holdsMark(key) || holdsMark(in) {
			x.Compared(in, key)
		}
		return
	}
	x.notApart(path)
	meet := func(t *ast.Term) {
		for _, one := range texts(t, false) {
			x.book.space.meet(path, one)
		}
	}
	switch v := in.Value.(type) {
	case ast.Object:
		v.Foreach(func(k, _ *ast.Term) { meet(k) })
	case ast.Set:
		v.Foreach(meet)
	}
}

// harmless are builtins that a text can be given without more being found out of
// it than what it equals.
var harmless = map[string]bool{"internal.member_2": true, "equal": true, "neq": true}

// Call refuses to give a text that stands for others to a builtin that would look
// into it.
func (x *explorer) Call(name string, at machine.Line, operands []*ast.Term) error {
	for i, o := range operands {
		if !holdsMark(o) {
			continue
		}
		if !harmless[name] {
			path, _ := marked(texts(o, true)[0])
			return &Refusal{at, fmt.Sprintf("%s is given input.%s, which may be any text: only ==, !=, `in` and the keys of tables can be analysed for those", name, path)}
		}
		for j, other := range operands {
			if j != i {
				x.meets(o, other)
			}
		}
	}
	return nil
}

// Package machine runs a planned rule book: OPA's own planner turns Rego into
// its intermediate representation, and this package turns that into closures
// over the constants, the paths into the input and the calls that a plan holds.
// It owns how a plan is run and never what it means: a plan that holds
// something it does not know is refused, and OPA's interpreter answers.
//
// The statements are those of https://www.openpolicyagent.org/docs/ir. OPA's
// conformance cases are among the tests.
package machine

import (
	"errors"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// ErrUnsupported says that a plan holds a statement that only OPA's own
// interpreter runs.
var ErrUnsupported = errors.New("not a plan that can be compiled")

// ErrConflict says that two rules gave one document two values.
var ErrConflict = errors.New("a document has conflicting values")

// ErrTime says that an evaluation did not end in time.
var ErrTime = errors.New("the evaluation took too long")

// A Program answers one query. It may be used in parallel.
type Program struct {
	paths  []Path
	equals [][2]int
	funcs  []function
	main   [][]statement
	locals int // of main
	depth  int // of the stack, all calls nested
	heavy  bool
	data   *ast.Term
	states sync.Pool
}

// A Path is a place in the input that a program looks at, by its keys. The
// path without keys is the whole input.
type Path struct {
	Keys  []string
	Read  bool     // its value is read
	Words []string // else: the texts that it is compared with, and nothing else matters
	Seen  bool     // whether it is there matters by itself, not only for what is below it
}

// Paths lists the places in the input that the answer can depend on. Two
// inputs that agree on them have the same answer.
func (p *Program) Paths() []Path { return p.paths }

// Equals lists pairs of paths of which only matters whether they hold the same.
func (p *Program) Equals() [][2]int { return p.equals }

// Find returns the values of all paths in a document, in the order of Paths:
// nil for what is not there.
func (p *Program) Find(input ast.Value) []*ast.Term {
	values := make([]*ast.Term, len(p.paths))
	for i := range p.paths {
		values[i] = find(input, p.paths[i].Keys)
	}
	return values
}

func find(v ast.Value, keys []string) *ast.Term {
	if v == nil {
		return nil
	}
	for i, key := range keys {
		next := lookup(v, ast.StringTerm(key))
		if next == nil || i == len(keys)-1 {
			return next
		}
		v = next.Value
	}
	return ast.NewTerm(v)
}

// Eval answers for an input whose paths have the given values, as Find returns
// them. ok is false when the answer is undefined. It gives up soon after the
// deadline, and after Budget steps; a zero deadline is none.
func (p *Program) Eval(values []*ast.Term, deadline time.Time) (answer *ast.Term, ok bool, err error) {
	answer, ok, _, err = p.Measure(values, deadline)
	return answer, ok, err
}

// Measure is Eval, and says how many steps it took.
func (p *Program) Measure(values []*ast.Term, deadline time.Time) (answer *ast.Term, ok bool, steps int, err error) {
	s, _ := p.states.Get().(*state)
	if s == nil {
		s = &state{stack: make([]*ast.Term, p.depth), memo: make([]memo, len(p.funcs))}
	}
	defer p.states.Put(s)
	s.begin(values, deadline)
	if p.heavy {
		s.builtins.Cancel = &s.meter
		if !deadline.IsZero() {
			timer := time.AfterFunc(time.Until(deadline), s.meter.Cancel)
			defer timer.Stop()
		}
	}
	f := s.frame(0, p.locals)
	f[dataLocal] = p.data
	for _, b := range p.main {
		switch run(s, f, p.locals, b) {
		case failed:
			return nil, false, s.meter.steps, s.err
		case returned:
			return nil, false, s.meter.steps, errors.New("a plan has returned")
		}
	}
	answer = s.answer
	s.answer = nil
	return answer, answer != nil, s.meter.steps, nil
}

// A state is one evaluation.
type state struct {
	input    []*ast.Term
	stack    []*ast.Term
	memo     []memo
	round    uint64 // which entries of memo are of this evaluation
	meter    Meter
	deadline time.Time
	builtins topdown.BuiltinContext
	answer   *ast.Term
	err      error

	oracle   Oracle            // who chooses what is read; nil but in an analysis
	choosing bool              // independent parts are taken one at a time
	elements map[*ast.Term]int // documents, by what stands for their elements
}

type memo struct {
	round uint64
	value *ast.Term // nil for undefined
}

func (s *state) begin(values []*ast.Term, deadline time.Time) {
	s.input, s.deadline, s.answer, s.err = values, deadline, nil, nil
	s.meter.begin(Budget)
	s.round++
}

// frame returns the locals of a call that begin at base, all undefined.
func (s *state) frame(base, locals int) []*ast.Term {
	f := s.stack[base : base+locals : base+locals]
	clear(f)
	return f
}

func (s *state) fail(err error) signal {
	s.err = err
	return failed
}

// A signal says how a statement ended: done, or so many blocks are left.
type signal int

const (
	done     signal = 0
	undef    signal = 1 // the block is left: the statement is undefined
	returned signal = -1
	failed   signal = -2
)

// A statement is one step of a block. base is where the locals of calls begin.
type statement func(s *state, f []*ast.Term, base int) signal

// broken is a block that was left by one of its own statements.
const broken signal = -3

// run takes the statements of a block in order. It returns done, broken, or
// what concerns the blocks around it.
func run(s *state, f []*ast.Term, base int, block []statement) signal {
	for _, step := range block {
		switch r := step(s, f, base); {
		case r == done:
		case r == undef:
			return broken
		case r > undef:
			return r - 1
		default:
			return r
		}
	}
	return done
}

// A function computes one document of the rule book, or a function of it.
type function struct {
	params []int // their places on the stack
	locals int
	blocks [][]statement
	depth  int // of the stack from here on
	once   bool
	parts  parts // for an analysis
}

// call runs a function on its own locals. nil is undefined.
func (fn *function) call(s *state, f []*ast.Term, base int) (*ast.Term, signal) {
	if err := s.tick(); err != nil {
		return nil, s.fail(err)
	}
	for _, b := range fn.blocks {
		switch run(s, f, base, b) {
		case failed:
			return nil, failed
		case returned:
			return f[resultLocal], done
		}
	}
	return nil, done
}

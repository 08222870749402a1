package machine

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// The first places of a function's frame: the input, the base documents, and by
// our own arrangement what it returns. Locals of the plan follow in the order in
// which they are met: those that were found to be constant have no place.
const (
	dataLocal   = 1
	resultLocal = 2
)

// A compiler turns one policy into a program.
type compiler struct {
	policy    *ir.Policy
	program   *Program
	byName    map[string]int // functions of the policy
	builtins  map[string]*ir.BuiltinFunc
	strings   []*ast.Term
	pathIDs   map[string]int
	constants map[int]*ast.Term // of functions without the input; nil is undefined
	state     []progress        // of functions, while they are compiled
	guards    []guard           // of functions
	sets      []bool            // functions that make a set
}

type progress uint8

const (
	untouched progress = iota
	running
	compiled
)

// Compile makes a program of the one plan of a policy, which it uses up. There are no base
// documents: the tables of a rule book are rules.
func Compile(policy *ir.Policy) (*Program, error) {
	if policy.Plans == nil || len(policy.Plans.Plans) != 1 || policy.Static == nil {
		return nil, fmt.Errorf("%w: expected one plan", ErrUnsupported)
	}
	c := &compiler{
		policy: policy, program: &Program{data: ast.ObjectTerm()},
		byName: map[string]int{}, builtins: map[string]*ir.BuiltinFunc{},
		pathIDs: map[string]int{}, constants: map[int]*ast.Term{},
	}
	for _, s := range policy.Static.Strings {
		c.strings = append(c.strings, ast.StringTerm(s.Value))
	}
	for _, b := range policy.Static.BuiltinFuncs {
		c.builtins[b.Name] = b
	}
	if policy.Funcs != nil {
		for i, f := range policy.Funcs.Funcs {
			c.byName[f.Name] = i
		}
	}
	c.program.funcs = make([]function, len(c.byName))
	c.state = make([]progress, len(c.byName))
	c.guards, c.sets = make([]guard, len(c.byName)), make([]bool, len(c.byName))
	split(policy.Plans.Plans[0].Blocks, nil)
	b := &body{compiler: c, uses: usesOf(policy.Plans.Plans[0].Blocks)}
	b.reset()
	main, err := b.compile(policy.Plans.Plans[0].Blocks)
	if err != nil {
		return nil, err
	}
	c.program.main, c.program.locals = main, b.locals
	c.program.depth = b.locals + b.below
	return c.program, nil
}

// path returns the number of a place in the input.
func (c *compiler) path(keys []string) int {
	name := strings.Join(keys, "\x00") + fmt.Sprint(len(keys))
	if id, ok := c.pathIDs[name]; ok {
		return id
	}
	id := len(c.program.paths)
	c.pathIDs[name] = id
	c.program.paths = append(c.program.paths, Path{Keys: keys})
	return id
}

// function compiles a function once, and reports what it computes when that
// does not depend on the input.
func (c *compiler) function(i int) (value *ast.Term, constant bool, err error) {
	f := c.policy.Funcs.Funcs[i]
	switch c.state[i] {
	case compiled:
		value, constant = c.constants[i]
		return value, constant, nil
	case running:
		return nil, false, fmt.Errorf("%w: %s calls itself", ErrUnsupported, f.Name)
	}
	c.state[i] = running
	split(f.Blocks, f.Params)
	b := &body{compiler: c, uses: usesOf(f.Blocks), pure: true, positive: true}
	b.reset()
	form := b.form(f.Blocks)
	if len(f.Params) < 2 || f.Params[0] != ir.Input || f.Params[1] != ir.Data {
		return nil, false, fmt.Errorf("%w: %s does not take the input and the base documents", ErrUnsupported, f.Name)
	}
	params := make([]int, 0, len(f.Params))
	for _, l := range f.Params {
		b.uses.defined[l]++
		params = append(params, b.local(l))
	}
	blocks, err := b.compile(f.Blocks)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", f.Name, err)
	}
	c.program.funcs[i] = function{
		params: params, locals: b.locals, blocks: blocks,
		depth: b.locals + b.below, once: len(f.Params) == 2,
		parts: b.parts(f, form),
	}
	c.state[i], c.guards[i], c.sets[i] = compiled, b.guardOf(f.Blocks), setFunction(f.Blocks)
	if b.pure && len(f.Params) == 2 {
		return c.fold(i)
	}
	return nil, false, nil
}

// foldSteps bounds the computation of one constant: a second or so. Were it bounded by a
// clock, a slow machine would leave to each decision what a fast one computes once, and
// its gate would refuse the book for that.
const foldSteps = 5_000_000

// fold computes a function that does not look at the input. One that fails is
// left to fail again when it is asked for.
func (c *compiler) fold(i int) (*ast.Term, bool, error) {
	fn := &c.program.funcs[i]
	s := &state{
		stack: make([]*ast.Term, fn.depth), memo: make([]memo, len(c.program.funcs)),
		input: make([]*ast.Term, len(c.program.paths)), round: 1,
	}
	s.meter.Limit = foldSteps // more than Budget: a constant is computed once, before anybody waits
	s.builtins.Cancel = &s.meter
	f := s.frame(0, fn.locals)
	f[dataLocal] = c.program.data
	value, r := fn.call(s, f, fn.locals)
	if r == failed {
		return nil, false, nil
	}
	c.constants[i] = value
	fn.parts.constant, fn.parts.folded = value, true
	return value, true, nil
}

// A body is one function, or the plan itself, while it is compiled.
type body struct {
	*compiler
	uses   *uses
	known  map[ir.Local]*ast.Term // locals that are constant
	places map[ir.Local]int       // locals that are places in the input
	frame  map[ir.Local]int       // places of the other locals on the frame
	locals int                    // so far
	below  int                    // deepest stack of the functions that are called
	pure   bool                   // the input was not looked at

	positive bool              // no negation stands around the statement
	effects  map[ir.Local]bool // where the rules of the function leave what they say
}

func (b *body) reset() {
	b.known, b.places, b.frame = map[ir.Local]*ast.Term{}, map[ir.Local]int{}, map[ir.Local]int{}
	b.locals = resultLocal + 1
}

func (b *body) compile(blocks []*ir.Block) ([][]statement, error) {
	compiled := make([][]statement, 0, len(blocks))
	for _, block := range blocks {
		steps, err := b.block(block)
		if err != nil {
			return nil, err
		}
		compiled = append(compiled, steps)
	}
	return compiled, nil
}

func (b *body) block(block *ir.Block) ([]statement, error) {
	steps := make([]statement, 0, len(block.Stmts))
	for i := 0; i < len(block.Stmts); i++ {
		if n := b.literal(block.Stmts[i:]); n > 0 {
			rest, err := b.unfolded(block.Stmts[i : i+n])
			if err != nil {
				return nil, err
			}
			steps = append(steps, rest...)
			i += n - 1
			continue
		}
		step, err := b.statement(block.Stmts[i])
		if err != nil {
			return nil, err
		}
		if step != nil {
			steps = append(steps, step)
		}
	}
	return steps, nil
}

// local returns the place of a local on the stack.
func (b *body) local(l ir.Local) int {
	if l <= ir.Data {
		return int(l)
	}
	i, met := b.frame[l]
	if !met {
		i = b.locals
		b.frame[l] = i
		b.locals++
	}
	return i
}

// whole is the path of the input itself.
func (b *body) place(l ir.Local) (int, bool) {
	if l == ir.Input {
		b.pure = false
		return b.path(nil), true
	}
	id, ok := b.places[l]
	return id, ok
}

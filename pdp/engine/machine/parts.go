package machine

import (
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// parts is a function as an analysis takes it apart: its rules, none of which can
// notice another.
type parts struct {
	name     string
	line     Line
	form     form
	rules    []rule
	begin    int       // the block that makes the set; -1 when there is none
	fallback int       // the block of the default; -1 when there is none
	result   int       // where the set or the default is left
	elements *ast.Term // stands for the set where only its elements are visited
	folded   bool      // the function is a constant
	constant *ast.Term
}

// A rule is one block and the place where it leaves what it says.
type rule struct {
	block int
	line  Line
	place int
}

type form uint8

const (
	formWhole form = iota // it is run as a whole
	formSet               // rules add elements to a set that none of them reads
	formRules             // rules say a value, on which they have to agree
)

// A shape is what form found out.
type shape struct {
	form     form
	rules    map[int]ir.Local // by block
	begin    int
	fallback int
	result   ir.Local
}

// form finds out whether the rules of a function can be run one by one.
func (b *body) form(blocks []*ir.Block) shape {
	b.effects = map[ir.Local]bool{}
	s, ok := b.setShape(blocks)
	if !ok {
		s, ok = b.ruleShape(blocks)
	}
	if !ok {
		b.positive = false
		return shape{begin: -1, fallback: -1}
	}
	for _, l := range s.rules {
		b.effects[l] = true
	}
	return s
}

// setShape: the first block makes the set, the last returns it, and those
// between add to it and share nothing else.
func (b *body) setShape(blocks []*ir.Block) (shape, bool) {
	last := len(blocks) - 1
	if last < 1 || len(blocks[0].Stmts) != 1 || len(blocks[last].Stmts) != 1 {
		return shape{}, false
	}
	first, isMade := blocks[0].Stmts[0].(*ir.MakeSetStmt)
	end, isReturn := blocks[last].Stmts[0].(*ir.ReturnLocalStmt)
	if !isMade || !isReturn || end.Source != first.Target || !b.late(first.Target) {
		return shape{}, false
	}
	s := shape{form: formSet, rules: map[int]ir.Local{}, fallback: -1, result: first.Target}
	for i := 1; i < last; i++ {
		s.rules[i] = first.Target
	}
	return s, b.apart(blocks, s.rules)
}

// ruleShape: each rule leaves its value in a local, which the next block hands
// on. A default may follow.
func (b *body) ruleShape(blocks []*ir.Block) (shape, bool) {
	last := len(blocks) - 1
	if last < 2 || len(blocks[last].Stmts) != 1 {
		return shape{}, false
	}
	end, isReturn := blocks[last].Stmts[0].(*ir.ReturnLocalStmt)
	if !isReturn {
		return shape{}, false
	}
	s := shape{form: formRules, rules: map[int]ir.Local{}, begin: -1, fallback: -1, result: end.Source}
	for i := 0; i < last; i++ {
		if i == last-1 && fallsBack(blocks[i], end.Source) {
			s.fallback = i
			break
		}
		if i+1 >= last {
			return shape{}, false
		}
		l, ok := begins(blocks[i])
		if !ok || !handsOn(blocks[i+1], l, end.Source) {
			return shape{}, false
		}
		s.rules[i] = l
		i++
	}
	return s, len(s.rules) > 0 && b.apart(blocks, s.rules)
}

// begins: a rule forgets what the one before has left.
func begins(block *ir.Block) (ir.Local, bool) {
	if len(block.Stmts) == 0 {
		return 0, false
	}
	s, ok := block.Stmts[0].(*ir.ResetLocalStmt)
	if !ok {
		return 0, false
	}
	return s.Target, true
}

func handsOn(block *ir.Block, from, to ir.Local) bool {
	if len(block.Stmts) != 2 {
		return false
	}
	asked, ok := block.Stmts[0].(*ir.IsDefinedStmt)
	handed, ok2 := block.Stmts[1].(*ir.AssignVarOnceStmt)
	if !ok || !ok2 || asked.Source != from || handed.Target != to {
		return false
	}
	source, isLocal := value(handed.Source).(ir.Local)
	return isLocal && source == from
}

func fallsBack(block *ir.Block, l ir.Local) bool {
	if len(block.Stmts) == 0 {
		return false
	}
	s, ok := block.Stmts[0].(*ir.IsUndefinedStmt)
	return ok && s.Source == l
}

// apart: what one rule defines no other block looks at, but for what it leaves.
func (b *body) apart(blocks []*ir.Block, rules map[int]ir.Local) bool {
	for i, l := range rules {
		inside := usesOf(blocks[i : i+1])
		for _, defined := range []map[ir.Local]int{inside.defined, inside.changed} {
			for other := range defined {
				if other != l && !b.inside(other, inside) {
					return false
				}
			}
		}
		if inside.read[l] > 0 {
			return false
		}
	}
	return true
}

// inside: nothing outside of a part looks at the local, unless it gives it a value
// of its own first.
func (b *body) inside(l ir.Local, part *uses) bool {
	return b.uses.read[l] == part.read[l] && b.uses.probes[l] == part.probes[l] && b.uses.changed[l] == part.changed[l]
}

// independent: the blocks of a statement, and the turns of a loop, may be taken
// one at a time: they only leave something where the rule does.
func (b *body) independent(s ir.Stmt, blocks ...*ir.Block) bool {
	if !b.positive {
		return false
	}
	part := usesOf([]*ir.Block{{Stmts: []ir.Stmt{s}}})
	for _, defined := range []map[ir.Local]int{part.defined, part.changed} {
		for l := range defined {
			if !b.effects[l] && !b.inside(l, part) {
				return false
			}
		}
	}
	for _, block := range blocks {
		if leaves(block, 0) {
			return false
		}
		one := usesOf([]*ir.Block{block})
		for _, defined := range []map[ir.Local]int{one.defined, one.changed} {
			for l := range defined {
				if !b.effects[l] && !b.inside(l, one) {
					return false
				}
			}
		}
	}
	return true
}

// leaves reports whether a block is left for more than itself.
func leaves(block *ir.Block, depth uint32) bool {
	for _, s := range block.Stmts {
		switch s := s.(type) {
		case *ir.BreakStmt:
			if s.Index > depth {
				return true
			}
		case *ir.ReturnLocalStmt:
			return true
		case *ir.BlockStmt:
			for _, inner := range s.Blocks {
				if leaves(inner, depth+1) {
					return true
				}
			}
		case *ir.NotStmt:
			if leaves(s.Block, depth+1) {
				return true
			}
		case *ir.ScanStmt:
			if leaves(s.Block, depth+1) {
				return true
			}
		}
	}
	return false
}

// parts keeps what an analysis needs of a function.
func (b *body) parts(f *ir.Func, s shape) parts {
	p := parts{name: f.Name, form: s.form, begin: s.begin, fallback: s.fallback, result: resultLocal, elements: ast.SetTerm()}
	if _, rest, ok := strings.Cut(f.Name, "data."); ok {
		p.name = rest
	}
	for i, block := range f.Blocks {
		if len(block.Stmts) == 0 {
			continue
		}
		line := b.firstLine(block)
		if p.line.Row == 0 {
			p.line = line
		}
		if l, ok := s.rules[i]; ok {
			p.rules = append(p.rules, rule{block: i, line: line, place: b.local(l)})
		}
	}
	if s.form != formWhole {
		p.result = b.local(s.result)
	}
	return p
}

// firstLine is where the first statement of a block stands that has a place.
func (c *compiler) firstLine(block *ir.Block) Line {
	for _, s := range block.Stmts {
		if at := s.GetLocation(); at != nil && at.Row > 0 {
			return c.lineOf(*at)
		}
		var inner []*ir.Block
		switch s := s.(type) {
		case *ir.BlockStmt:
			inner = s.Blocks
		case *ir.NotStmt:
			inner = []*ir.Block{s.Block}
		case *ir.ScanStmt:
			inner = []*ir.Block{s.Block}
		}
		for _, one := range inner {
			if line := c.firstLine(one); line.Row > 0 {
				return line
			}
		}
	}
	return Line{}
}

// dead: nothing looks at the local, but to name it again.
func (u *uses) dead(l ir.Local) bool {
	if u.read[l] != len(u.copies[l]) || u.probes[l] > 0 || u.changed[l] > 0 {
		return false
	}
	for _, target := range u.copies[l] {
		if !u.dead(target) {
			return false
		}
	}
	return true
}

// onlyVisited: loops go over the local, and nothing else looks at it.
func (u *uses) onlyVisited(l ir.Local) bool {
	if !u.byElement(l) || u.stepped[l]+u.asked[l] > 0 {
		return false
	}
	for _, target := range u.copies[l] {
		if !u.onlyVisited(target) {
			return false
		}
	}
	return true
}

// byElement: only single elements of the local matter.
func (u *uses) byElement(l ir.Local) bool {
	if !u.single(l) || u.changed[l] > 0 || u.probes[l] > 0 || u.read[l] != u.scanned[l]+u.stepped[l]+u.asked[l]+len(u.copies[l]) {
		return false
	}
	for _, target := range u.copies[l] {
		if !u.byElement(target) {
			return false
		}
	}
	return true
}

// A Document is one that a program computes.
type Document struct {
	Name string // "authz.allow"
	Line Line
	Set  bool // its rules add elements
	// Rules are its rules, which say what they say apart from each other. Without
	// any it is evaluated whole.
	Rules    []Line
	Default  bool
	Folded   bool      // it is a constant
	Constant *ast.Term // nil for undefined
}

// Documents lists the documents that the program computes, by the numbers under
// which an Oracle is asked for them. Functions with arguments have no name.
func (p *Program) Documents() []Document {
	all := make([]Document, len(p.funcs))
	for i := range p.funcs {
		part := &p.funcs[i].parts
		if !p.funcs[i].once {
			continue
		}
		all[i] = Document{
			Name: part.name, Line: part.line, Set: part.form == formSet, Default: part.fallback >= 0,
			Folded: part.folded, Constant: part.constant,
		}
		for _, r := range part.rules {
			all[i].Rules = append(all[i].Rules, r.line)
		}
	}
	return all
}

// Whole and Default are parts of a document beside the numbers of its rules.
const (
	Whole   = -1
	Default = -2
)

// An Explorer runs parts of a program under an oracle. It is of one goroutine.
type Explorer struct {
	program *Program
	state   *state
}

// Explore prepares to run parts of the program.
func (p *Program) Explore(o Oracle) *Explorer {
	s := &state{stack: make([]*ast.Term, p.depth), memo: make([]memo, len(p.funcs)), elements: map[*ast.Term]int{}, oracle: o}
	for i := range p.funcs {
		if t := p.funcs[i].parts.elements; t != nil {
			s.elements[t] = i
		}
		if n := p.funcs[i].depth; n > len(s.stack) {
			s.stack = make([]*ast.Term, n)
		}
	}
	return &Explorer{program: p, state: s}
}

// Steps is how many steps the last Run took.
func (e *Explorer) Steps() int { return e.state.meter.Steps() }

// Run evaluates a part of a document once. It returns the elements that a rule of
// a set adds, as a set, or the value; nil for nothing.
func (e *Explorer) Run(document, part int) (*ast.Term, error) {
	fn, s := &e.program.funcs[document], e.state
	s.begin(nil, time.Time{})
	s.builtins.Cancel = &s.meter
	f := s.frame(0, fn.locals)
	f[dataLocal] = e.program.data
	s.choosing = part >= 0
	if part == Whole {
		v, r := fn.call(s, f, fn.locals)
		if r == failed {
			return nil, s.err
		}
		return v, nil
	}
	block, place := fn.parts.fallback, fn.parts.result
	if part >= 0 {
		block, place = fn.parts.rules[part].block, fn.parts.rules[part].place
	}
	if fn.parts.begin >= 0 {
		if run(s, f, fn.locals, fn.blocks[fn.parts.begin]) == failed {
			return nil, s.err
		}
	}
	if run(s, f, fn.locals, fn.blocks[block]) == failed {
		return nil, s.err
	}
	if f[place] == nothing {
		return nil, nil
	}
	return f[place], nil
}

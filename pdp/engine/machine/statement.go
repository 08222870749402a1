package machine

import (
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// statement compiles one statement. A nil statement has nothing to do.
func (b *body) statement(s ir.Stmt) (statement, error) {
	switch s := s.(type) {
	case *ir.BlockStmt:
		return b.blocks(s)
	case *ir.NotStmt:
		return b.not(s)
	case *ir.ScanStmt:
		return b.scan(s)
	case *ir.CallStmt:
		return b.call(s)
	case *ir.DotStmt:
		return b.dot(s)
	case *ir.BreakStmt:
		left := signal(s.Index) + 1
		return func(*state, []*ast.Term, int) signal { return left }, nil
	case *ir.NopStmt:
		return nil, nil
	case *ir.ReturnLocalStmt:
		return b.answer(s)
	case *ir.ResultSetAddStmt:
		return b.result(s)
	case *ir.AssignVarStmt:
		return b.assign(s)
	case *ir.AssignVarOnceStmt:
		return b.assignOnce(s)
	}
	return b.test(s)
}

func (b *body) blocks(s *ir.BlockStmt) (statement, error) {
	blocks, err := b.compile(s.Blocks)
	if err != nil {
		return nil, err
	}
	independent := b.independent(s, s.Blocks...)
	if step := b.choose(s.Blocks, blocks, independent); step != nil {
		return step, nil
	}
	return func(s *state, f []*ast.Term, base int) signal {
		if independent && s.choosing {
			return runOne(s, f, base, blocks)
		}
		for _, block := range blocks {
			if r := run(s, f, base, block); r != done && r != broken {
				return r
			}
		}
		return done
	}, nil
}

func (b *body) not(s *ir.NotStmt) (statement, error) {
	positive := b.positive
	b.positive = false
	block, err := b.block(s.Block)
	b.positive = positive
	if err != nil {
		return nil, err
	}
	return func(s *state, f []*ast.Term, base int) signal {
		switch r := run(s, f, base, block); r {
		case done:
			return undef
		case broken:
			return done
		default:
			return r
		}
	}, nil
}

// scan runs a block for each member. To leave the block once is to go on with
// the next member, to leave it twice is to leave the loop.
func (b *body) scan(s *ir.ScanStmt) (statement, error) {
	source := b.reading(s.Source)
	key, value := b.local(s.Key), b.local(s.Value)
	independent := b.independent(s, s.Block)
	positive := b.positive
	b.positive = independent
	block, err := b.block(s.Block)
	b.positive = positive
	if err != nil {
		return nil, err
	}
	l := &loop{key: key, value: value, block: block, independent: independent, unread: b.uses.dead(s.Key) && b.uses.dead(s.Value)}
	if source.kind == constant {
		return scanConstant(source.term, l), nil
	}
	return func(s *state, f []*ast.Term, base int) (r signal) {
		members := source.get(s, f)
		if members == nil || members == nothing {
			return done
		}
		if s.oracle != nil {
			return l.explore(s, f, base, members)
		}
		each(members.Value, func(k, v *ast.Term) bool {
			if err := s.tick(); err != nil {
				r = s.fail(err)
				return false
			}
			f[key], f[value] = k, v
			switch r = run(s, f, base, block); {
			case r == done || r == broken:
				r = done
				return true
			case r > done:
				r--
			}
			return false
		})
		return r
	}, nil
}

// scanConstant lists the members of a table once.
func scanConstant(table *ast.Term, l *loop) statement {
	key, value, block := l.key, l.value, l.block
	var members [][2]*ast.Term
	each(table.Value, func(k, v *ast.Term) bool {
		members = append(members, [2]*ast.Term{k, v})
		return true
	})
	return func(s *state, f []*ast.Term, base int) signal {
		if s.oracle != nil {
			return l.explore(s, f, base, table)
		}
		for _, m := range members {
			if err := s.tick(); err != nil {
				return s.fail(err)
			}
			f[key], f[value] = m[0], m[1]
			switch r := run(s, f, base, block); {
			case r == done || r == broken:
			case r > done:
				return r - 1
			default:
				return r
			}
		}
		return done
	}
}

func (b *body) answer(s *ir.ReturnLocalStmt) (statement, error) {
	source := b.reading(s.Source)
	return func(s *state, f []*ast.Term, _ int) signal {
		f[resultLocal] = source.get(s, f)
		return returned
	}, nil
}

func (b *body) result(s *ir.ResultSetAddStmt) (statement, error) {
	source := b.reading(s.Value)
	key := ast.StringTerm("result")
	return func(s *state, f []*ast.Term, _ int) signal {
		if v := source.get(s, f); v != nil {
			s.answer = lookup(v.Value, key)
		}
		return done
	}, nil
}

// assign forgets names: what is always the same thing is used directly.
func (b *body) assign(s *ir.AssignVarStmt) (statement, error) {
	settled := b.uses.single(s.Target) && b.uses.changed[s.Target] == 0
	if l, ok := value(s.Source).(ir.Local); ok && settled && b.known[l] == nil {
		if place, ok := b.place(l); ok {
			b.places[s.Target] = place
			return nil, nil
		}
	}
	source, err := b.operand(s.Source)
	if err != nil {
		return nil, err
	}
	if settled && source.kind == constant {
		b.known[s.Target] = source.term
		return nil, nil
	}
	target := b.local(s.Target)
	return func(s *state, f []*ast.Term, _ int) signal {
		f[target] = source.get(s, f)
		return holds(f[target] != nil)
	}, nil
}

func (b *body) assignOnce(s *ir.AssignVarOnceStmt) (statement, error) {
	source, err := b.operand(s.Source)
	if err != nil {
		return nil, err
	}
	target := b.local(s.Target)
	return func(s *state, f []*ast.Term, _ int) signal {
		v := source.get(s, f)
		if v == nil {
			return undef
		}
		if old := f[target]; old != nil && !s.equal(old, v) {
			return s.fail(ErrConflict)
		}
		f[target] = v
		return done
	}, nil
}

// test compiles what compares, and hands on the rest.
func (b *body) test(s ir.Stmt) (statement, error) {
	switch s := s.(type) {
	case *ir.EqualStmt:
		return b.equal(s)
	case *ir.NotEqualStmt:
		return b.notEqual(s)
	case *ir.IsDefinedStmt:
		source := b.reading(s.Source)
		return func(s *state, f []*ast.Term, _ int) signal { return holds(source.get(s, f) != nil) }, nil
	case *ir.IsUndefinedStmt:
		source := b.reading(s.Source)
		return func(s *state, f []*ast.Term, _ int) signal { return holds(source.get(s, f) == nil) }, nil
	case *ir.IsArrayStmt:
		return b.is(s.Source, func(v ast.Value) bool { _, ok := v.(*ast.Array); return ok })
	case *ir.IsObjectStmt:
		return b.is(s.Source, func(v ast.Value) bool { _, ok := v.(ast.Object); return ok })
	case *ir.IsSetStmt:
		return b.is(s.Source, func(v ast.Value) bool { _, ok := v.(ast.Set); return ok })
	}
	return b.make(s)
}

func holds(condition bool) signal {
	if condition {
		return done
	}
	return undef
}

func (b *body) is(o ir.Operand, kind func(ast.Value) bool) (statement, error) {
	source, err := b.operand(o)
	if err != nil {
		return nil, err
	}
	return func(s *state, f []*ast.Term, _ int) signal {
		v := source.get(s, f)
		return holds(v != nil && kind(v.Value))
	}, nil
}

func (b *body) equal(s *ir.EqualStmt) (statement, error) {
	if place, word, ok := b.comparison(s.A, s.B); ok {
		b.compared(place, word)
		return func(s *state, _ []*ast.Term, _ int) signal {
			v := s.at(place)
			if v == nil {
				return undef
			}
			got, ok := v.Value.(ast.String)
			return holds(ok && got == word)
		}, nil
	}
	if x, y, ok := b.bothPlaces(s); ok {
		b.program.equals = append(b.program.equals, [2]int{x, y})
		return func(s *state, _ []*ast.Term, _ int) signal {
			v, w := s.at(x), s.at(y)
			return holds(v != nil && w != nil && s.equal(v, w))
		}, nil
	}
	o, err := b.operands(s.A, s.B)
	if err != nil {
		return nil, err
	}
	x, y := o[0], o[1]
	return func(s *state, f []*ast.Term, _ int) signal {
		v, w := x.get(s, f), y.get(s, f)
		return holds(v != nil && w != nil && s.equal(v, w))
	}, nil
}

func (b *body) bothPlaces(s *ir.EqualStmt) (x, y int, ok bool) {
	l, isLocal := value(s.A).(ir.Local)
	m, isLocal2 := value(s.B).(ir.Local)
	if !isLocal || !isLocal2 {
		return 0, 0, false
	}
	x, isPlace := b.place(l)
	y, isPlace2 := b.place(m)
	return x, y, isPlace && isPlace2
}

// comparison: a place in the input against a text.
func (b *body) comparison(x, y ir.Operand) (place int, word ast.String, ok bool) {
	for _, side := range [][2]ir.Operand{{x, y}, {y, x}} {
		l, isLocal := value(side[0]).(ir.Local)
		if !isLocal {
			continue
		}
		place, isPlace := b.place(l)
		word, isText := b.text(side[1])
		if isPlace && isText {
			return place, word, true
		}
	}
	return 0, "", false
}

// text returns the text that an operand always is.
func (b *body) text(o ir.Operand) (ast.String, bool) {
	if l, ok := value(o).(ir.Local); ok {
		t, known := b.known[l]
		return text(operand{term: t, kind: kindOf(known)})
	}
	r, err := b.operand(o)
	if err != nil {
		return "", false
	}
	return text(r)
}

// compared notes that it matters whether a place holds this text.
func (b *body) compared(place int, word ast.String) {
	p := &b.program.paths[place]
	if !slices.Contains(p.Words, string(word)) {
		p.Words = append(p.Words, string(word))
	}
}

func text(o operand) (ast.String, bool) {
	if o.kind != constant {
		return "", false
	}
	s, ok := o.term.Value.(ast.String)
	return s, ok
}

func (b *body) notEqual(s *ir.NotEqualStmt) (statement, error) {
	o, err := b.operands(s.A, s.B)
	if err != nil {
		return nil, err
	}
	x, y := o[0], o[1]
	if y.kind == constant && isFalse(y.term) {
		return func(s *state, f []*ast.Term, _ int) signal {
			v := x.get(s, f)
			return holds(v != nil && !isFalse(v))
		}, nil
	}
	return func(s *state, f []*ast.Term, _ int) signal {
		v, w := x.get(s, f), y.get(s, f)
		return holds(v != nil && w != nil && !s.equal(v, w))
	}, nil
}

// make compiles what builds values at run time.
func (b *body) make(s ir.Stmt) (statement, error) {
	if l, ok := madeBy(s); ok {
		target := b.local(l)
		if b.late(l) {
			return func(_ *state, f []*ast.Term, _ int) signal { f[target] = nothing; return done }, nil
		}
		return func(_ *state, f []*ast.Term, _ int) signal {
			f[target] = b.fresh(s)
			return done
		}, nil
	}
	switch s := s.(type) {
	case *ir.ResetLocalStmt:
		target := b.local(s.Target)
		return func(_ *state, f []*ast.Term, _ int) signal { f[target] = nil; return done }, nil
	case *ir.LenStmt:
		return b.length(s)
	case *ir.ObjectInsertOnceStmt:
		return b.insertOnce(s)
	}
	if into, operands, ok := insertion(s); ok {
		return b.insert(into, operands)
	}
	return nil, fmt.Errorf("%w: %T", ErrUnsupported, s)
}

func (b *body) length(s *ir.LenStmt) (statement, error) {
	source, err := b.operand(s.Source)
	if err != nil {
		return nil, err
	}
	target := b.local(s.Target)
	return func(s *state, f []*ast.Term, _ int) signal {
		v := source.get(s, f)
		if v == nil || length(v.Value) < 0 {
			return undef
		}
		f[target] = ast.InternedTerm(length(v.Value))
		return done
	}, nil
}

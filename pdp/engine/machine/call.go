package machine

import (
	"context"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/topdown"
)

func (b *body) call(s *ir.CallStmt) (statement, error) {
	if i, ok := b.byName[s.Func]; ok {
		return b.callPlanned(s, i)
	}
	return b.callBuiltin(s)
}

// callPlanned calls a function of the plan. One without parameters of its own
// is a document, and is computed once for each evaluation.
func (b *body) callPlanned(s *ir.CallStmt, i int) (statement, error) {
	if len(s.Args) < 2 || value(s.Args[0]) != ir.Input || value(s.Args[1]) != ir.Data {
		return nil, fmt.Errorf("%w: %s is called on another input", ErrUnsupported, s.Func)
	}
	value, constant, err := b.function(i)
	if err != nil {
		return nil, err
	}
	if constant && len(s.Args) == 2 {
		return b.settle(s.Result, value), nil
	}
	b.pure = false
	fn := &b.program.funcs[i]
	if len(fn.params) != len(s.Args) {
		return nil, fmt.Errorf("%w: %s is called with %d arguments", ErrUnsupported, s.Func, len(s.Args))
	}
	b.below = max(b.below, fn.depth)
	target := b.local(s.Result)
	if fn.once {
		return document(b.program, i, target, b.uses.byElement(s.Result)), nil
	}
	args, err := b.operands(s.Args[2:]...)
	if err != nil {
		return nil, err
	}
	return func(s *state, f []*ast.Term, base int) signal {
		inner := s.frame(base, fn.locals)
		inner[dataLocal] = f[dataLocal]
		for n := range args {
			v := args[n].get(s, f)
			if v == nil {
				return undef
			}
			inner[fn.params[n+2]] = v
		}
		choosing := s.choosing
		s.choosing = false
		v, r := fn.call(s, inner, base+fn.locals)
		s.choosing = choosing
		if r != done {
			return r
		}
		f[target] = v
		return holds(v != nil)
	}, nil
}

// settle gives a local a constant, or is undefined.
func (b *body) settle(l ir.Local, value *ast.Term) statement {
	if value == nil {
		return func(*state, []*ast.Term, int) signal { return undef }
	}
	if b.uses.single(l) && b.uses.changed[l] == 0 {
		b.known[l] = value
		return nil
	}
	target := b.local(l)
	return func(_ *state, f []*ast.Term, _ int) signal {
		f[target] = value
		return done
	}
}

func document(p *Program, i, target int, byElement bool) statement {
	fn := &p.funcs[i]
	return func(s *state, f []*ast.Term, base int) signal {
		if s.oracle != nil {
			f[target] = fn.known(s, i, byElement)
			return holds(f[target] != nil)
		}
		m := &s.memo[i]
		if m.round != s.round {
			inner := s.frame(base, fn.locals)
			inner[dataLocal] = f[dataLocal]
			v, r := fn.call(s, inner, base+fn.locals)
			if r != done {
				return r
			}
			m.round, m.value = s.round, v
		}
		f[target] = m.value
		return holds(m.value != nil)
	}
}

// light are builtins whose cost is bounded by their operands: they need no
// clock of their own.
var light = map[string]bool{
	"internal.member_2": true, "neq": true, "equal": true, "lt": true, "lte": true, "gt": true, "gte": true,
	"plus": true, "minus": true, "mul": true, "div": true, "rem": true, "abs": true, "round": true, "ceil": true, "floor": true,
	"count": true, "startswith": true, "endswith": true, "contains": true, "lower": true, "upper": true, "trim": true,
	"and": true, "or": true, "is_string": true, "is_boolean": true, "is_number": true, "object.get": true,
}

// callBuiltin calls a builtin of OPA's. An error of it is an error of the whole.
func (b *body) callBuiltin(s *ir.CallStmt) (statement, error) {
	f, decl := topdown.GetBuiltin(s.Func), b.builtins[s.Func]
	if f == nil || decl == nil || decl.Decl == nil || decl.Decl.Result() == nil {
		return nil, fmt.Errorf("%w: builtin %s", ErrUnsupported, s.Func)
	}
	known := ast.BuiltinMap[s.Func]
	if known == nil || known.Nondeterministic || known.Relation {
		return nil, fmt.Errorf("%w: builtin %s", ErrUnsupported, s.Func)
	}
	if step := b.shortcut(s); step != nil {
		return step, nil
	}
	args, err := b.operands(s.Args...)
	if err != nil {
		return nil, err
	}
	b.program.heavy = b.program.heavy || !light[s.Func]
	target, name, at := b.local(s.Result), s.Func, b.lineOf(s.Location)
	visited := b.uses.onlyVisited(s.Result)
	return func(s *state, locals []*ast.Term, _ int) signal {
		operands := make([]*ast.Term, len(args))
		for i := range args {
			if operands[i] = args[i].get(s, locals); operands[i] == nil {
				return undef
			}
		}
		locals[target] = nil
		if s.oracle != nil {
			if name == memberOf && s.isElements(operands[1]) {
				locals[target] = ast.InternedTerm(s.lookup(operands[1], operands[0]) != nil)
				return done
			}
			if name == ast.Split.Name && visited {
				if words := s.words(operands); words != nil {
					locals[target] = words
					return done
				}
			}
			if err := s.oracle.Call(name, at, operands); err != nil {
				return s.fail(err)
			}
		}
		if err := f(s.builtinContext(), operands, func(t *ast.Term) error { locals[target] = t; return nil }); err != nil {
			return s.fail(s.stoppedBy(fmt.Errorf("builtin: %w", err)))
		}
		if locals[target] == nil {
			return undef
		}
		if err := s.made(locals[target]); err != nil {
			return s.fail(err)
		}
		return done
	}, nil
}

func (s *state) builtinContext() topdown.BuiltinContext {
	c := s.builtins
	c.Context = context.Background()

	return c
}

// shortcut compiles comparisons of a place in the input with known texts.
func (b *body) shortcut(s *ir.CallStmt) statement {
	switch {
	case len(s.Args) != 2:
		return nil
	case s.Func == memberOf:
		return b.member(s)
	case s.Func != "neq" && s.Func != "equal":
		return nil
	}
	place, word, ok := b.comparison(s.Args[0], s.Args[1])
	if !ok {
		return nil
	}
	b.compared(place, word)
	return b.oneOf(place, map[ast.String]bool{word: true}, s.Func == "equal", s.Result)
}

// oneOf gives a local whether a place holds one of the words, or whether not.
func (b *body) oneOf(place int, words map[ast.String]bool, is bool, to ir.Local) statement {
	target := b.local(to)
	one, other := ast.InternedTerm(is), ast.InternedTerm(!is)
	return func(s *state, f []*ast.Term, _ int) signal {
		v := s.at(place)
		if v == nil {
			return undef
		}
		f[target] = other
		if word, ok := v.Value.(ast.String); ok && words[word] {
			f[target] = one
		}
		return done
	}
}

// member asks whether a place in the input holds one of a constant set of texts.
func (b *body) member(s *ir.CallStmt) statement {
	x, isLocal := value(s.Args[0]).(ir.Local)
	if !isLocal {
		return nil
	}
	place, isPlace := b.place(x)
	words, ok := b.words(s.Args[1])
	if !isPlace || !ok {
		return nil
	}
	for word := range words {
		b.compared(place, word)
	}
	return b.oneOf(place, words, true, s.Result)
}

// words returns the elements of a constant set of texts.
func (b *body) words(o ir.Operand) (map[ast.String]bool, bool) {
	l, isLocal := value(o).(ir.Local)
	known := b.known[l]
	if !isLocal || known == nil {
		return nil, false
	}
	set, ok := known.Value.(ast.Set)
	if !ok {
		return nil, false
	}
	words := map[ast.String]bool{}
	other := set.Until(func(t *ast.Term) bool {
		word, ok := t.Value.(ast.String)
		words[word] = true
		return !ok
	})
	return words, !other
}

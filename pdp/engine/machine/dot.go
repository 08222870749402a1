package machine

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// dot compiles a step into a value. Steps into the input by constant keys are
// places, which the caller has looked up before; steps into a table are looked
// up in a map of Go's.
func (b *body) dot(s *ir.DotStmt) (statement, error) {
	key, err := b.operand(s.Key)
	if err != nil {
		return nil, err
	}
	if l, ok := value(s.Source).(ir.Local); ok {
		if place, ok := b.place(l); ok {
			if word, ok := text(key); ok {
				return b.step(place, string(word), s.Target), nil
			}
		}
	}
	source, err := b.operand(s.Source)
	if err != nil {
		return nil, err
	}
	if source.kind == constant {
		return b.table(source.term, key, s.Target), nil
	}
	target := b.local(s.Target)
	return func(s *state, f []*ast.Term, _ int) signal {
		from, k := source.get(s, f), key.get(s, f)
		if from == nil || k == nil {
			return undef
		}
		f[target] = s.lookup(from, k)
		return holds(f[target] != nil)
	}, nil
}

// step goes from a place in the input to one below it.
func (b *body) step(from int, key string, to ir.Local) statement {
	keys := append(slices.Clone(b.program.paths[from].Keys), key)
	place := b.path(keys)
	if b.uses.single(to) && b.uses.changed[to] == 0 {
		b.places[to] = place
		b.program.paths[place].Seen = b.program.paths[place].Seen || b.uses.read[to] != b.uses.stepped[to]
		return func(s *state, _ []*ast.Term, _ int) signal { return holds(s.at(place) != nil) }
	}
	b.program.paths[place].Read, b.program.paths[place].Seen = true, true
	target := b.local(to)
	return func(s *state, f []*ast.Term, _ int) signal {
		f[target] = s.at(place)
		return holds(f[target] != nil)
	}
}

// table looks up in a constant.
func (b *body) table(source *ast.Term, key operand, to ir.Local) statement {
	if key.kind == constant && b.uses.single(to) {
		found := lookup(source.Value, key.term)
		if found == nil {
			return func(*state, []*ast.Term, int) signal { return undef }
		}
		b.known[to] = found
		return nil
	}
	target := b.local(to)
	object, ok := source.Value.(ast.Object)
	if !ok {
		return func(s *state, f []*ast.Term, _ int) signal {
			k := key.get(s, f)
			if k == nil {
				return undef
			}
			s.looked(source, k)
			f[target] = lookup(source.Value, k)
			return holds(f[target] != nil)
		}
	}
	words := map[ast.String]*ast.Term{}
	object.Foreach(func(k, v *ast.Term) {
		if word, ok := k.Value.(ast.String); ok {
			words[word] = v
		}
	})
	return func(s *state, f []*ast.Term, _ int) signal {
		k := key.get(s, f)
		if k == nil {
			return undef
		}
		s.looked(source, k)
		if word, ok := k.Value.(ast.String); ok {
			f[target] = words[word]
		} else {
			f[target] = object.Get(k)
		}
		return holds(f[target] != nil)
	}
}

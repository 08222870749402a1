package machine

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// insert puts something into a value that this function has made. One that was
// found elsewhere is never changed.
func (b *body) insert(into ir.Local, list []ir.Operand) (statement, error) {
	if !b.own(into) {
		return nil, fmt.Errorf("%w: a value is changed that was not made here", ErrUnsupported)
	}
	o, err := b.operands(list...)
	if err != nil {
		return nil, err
	}
	target := b.local(into)
	if b.late(into) {
		return func(s *state, f []*ast.Term, _ int) signal {
			v := o[0].get(s, f)
			switch {
			case v == nil:
				return undef
			case f[target] == nothing:
				f[target] = ast.SetTerm(v)
			default:
				s.inserted(f[target], v)
				f[target].Value.(ast.Set).Add(v)
			}
			return done
		}, nil
	}
	if len(o) == 1 {
		return func(s *state, f []*ast.Term, _ int) signal {
			v := o[0].get(s, f)
			if v == nil {
				return undef
			}
			if set, ok := f[target].Value.(ast.Set); ok {
				s.inserted(f[target], v)
				set.Add(v)
				return done
			}
			array, ok := f[target].Value.(*ast.Array)
			if !ok {
				return undef
			}
			f[target] = ast.NewTerm(array.Append(v))
			return done
		}, nil
	}
	return func(s *state, f []*ast.Term, _ int) signal {
		key, value := o[0].get(s, f), o[1].get(s, f)
		object, ok := f[target].Value.(ast.Object)
		if !ok || key == nil || value == nil {
			return undef
		}
		s.inserted(f[target], key)
		object.Insert(key, value)
		return done
	}, nil
}

func (b *body) insertOnce(s *ir.ObjectInsertOnceStmt) (statement, error) {
	if !b.own(s.Object) {
		return nil, fmt.Errorf("%w: a value is changed that was not made here", ErrUnsupported)
	}
	o, err := b.operands(s.Key, s.Value)
	if err != nil {
		return nil, err
	}
	target := b.local(s.Object)
	return func(s *state, f []*ast.Term, _ int) signal {
		key, value := o[0].get(s, f), o[1].get(s, f)
		object, ok := f[target].Value.(ast.Object)
		if !ok || key == nil || value == nil {
			return undef
		}
		s.inserted(f[target], key)
		if old := object.Get(key); old != nil && !s.equal(old, value) {
			return s.fail(ErrConflict)
		}
		object.Insert(key, value)
		return done
	}, nil
}

// nothing is the empty set of all documents to which no rule has contributed.
var nothing = ast.SetTerm()

// late: the set is made when its first element comes, because nothing reads
// it before it is returned.
func (b *body) late(l ir.Local) bool {
	return b.uses.sets[l] && b.uses.single(l) && b.uses.read[l] == 0
}

// own: the local is defined by Make statements alone.
func (b *body) own(l ir.Local) bool { return b.uses.made[l] > 0 && b.uses.made[l] == b.uses.defined[l] }

package machine

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// An operand is a constant, a place in the input, or a local.
type operand struct {
	term  *ast.Term
	place int
	local int
	kind  operandKind
}

type operandKind uint8

const (
	constant operandKind = iota
	placed
	variable
)

// kindOf is constant for what is known.
func kindOf(known bool) operandKind {
	if known {
		return constant
	}
	return variable
}

func (o *operand) get(s *state, f []*ast.Term) *ast.Term {
	switch o.kind {
	case constant:
		return o.term
	case placed:
		return s.at(o.place)
	default:
		return f[o.local]
	}
}

// value is what an operand holds: a plan that was read from JSON holds pointers.
func value(o ir.Operand) ir.Val {
	switch v := o.Value.(type) {
	case *ir.Local:
		return *v
	case *ir.StringIndex:
		return *v
	case *ir.Bool:
		return *v
	default:
		return v
	}
}

// operand resolves what a statement reads. Reading a place of the input makes
// it one that the answer depends on.
func (b *body) operand(o ir.Operand) (operand, error) {
	switch v := value(o).(type) {
	case ir.StringIndex:
		return operand{term: b.strings[v]}, nil
	case ir.Bool:
		return operand{term: ast.InternedTerm(bool(v))}, nil
	case ir.Local:
		return b.reading(v), nil
	}
	return operand{}, fmt.Errorf("%w: operand %T", ErrUnsupported, o.Value)
}

func (b *body) reading(l ir.Local) operand {
	if t, ok := b.known[l]; ok {
		return operand{term: t}
	}
	if l == ir.Data {
		return operand{term: b.program.data}
	}
	if id, ok := b.place(l); ok {
		b.program.paths[id].Read = true
		return operand{kind: placed, place: id}
	}
	return operand{kind: variable, local: b.local(l)}
}

func (b *body) operands(list ...ir.Operand) ([]operand, error) {
	resolved := make([]operand, 0, len(list))
	for _, o := range list {
		r, err := b.operand(o)
		if err != nil {
			return nil, err
		}
		resolved = append(resolved, r)
	}
	return resolved, nil
}

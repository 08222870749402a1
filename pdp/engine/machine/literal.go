package machine

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// literal builds the constants that the statements at the head of a block
// spell out, and returns how many statements that took; 0 when none is one.
func (b *body) literal(stmts []ir.Stmt) int {
	n := 0
	changes := map[ir.Local]int{}
	for _, s := range stmts {
		_, made := madeBy(s)
		into, _, inserted := insertion(s)
		if !made && !inserted {
			break
		}
		if inserted {
			changes[into]++
		}
		n++
	}
	building := map[ir.Local]bool{}
	for _, s := range stmts[:n] {
		if l, ok := madeBy(s); ok && b.uses.single(l) && b.uses.changed[l] == changes[l] {
			building[l] = true
		}
	}
	b.dropVariable(stmts[:n], building)
	for _, s := range stmts[:n] {
		b.build(s, building)
	}
	return n
}

// dropVariable takes back what something is put into that is not known, or
// not whole yet.
func (b *body) dropVariable(stmts []ir.Stmt, building map[ir.Local]bool) {
	whole := map[ir.Local]int{} // the last statement that makes or changes it
	for i, s := range stmts {
		l, ok := madeBy(s)
		if !ok {
			l, _, _ = insertion(s)
		}
		whole[l] = i
	}
	for again := true; again; {
		again = false
		for i, s := range stmts {
			into, operands, ok := insertion(s)
			if ok && building[into] && !b.literals(s, operands, func(l ir.Local) bool { return building[l] && whole[l] < i }) {
				delete(building, into)
				again = true
			}
		}
	}
}

// literals reports whether all that is inserted is known, or is built before.
func (b *body) literals(s ir.Stmt, operands []ir.Operand, built func(ir.Local) bool) bool {
	if _, once := s.(*ir.ObjectInsertOnceStmt); once {
		return false
	}
	for _, o := range operands {
		l, isLocal := value(o).(ir.Local)
		_, isKnown := b.known[l]
		if isLocal && !isKnown && !built(l) {
			return false
		}
	}
	return true
}

// build takes one statement of a literal at once.
func (b *body) build(s ir.Stmt, building map[ir.Local]bool) {
	if l, ok := madeBy(s); ok {
		if building[l] {
			b.known[l] = b.fresh(s)
		}
		return
	}
	into, operands, _ := insertion(s)
	if !building[into] {
		return
	}
	terms := make([]*ast.Term, len(operands))
	for i, o := range operands {
		r, _ := b.operand(o) // its kind was looked at before
		terms[i] = r.term
	}
	b.known[into] = inserted(b.known[into], terms)
}

// fresh is the value that a Make statement begins with.
func (b *body) fresh(s ir.Stmt) *ast.Term {
	switch s := s.(type) {
	case *ir.MakeNullStmt:
		return ast.InternedNullTerm
	case *ir.MakeNumberIntStmt:
		return ast.InternedTerm(int(s.Value))
	case *ir.MakeNumberRefStmt:
		return number(b.policy.Static.Strings[s.Index].Value)
	case *ir.MakeArrayStmt:
		return ast.ArrayTerm()
	case *ir.MakeObjectStmt:
		return ast.ObjectTerm()
	default:
		return ast.SetTerm()
	}
}

// inserted changes a value: an array gets a new last element and is another
// term, objects and sets are changed in place.
func inserted(into *ast.Term, terms []*ast.Term) *ast.Term {
	switch v := into.Value.(type) {
	case *ast.Array:
		return ast.NewTerm(v.Append(terms[0]))
	case ast.Object:
		v.Insert(terms[0], terms[1])
	case ast.Set:
		v.Add(terms[0])
	}
	return into
}

// unfolded compiles those statements of a literal that are not constant.
func (b *body) unfolded(stmts []ir.Stmt) ([]statement, error) {
	var steps []statement
	for _, s := range stmts {
		target, ok := madeBy(s)
		if !ok {
			target, _, _ = insertion(s)
		}
		if _, folded := b.known[target]; folded {
			continue
		}
		step, err := b.statement(s)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return steps, nil
}

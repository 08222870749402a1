package machine

import "github.com/open-policy-agent/opa/v1/ir"

// uses counts what a function does with each of its locals, so that the
// compiler knows what it may replace by a constant or by a path of the input.
type uses struct {
	defined map[ir.Local]int  // statements that give it a value
	changed map[ir.Local]int  // statements that insert into it
	probed  map[ir.Local]bool // whether it is defined matters, or it is given up
	made    map[ir.Local]int  // statements that make it anew
	read    map[ir.Local]int  // statements that use its value, beside those that return it
	sets    map[ir.Local]bool // made as a set
	first   map[ir.Local]bool // whether the first that happens to it is that it gets a value
	scanned map[ir.Local]int  // loops over it
	stepped map[ir.Local]int  // steps from it to what is below
	asked   map[ir.Local]int  // questions of whether something is in it
	probes  map[ir.Local]int  // how often it is probed
	copies  map[ir.Local][]ir.Local
}

func usesOf(blocks []*ir.Block) *uses {
	u := &uses{
		defined: map[ir.Local]int{}, changed: map[ir.Local]int{}, probed: map[ir.Local]bool{},
		made: map[ir.Local]int{}, read: map[ir.Local]int{}, sets: map[ir.Local]bool{}, first: map[ir.Local]bool{},
		scanned: map[ir.Local]int{}, stepped: map[ir.Local]int{}, asked: map[ir.Local]int{}, probes: map[ir.Local]int{}, copies: map[ir.Local][]ir.Local{},
	}
	u.blocks(blocks)
	return u
}

// single: one statement defines it, and none asks whether it did.
func (u *uses) single(l ir.Local) bool {
	return l > ir.Data && u.defined[l] == 1 && !u.probed[l]
}

// met notes what happens to a local first.
func (u *uses) met(l ir.Local, gets bool) {
	if _, known := u.first[l]; !known {
		u.first[l] = gets
	}
}

func (u *uses) use(l ir.Local) {
	u.met(l, false)
	u.read[l]++
}

func (u *uses) define(l ir.Local) {
	u.met(l, true)
	u.defined[l]++
}

func (u *uses) probe(l ir.Local) {
	u.met(l, false)
	u.probed[l] = true
	u.probes[l]++
}

func (u *uses) blocks(blocks []*ir.Block) {
	for _, b := range blocks {
		for _, s := range b.Stmts {
			u.statement(s)
		}
	}
}

func (u *uses) operands(list ...ir.Operand) {
	for _, o := range list {
		if l, ok := value(o).(ir.Local); ok {
			u.use(l)
		}
	}
}

func (u *uses) statement(s ir.Stmt) {
	switch s := s.(type) {
	case *ir.BlockStmt:
		u.blocks(s.Blocks)
	case *ir.NotStmt:
		u.blocks([]*ir.Block{s.Block})
	case *ir.ScanStmt:
		u.use(s.Source)
		u.scanned[s.Source]++
		u.define(s.Key)
		u.define(s.Value)
		u.blocks([]*ir.Block{s.Block})
	case *ir.CallStmt:
		u.operands(s.Args...)
		if s.Func == memberOf && len(s.Args) == 2 {
			if l, ok := value(s.Args[1]).(ir.Local); ok {
				u.asked[l]++
			}
		}
		u.define(s.Result)
	case *ir.DotStmt:
		u.operands(s.Source, s.Key)
		if l, ok := value(s.Source).(ir.Local); ok {
			u.stepped[l]++
		}
		u.define(s.Target)
	case *ir.LenStmt:
		u.operands(s.Source)
		u.define(s.Target)
	case *ir.ReturnLocalStmt:
		u.met(s.Source, false)
		u.probes[s.Source]++
	case *ir.ResultSetAddStmt:
		u.use(s.Value)
	default:
		u.simple(s)
	}
}

func (u *uses) simple(s ir.Stmt) {
	switch s := s.(type) {
	case *ir.AssignVarStmt:
		u.operands(s.Source)
		if l, ok := value(s.Source).(ir.Local); ok {
			u.copies[l] = append(u.copies[l], s.Target)
		}
		u.define(s.Target)
	case *ir.AssignVarOnceStmt:
		u.operands(s.Source)
		u.probe(s.Target)
		u.define(s.Target)
	case *ir.AssignIntStmt:
		u.define(s.Target)
	case *ir.ResetLocalStmt:
		u.probe(s.Target)
	case *ir.IsDefinedStmt:
		u.probe(s.Source)
	case *ir.IsUndefinedStmt:
		u.probe(s.Source)
	case *ir.EqualStmt:
		u.operands(s.A, s.B)
	case *ir.NotEqualStmt:
		u.operands(s.A, s.B)
	case *ir.IsArrayStmt:
		u.operands(s.Source)
	case *ir.IsObjectStmt:
		u.operands(s.Source)
	case *ir.IsSetStmt:
		u.operands(s.Source)
	default:
		u.building(s)
	}
}

func (u *uses) building(s ir.Stmt) {
	if made, ok := madeBy(s); ok {
		u.define(made)
		u.made[made]++
		if _, ok := s.(*ir.MakeSetStmt); ok {
			u.sets[made] = true
		}
		return
	}
	if into, operands, ok := insertion(s); ok {
		u.operands(operands...)
		u.met(into, false)
		u.changed[into]++
	}
}

// madeBy returns the local that a statement gives a new value that is known.
func madeBy(s ir.Stmt) (ir.Local, bool) {
	switch s := s.(type) {
	case *ir.MakeNullStmt:
		return s.Target, true
	case *ir.MakeNumberIntStmt:
		return s.Target, true
	case *ir.MakeNumberRefStmt:
		return s.Target, true
	case *ir.MakeArrayStmt:
		return s.Target, true
	case *ir.MakeObjectStmt:
		return s.Target, true
	case *ir.MakeSetStmt:
		return s.Target, true
	}
	return 0, false
}

// insertion returns what a statement changes, and what it puts there.
func insertion(s ir.Stmt) (into ir.Local, operands []ir.Operand, ok bool) {
	switch s := s.(type) {
	case *ir.ArrayAppendStmt:
		return s.Array, []ir.Operand{s.Value}, true
	case *ir.ObjectInsertStmt:
		return s.Object, []ir.Operand{s.Key, s.Value}, true
	case *ir.ObjectInsertOnceStmt:
		return s.Object, []ir.Operand{s.Key, s.Value}, true
	case *ir.SetAddStmt:
		return s.Set, []ir.Operand{s.Value}, true
	}
	return 0, nil, false
}

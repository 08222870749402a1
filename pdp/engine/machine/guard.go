package machine

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// A guard says what the input must hold before a function has anything to say:
// by place, one of some texts, for each of the places. Where it does not, the
// function is empty or undefined, and evaluating it can neither fail nor change
// anything. So who has a thousand rules about other things than the one that is
// asked about need not visit them.
type guard map[int]map[ast.String]bool

// guardOf finds what all rules of a function ask first.
func (b *body) guardOf(blocks []*ir.Block) guard {
	var all guard
	for _, block := range blocks {
		switch kind := blockKind(block); {
		case kind == otherBlock:
			return nil
		case kind == neutralBlock:
			continue
		}
		asked := b.askedFirst(block.Stmts)
		if all = all.or(asked); len(all) == 0 {
			return nil
		}
	}
	return all
}

// or is what holds when one of two guards does. A nil guard is the first.
func (g guard) or(other guard) guard {
	if g == nil {
		return other
	}
	joined := guard{}
	for place, words := range g {
		more, both := other[place]
		if !both {
			continue
		}
		joined[place] = map[ast.String]bool{}
		for _, list := range []map[ast.String]bool{words, more} {
			for word := range list {
				joined[place][word] = true
			}
		}
	}
	return joined
}

type kindOfBlock uint8

const (
	ruleBlock    kindOfBlock = iota
	neutralBlock             // hands on what rules have said, or makes room for it
	otherBlock               // says something although no rule did
)

func blockKind(block *ir.Block) kindOfBlock {
	if len(block.Stmts) == 0 {
		return neutralBlock
	}
	switch block.Stmts[0].(type) {
	case *ir.IsDefinedStmt, *ir.MakeSetStmt, *ir.ReturnLocalStmt:
		return neutralBlock
	case *ir.ResetLocalStmt:
		return ruleBlock
	default:
		return otherBlock
	}
}

// askedFirst collects comparisons with texts up to the first statement that
// might fail or take long.
func (b *body) askedFirst(stmts []ir.Stmt) guard {
	asked := guard{}
	for _, s := range stmts {
		switch s := s.(type) {
		case *ir.ResetLocalStmt, *ir.DotStmt, *ir.AssignVarStmt:
		case *ir.EqualStmt:
			if place, word, ok := b.comparison(s.A, s.B); ok {
				asked.ask(place, map[ast.String]bool{word: true})
			}
		case *ir.CallStmt:
			b.askedByCall(asked, s)
			return asked
		default:
			_, made := madeBy(s)
			_, _, inserted := insertion(s)
			if !made && !inserted {
				return asked
			}
		}
	}
	return asked
}

// ask adds a question. Of two about one place the first is enough to know.
func (g guard) ask(place int, words map[ast.String]bool) {
	if g[place] == nil {
		g[place] = words
	}
}

// askedByCall adds what a helper rule asks first: where it is undefined, so is
// the block.
func (b *body) askedByCall(asked guard, s *ir.CallStmt) {
	i, planned := b.byName[s.Func]
	if !planned || len(s.Args) != 2 || b.sets[i] {
		return
	}
	for place, words := range b.guards[i] {
		asked.ask(place, words)
	}
}

// setFunction: the function makes a set, which is there even when it is empty.
func setFunction(blocks []*ir.Block) bool {
	if len(blocks) == 0 || len(blocks[0].Stmts) == 0 {
		return false
	}
	_, ok := blocks[0].Stmts[0].(*ir.MakeSetStmt)
	return ok
}

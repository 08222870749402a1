package machine

import (
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// fewBlocks need no choosing.
const fewBlocks = 8

// choose compiles a list of blocks each of which visits the members of one
// document (`some code in data.authz.rules[_].deny`), so that only those are
// run whose guard can hold, and none of a folder without that document. It returns nil where the list is of another form.
func (b *body) choose(list []*ir.Block, blocks [][]statement, independent bool) statement {
	if len(list) < fewBlocks {
		return nil
	}
	guards := map[int]guard{}
	for i, block := range list {
		if baseOnly(block) {
			continue
		}
		fn, ok := b.visited(block)
		if !ok {
			return nil
		}
		guards[i] = b.guards[fn]
	}
	place, ok := commonPlace(guards)
	if !ok {
		some := slices.Sorted(maps.Keys(guards))
		return func(s *state, f []*ast.Term, base int) signal {
			if independent && s.choosing {
				return runOne(s, f, base, blocks)
			}
			return runThese(s, f, base, blocks, some)
		}
	}
	var always []int
	byWord := map[ast.String][]int{}
	for _, i := range slices.Sorted(maps.Keys(guards)) {
		words, guarded := guards[i][place]
		if !guarded {
			always = append(always, i)
			continue
		}
		for word := range words {
			byWord[word] = append(byWord[word], i)
		}
	}
	for word := range byWord {
		b.compared(place, word)
	}
	return func(s *state, f []*ast.Term, base int) signal {
		if independent && s.choosing {
			return runOne(s, f, base, blocks)
		}
		if r := runThese(s, f, base, blocks, always); r != done {
			return r
		}
		if v := s.at(place); v != nil {
			if word, ok := v.Value.(ast.String); ok {
				return runThese(s, f, base, blocks, byWord[word])
			}
		}
		return done
	}
}

func runThese(s *state, f []*ast.Term, base int, blocks [][]statement, which []int) signal {
	for _, i := range which {
		if r := run(s, f, base, blocks[i]); r != done && r != broken {
			return r
		}
	}
	return done
}

// baseOnly recognises a block that looks for a document which no rule makes
// among the base documents, of which there are none.
func baseOnly(block *ir.Block) bool {
	for _, s := range block.Stmts {
		switch s := s.(type) {
		case *ir.AssignVarStmt:
		case *ir.DotStmt:
			return value(s.Source) == ir.Data
		default:
			return false
		}
	}
	return false
}

// visited recognises a block that calls a document and visits its members.
func (b *body) visited(block *ir.Block) (fn int, ok bool) {
	stmts := block.Stmts
	for len(stmts) > 0 {
		a, isAssignment := stmts[0].(*ir.AssignVarStmt)
		if !isAssignment {
			break
		}
		if _, isText := value(a.Source).(ir.StringIndex); !isText {
			return 0, false
		}
		stmts = stmts[1:]
	}
	if len(stmts) != 2 {
		return 0, false
	}
	call, isCall := stmts[0].(*ir.CallStmt)
	scan, isScan := stmts[1].(*ir.ScanStmt)
	if !isCall || !isScan || scan.Source != call.Result || len(call.Args) != 2 {
		return 0, false
	}
	fn, ok = b.byName[call.Func]
	return fn, ok
}

// commonPlace is where most guards look.
func commonPlace(guards map[int]guard) (place int, found bool) {
	count := map[int]int{}
	for _, g := range guards {
		for p := range g {
			count[p]++
		}
	}
	for p, n := range count {
		if !found || n > count[place] || n == count[place] && p < place {
			place, found = p, true
		}
	}
	return place, found
}

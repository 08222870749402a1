package prove

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// What an invariant says of properties of obligations, and of tables, no free answer
// covers: a number or a text may be anything. So duties and tables are made up of the
// words and numbers that the invariant itself names, and of what lies beside them. An
// invariant that none of these breaks is misspelt, or says nothing.

// breakable reports whether an answer, or other tables, were found that break it.
func (p *prover) breakable(ctx context.Context, i *invariant) (bool, error) {
	if !i.looks.answer {
		return i.looks.input || p.tablesBreak(ctx, i), nil
	}
	answers := maps.Clone(p.anything)
	if i.looks.obligations && i.looks.properties {
		duties := p.book.shape[placeObligations]
		some := *answers[duties]
		some.Values = slices.Clone(some.Values)
		for n, duty := range i.inventedDuties() {
			is := p.Diagrams.Is(p.Space.Free(fmt.Sprintf("the answer: %s %s %d", placeObligations, i.pkg, n)), 1)
			some.Values = append(some.Values, symbolic.Value{Term: duty, Where: is})
		}
		answers[duties] = &some
	}
	bad, err := p.bad(p.book.found.With(answers), i)
	return p.Diagrams.And(p.about(i), bad) != symbolic.No, err
}

// made are the numbers and texts that an invariant names, and what lies beside them.
func (i *invariant) made() (numbers, words []*ast.Term) {
	numbers = []*ast.Term{ast.IntNumberTerm(0), ast.IntNumberTerm(1e9)}
	words = []*ast.Term{ast.StringTerm("another")}
	ast.WalkTerms(i.module, func(t *ast.Term) bool {
		switch v := t.Value.(type) {
		case ast.String:
			words = append(words, t)
		case ast.Number:
			if n, whole := v.Int(); whole {
				numbers = append(numbers, ast.IntNumberTerm(n-1), t, ast.IntNumberTerm(n+1))
			}
		}
		return false
	})
	return distinct(numbers), distinct(words)
}

func distinct(list []*ast.Term) []*ast.Term {
	return ast.NewSet(list...).Slice()
}

// inventedDuties are obligations of each id that an invariant names, or of all where it
// names none. Their properties are the numbers and words, and sets of the words.
func (i *invariant) inventedDuties() (list []*ast.Term) {
	numbers, words := i.made()
	values := slices.Concat(numbers, words, []*ast.Term{ast.SetTerm(words...), ast.SetTerm()})
	ids := slices.Sorted(maps.Keys(pdp.ObligationWords))
	named := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !slices.ContainsFunc(words, ast.StringTerm(id).Equal) })
	if len(named) > 0 {
		ids = named
	}
	for _, id := range ids {
		for _, first := range values {
			for _, second := range values {
				properties := ast.NewObject()
				for n, name := range pdp.ObligationWords[id] {
					properties.Insert(ast.StringTerm(name), []*ast.Term{first, second}[n%2])
				}
				list = append(list, ast.ObjectTerm(ast.Item(ast.StringTerm("id"), ast.StringTerm(id)), ast.Item(ast.StringTerm("properties"), ast.NewTerm(properties))))
			}
		}
	}
	return distinct(list)
}

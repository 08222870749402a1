package prove

import (
	"context"
	"encoding/json"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// An invariant says something when some answer breaks it and some other keeps it.
// So each is asked about a book that may answer anything: one that cannot be
// broken proves nothing, and one that cannot be kept is no invariant.

// free prepares the book of which every part of the answer may be anything.
func (p *prover) free(ctx context.Context) error {
	answers := map[string]*symbolic.Answer{}
	d := p.Diagrams
	variable := func(name string) (is, not symbolic.Node) {
		v := p.Space.Free("the answer: " + name)
		p.freedoms = append(p.freedoms, v)
		return d.Is(v, 1), d.Is(v, 0)
	}
	yes, no := variable(placeDecision)
	answers[p.book.shape[placeDecision]] = &symbolic.Answer{Values: []symbolic.Value{
		{Term: ast.BooleanTerm(false), Where: no}, {Term: ast.BooleanTerm(true), Where: yes},
	}}
	for _, place := range freePlaces {
		elements, err := p.elements(ctx, place)
		if err != nil {
			return err
		}
		a := &symbolic.Answer{Set: true}
		for _, e := range elements {
			has, _ := variable(place + " " + word(e))
			a.Values = append(a.Values, symbolic.Value{Term: e, Where: has})
		}
		answers[p.book.shape[place]] = a
	}
	rows, none := variable(rowsDocument)
	answers[rowsDocument] = &symbolic.Answer{Values: []symbolic.Value{{Where: none}, {Term: ast.BooleanTerm(true), Where: rows}}}
	p.anything, p.freely = answers, p.book.found.With(answers)
	return nil
}

// freePlaces are the sets of an answer.
var freePlaces = []string{placeReasons, placeObligations}

// elements are those that a set of the answer may have: those of this book, and others.
func (p *prover) elements(ctx context.Context, place string) ([]*ast.Term, error) {
	real, err := p.book.answer(p.book.shape[place])
	if err != nil {
		return nil, err
	}
	var all, each []*ast.Term
	for _, v := range real.Values {
		all = append(all, v.Term)
	}
	if place == placeReasons {
		all = append(all, p.codes(ctx)...)
		all = append(all, ast.StringTerm("another"))
	} else {
		all = append(all, p.duties()...)
	}
	known := ast.NewSet()
	for _, e := range all {
		if !known.Contains(e) {
			known.Add(e)
			each = append(each, e)
		}
	}
	return each, nil
}

// duties are obligations of every id that an invariant names which asks for nothing
// else of them, and of one more.
func (p *prover) duties() []*ast.Term {
	names := []string{"another"}
	for _, i := range p.invariants {
		if !i.looks.obligations || i.looks.properties {
			continue
		}
		ast.WalkTerms(i.module, func(t *ast.Term) bool {
			if text, ok := t.Value.(ast.String); ok {
				names = append(names, string(text))
			}
			return false
		})
	}
	var list []*ast.Term
	for _, name := range names {
		list = append(list, ast.ObjectTerm(ast.Item(ast.StringTerm("id"), ast.StringTerm(name))))
	}
	return list
}

// codes are all reasons that the table knows.
func (p *prover) codes(ctx context.Context) []*ast.Term {
	raw, err := p.eval(ctx, "object.keys(data.authz.tables.reasons)", json.RawMessage("{}"))
	if err != nil {
		return nil
	}
	var names []string
	if json.Unmarshal([]byte(raw), &names) != nil {
		return nil
	}
	return texts(names...)
}

// empty says why an invariant says nothing; nil when it says something.
func (p *prover) empty(ctx context.Context, i *invariant) *Result {
	refused := func(rule, format string, args ...any) *Result {
		at := i.At
		if r := i.rule(rule); r != nil {
			at.Row = r.Location.Row
		}
		r := i.refused(at, format, args...)
		return &r
	}
	if i.Kind == KindMust {
		if when, _, err := p.freely.Answer(i.document("when")); err == nil && p.Diagrams.And(p.possible, when.Has(ast.BooleanTerm(true))) == symbolic.No {
			return refused("when", "no possible input is as `when` says, so that it is never asked whether `then` holds")
		}
	}
	last := map[string]string{KindNever: "violated", KindMust: "then"}[i.Kind]
	bad, err := p.bad(p.freely, i)
	if err != nil {
		r := i.undecided(err)
		return &r
	}
	if !i.looks.answer && !i.looks.tables {
		return refused(last, "it asks for nothing of the answer (data.authz.answer), so that no rule book could be proved or refuted by it")
	}
	whole := !i.looks.tables && (!i.looks.obligations || !i.looks.properties) // it asks for nothing else than what is free
	if whole && p.Diagrams.And(p.about(i), bad) == symbolic.No {
		return refused(last, "no answer could break it: it is vacuous")
	}
	if !whole && !i.base && !i.looks.unfilled {
		breakable, err := p.breakable(ctx, i)
		if err != nil {
			r := i.undecided(err)
			return &r
		}
		if !breakable {
			return refused(last, "no answer, and no change of a table that it reads, was found that could break it: it is vacuous")
		}
	}
	always := bad
	for _, v := range p.freedoms {
		always = p.Diagrams.And(p.Diagrams.Fix(always, v, 0), p.Diagrams.Fix(always, v, 1))
	}
	at, wide := p.Diagrams.Smallest(p.Diagrams.And(p.about(i), always), p.cost)
	if wide && whole {
		r := refused(last, "no answer could keep it: it is too wide")
		r.Input = p.document(at)
		return r
	}
	return nil
}

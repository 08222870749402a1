package prove

import (
	"context"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// KindAssume is that of a result about an assumption: whether it says something, and
// whether the rule book denies what it says cannot be.
const KindAssume = "assume"

// An Assumption is what a proof takes for granted of inputs.
type Assumption struct {
	// Name is that of a folder below authz/assume; "" for what holds of the inputs of
	// all rule books.
	Name  string `json:"name,omitempty"`
	Title string `json:"title"`
	File  string `json:"file,omitempty"`
	Line  int    `json:"line,omitempty"`
}

// always is taken for granted of every book, because the engine writes the input.
var always = []Assumption{
	{Title: "each member of the input's schema is there, with one of its words: the engine writes all of them, and nothing else"},
	{Title: "what a caller says of itself (context.caller) and claims (context.claims) may be missing"},
}

// Assumptions are those of the book, by name, behind those of all books.
func (b *Book) Assumptions() []Assumption {
	list := slices.Clone(always)
	for _, one := range b.assumed {
		list = append(list, Assumption{Name: one.Name, Title: one.Title, File: one.File, Line: one.Line})
	}
	return list
}

// Assumptions are the titles of what is taken for granted of some books.
func Assumptions(books ...*Analysed) []string {
	titles := []string{}
	note := func(list []Assumption) {
		for _, one := range list {
			if !slices.Contains(titles, one.Title) {
				titles = append(titles, one.Title)
			}
		}
	}
	note(always)
	for _, b := range books {
		if b != nil {
			note(b.Assumptions())
		}
	}
	return titles
}

// Impossible is for which inputs an assumption of the book says that they cannot be.
func (a *Analysis) Impossible(b *Analysed, name string) (symbolic.Node, error) {
	found, err := b.answer(rulebook.AssumptionDocument(name))
	if err != nil {
		return symbolic.No, err
	}
	return found.Has(ast.BooleanTerm(true)), nil
}

// Possible is for which inputs all members are there and no assumption of the book
// says that they cannot be. Where an assumption could not be analysed its inputs are
// possible: less is proved then, and nothing that is wrong.
func (a *Analysis) Possible(b *Analysed) symbolic.Node {
	possible := a.Complete(b)
	for _, one := range b.assumed {
		if impossible, err := a.Impossible(b, one.Name); err == nil {
			possible = a.Diagrams.And(possible, a.Diagrams.Not(impossible))
		}
	}
	return possible
}

// assumption holds that an assumption excludes something and not everything, and that
// the book denies every input that it excludes: what is proved of the others then
// holds of all that is decided.
func (p *prover) assumption(ctx context.Context, one *rulebook.Assumption) Result {
	r := Result{Kind: KindAssume, Name: one.Name, Title: one.Title, File: one.File, Line: one.Line, Outcome: Refused}
	impossible, err := p.Impossible(p.book, one.Name)
	if err != nil {
		return undecided(r, err)
	}
	d := p.Diagrams
	switch impossible = d.And(p.complete, impossible); {
	case impossible == symbolic.No:
		r.Problem = "it says of no input that it cannot be"
		return r
	case impossible == p.complete:
		r.Problem = "it says of every input that it cannot be, so that anything would be proved"
		return r
	}
	at, found := d.Smallest(d.And(impossible, p.answers), p.cost)
	if !found {
		r.Outcome = Proved
		return r
	}
	r.Outcome, r.Query = Refuted, "data.authz.answer"
	r.Problem = "an input that cannot be is allowed: authz/authz.rego has to deny where some data.authz.assume[_].impossible holds"
	r.Input, r.Situation = p.document(at), p.situation(at)
	if r.Shown, err = p.eval(ctx, r.Query, r.Input); err != nil {
		r.Shown = err.Error()
	}
	return r
}

package prove

import (
	"errors"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// Loaded is the rule book as serving loads it.
func (b *Book) Loaded() *rulebook.Book { return b.loaded }

// Blank is what stands at a member of an input about which nothing is known; nil
// for what is not there then.
func (b *Book) Blank() func(path string) *ast.Term { return b.blank() }

// Complete is for which inputs all members that a rule book's input has are there.
func (a *Analysis) Complete(b *Analysed) symbolic.Node {
	d, complete, standing := a.Diagrams, symbolic.Yes, b.blank()
	for i, v := range slices.Backward(a.Space.Variables()) {
		if standing(v.Path) == nil {
			continue
		}
		complete = d.And(complete, d.Not(d.Is(i, 0)))
		if len(v.Words) > 0 {
			some := symbolic.No
			for _, w := range v.Words {
				some = d.Or(some, d.Is(w, 1))
			}
			complete = d.And(complete, some)
		}
	}
	return complete
}

// Said is all that a rule book says.
type Said struct {
	// Roots are what it says, each by a name that people read.
	Roots []Root
	// Terms are the same as they are written, so that two books say the same exactly
	// where all terms are alike: an obligation is one term with all of its properties.
	Terms []Root
	// Undecided are the documents that could not be analysed. Of these nothing is in
	// the lists.
	Undecided []Unanalysed
}

// Unanalysed is a document that could not be analysed, by its place in the answer
// or its name beside it, and why.
type Unanalysed struct {
	Name string
	Err  error
}

// Said is what a book says of every input. skip names what is left out.
func (a *Analysis) Said(b *Analysed, skip ...string) Said {
	g := &gatherer{d: a.Diagrams, where: map[string]symbolic.Node{}}
	terms := &gatherer{d: a.Diagrams, where: map[string]symbolic.Node{}}
	var said Said
	take := func(document, label, failure string, each func(symbolic.Value)) {
		if slices.Contains(skip, label) {
			return
		}
		found, err := b.answer(document)
		if err != nil {
			said.Undecided = append(said.Undecided, Unanalysed{label, err})
			return
		}
		g.add(found.Fails, "%s", failure)
		terms.add(found.Fails, "%s", failure)
		for _, v := range found.Values {
			each(v)
			if v.Term != nil {
				terms.add(v.Where, "%s %s", label, v.Term)
			}
		}
	}
	for _, place := range places {
		take(b.shape[place], place, Failure, func(v symbolic.Value) { g.place(place, v) })
	}
	for _, beside := range documentsBeside {
		take(beside.document, beside.name, beside.name+" failure", func(v symbolic.Value) { g.beside(beside.name, v) })
	}
	said.Roots, said.Terms = g.sorted(), terms.sorted()
	return said
}

// Failure is the root of the inputs for which an evaluation has no answer, which
// denies.
const Failure = "failure"

// documentsBeside the answer, and how their roots are called.
var documentsBeside = []struct{ document, name string }{
	{rowsDocument, "rows"}, {columnsDocument, "column"}, {verdictsDocument, "verdict"},
}

// Roots are all that a book says, in order. What the book never says has no root.
func (a *Analysis) Roots(b *Analysed) ([]Root, error) {
	said := a.Said(b)
	var faults []error
	for _, u := range said.Undecided {
		faults = append(faults, u.Err)
	}
	return said.Roots, errors.Join(faults...)
}

// Told leaves out of names of roots what another name of the list says too: that an obligation has a
// property, beside what stands in it; and its type, beside the obligation.
func Told(names []string) []string {
	var list []string
	for _, name := range names {
		more := func(other string) bool {
			return strings.HasPrefix(other, name+" contains ") || strings.HasPrefix(other, name+" is ")
		}
		whole, _, isType := strings.Cut(name, " type is ")
		if !slices.ContainsFunc(names, more) && !(isType && slices.Contains(names, whole)) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

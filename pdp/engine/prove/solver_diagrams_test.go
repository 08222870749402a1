//go:build integration

package prove

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// drawn writes decision diagrams in SMT-LIB, node by node.
type drawn struct {
	*members
	d     *symbolic.Diagrams
	names map[symbolic.Node]string
}

func (w *drawn) node(n symbolic.Node) string {
	variable, kids, asks := w.d.Asks(n)
	switch {
	case n == symbolic.Yes:
		return "true"
	case !asks:
		return "false"
	case w.names[n] != "":
		return w.names[n]
	}
	by := map[symbolic.Node][]string{} // what leads to each
	for value, kid := range kids {
		by[kid] = append(by[kid], w.stands(variable, value))
	}
	var ways []string
	for kid, values := range by {
		ways = append(ways, w.all(w.some(values...), w.node(kid)))
	}
	w.names[n] = w.some(ways...)
	return w.names[n]
}

// stands: a variable of a diagram has a value, as symbolic.Space.Assign has it.
func (w *drawn) stands(variable, value int) string {
	v := w.space.Variables()[variable]
	if word, isWord := v.Word(); isWord {
		return w.standsWord(variable, word, value)
	}
	switch t := v.Values[value]; {
	case t == nil:
		return w.not(w.present(v.Path))
	case v.Words != nil:
		return w.present(v.Path)
	case !v.Other(value):
		return w.is(v.Path, t)
	}
	return w.all(w.unnamed(v), w.sameAs(variable, value))
}

// unnamed: a text stands at a member that is none of its constants.
func (w *drawn) unnamed(v *symbolic.Variable) string {
	formulas := []string{w.present(v.Path)}
	for value, t := range v.Values {
		if t != nil && !v.Other(value) {
			formulas = append(formulas, w.not(w.is(v.Path, t)))
		}
	}
	return w.all(formulas...)
}

// sameAs: it is the text of the member for which the value stands, and of none that
// stands before that; or of no other member.
func (w *drawn) sameAs(variable, value int) string {
	v := w.space.Variables()[variable]
	own := w.space.SameAs(variable, value)
	var formulas []string
	for i := range v.Values {
		other := w.space.SameAs(variable, i)
		switch {
		case other == "":
		case own == "" || i < value:
			formulas = append(formulas, w.not(w.same(v.Path, other)))
		case i == value:
			formulas = append(formulas, w.same(v.Path, other))
		}
	}
	return w.all(formulas...)
}

// standsWord: a text has a word (1), or has it not (0).
func (w *drawn) standsWord(variable int, word *ast.Term, value int) string {
	all := w.space.Variables()
	text := slices.IndexFunc(all, func(v *symbolic.Variable) bool { return slices.Contains(v.Words, variable) })
	has := ""
	if all[variable].AnyWord() {
		has = hasAnother(all[text].Path)
	} else {
		has = w.has(all[text].Path, word)
	}
	if value == 1 {
		return has
	}
	return w.not(has)
}

package remedy

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// A Diagram judges by the decision diagram of a book: for everything that may turn
// out at once. It is of one goroutine.
type Diagram struct {
	Space    *symbolic.Space
	Diagrams *symbolic.Diagrams
	Allow    symbolic.Node // for which inputs the book allows
}

var _ Sieve = (*Diagram)(nil)

// maxWays is how many alternatives are told of what may turn out.
const maxWays = 16

// Allows implements Judge.
func (j *Diagram) Allows(_ context.Context, s *Situation) ([][]Member, error) {
	box, err := j.box(s.Document)
	if err != nil {
		return nil, err
	}
	open := map[int]string{}
	for p, t := range s.Open {
		i, err := j.open(box, p, &t)
		if err != nil {
			return nil, err
		}
		open[i] = p
	}
	var list [][]Member
	for _, way := range j.Diagrams.Ways(j.Diagrams.Within(j.Allow, box), maxWays) {
		one := []Member{} // which asks for nothing where it is empty
		for _, c := range way {
			m := Member{Path: open[c.Variable]}
			for _, v := range s.Open[m.Path].All {
				if at := j.Space.Values(c.Variable, term(v)); c.Values[at[0]] {
					m.Values = append(m.Values, v)
				}
			}
			one = append(one, m)
		}
		list = append(list, one)
	}
	return list, nil
}

// Matter implements Sieve.
func (j *Diagram) Matter(document map[string]any, values map[string][]any) (map[string]bool, error) {
	box, err := j.box(document)
	if err != nil {
		return nil, err
	}
	paths := map[int][]string{}
	for p, list := range values {
		var terms []*ast.Term
		for _, v := range list {
			terms = append(terms, term(v))
		}
		for _, i := range j.Space.Beside(dotted(p)) {
			paths[i] = append(paths[i], p)
			j.widen(box, i, dotted(p), terms)
		}
	}
	n := j.Diagrams.Within(j.Allow, box)
	if n == symbolic.No {
		return nil, nil
	}
	matter := map[string]bool{}
	for i := range j.Diagrams.Looks(n) {
		for _, p := range paths[i] {
			matter[p] = true
		}
	}
	return matter, nil
}

// widen lets a variable have more values: those of the terms where it is the member
// itself, and else all.
func (j *Diagram) widen(box symbolic.Box, variable int, path string, terms []*ast.Term) {
	r := &box[variable]
	if r.May == nil {
		one := r.One
		r = j.Space.Open(box, variable)
		r.Add(one, true)
	}
	if v := j.Space.Variables()[variable]; v.Path != path || v.Words != nil {
		for at := range v.Values {
			r.Add(at, true)
		}
		return
	}
	for _, t := range terms {
		for _, at := range j.Space.Values(variable, t) {
			r.Add(at, true)
		}
	}
}

// box has the one value of each variable that a document says.
func (j *Diagram) box(document map[string]any) (symbolic.Box, error) {
	value, err := ast.InterfaceToValue(document)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", input.ErrInput, err)
	}
	assignment, err := j.Space.Assign(value)
	if err != nil {
		return nil, err
	}
	return symbolic.BoxOf(assignment), nil
}

// errOpenText: a text that rules take apart, or that can be more than one that no rule
// names, is not one variable with a value for each of what may turn out.
var errOpenText = errors.New("what may turn out there has to be words that the rules know")

// open lets a member have one of some values.
func (j *Diagram) open(box symbolic.Box, path string, t *Turn) (variable int, err error) {
	if variable = j.Space.Find(dotted(path)); variable < 0 {
		return 0, fmt.Errorf("the input has no member %s", path)
	}
	r := j.Space.Open(box, variable)
	for _, v := range t.All {
		at := j.Space.Values(variable, term(v))
		if len(at) != 1 || r.May[at[0]] || j.Space.Variables()[variable].Words != nil {
			return 0, fmt.Errorf("%s: %w", path, errOpenText)
		}
		r.Add(at[0], contains(t.Needed, v))
	}
	return variable, nil
}

func dotted(path string) string { return strings.ReplaceAll(path[1:], "/", ".") }

// term is a text or a truth of a table.
func term(v any) *ast.Term {
	if b, ok := v.(bool); ok {
		return ast.BooleanTerm(b)
	}
	text, _ := v.(string)
	return ast.StringTerm(text)
}

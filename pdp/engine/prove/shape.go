package prove

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/machine"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// A shape says of which documents the answer of a rule book consists, by their
// places in it. They are analysed one by one: together they would have as many
// values as there are combinations.
type shape map[string]string

// The places of an answer.
const (
	placeDecision    = "decision"
	placeReasons     = "context.reasons"
	placeObligations = "context.obligations"
	placeGrants      = "context.grounds.rules"
	placeRight       = "context.grounds.right"
	placeReach       = "context.grounds.reach"
)

var places = []string{placeDecision, placeReasons, placeObligations, placeGrants, placeRight, placeReach}

// shapeOf reads the one rule that is the answer. It has to be an object in which
// documents stand as they are, without a condition.
func shapeOf(c *ast.Compiler) (shape, error) {
	rules := c.GetRulesExact(ast.MustParseRef("data.authz.answer"))
	if len(rules) != 1 || rules[0].Else != nil || len(rules[0].Head.Args) > 0 || rules[0].Head.Value == nil {
		return nil, &symbolic.Refusal{At: machine.Line{File: "authz/authz.rego", Row: 1},
			Problem: "expected one rule `answer := {…}` without a condition"}
	}
	rule := rules[0]
	refused := func(at *ast.Location, format string, args ...any) error {
		return &symbolic.Refusal{At: machine.Line{File: at.File, Row: at.Row}, Problem: fmt.Sprintf(format, args...)}
	}
	names := map[ast.Var]*ast.Term{}
	for _, e := range rule.Body {
		v, t, ok := named(e)
		if !ok && !isTrue(e) {
			return nil, refused(e.Location, "the answer has a condition or computes something: give that a rule of its own, so that it can be analysed")
		}
		names[v] = t
	}
	s := shape{}
	var walk func(place string, t *ast.Term) error
	walk = func(place string, t *ast.Term) error {
		if v, isVar := t.Value.(ast.Var); isVar && names[v] != nil {
			t = names[v]
		}
		switch v := t.Value.(type) {
		case ast.Object:
			return v.Iter(func(k, inner *ast.Term) error {
				key, _ := k.Value.(ast.String)
				return walk(strings.TrimPrefix(place+"."+string(key), "."), inner)
			})
		case ast.Ref:
			s[place] = dataPath(v)
		}
		if s[place] == "" {
			return refused(rule.Location, "the answer's %s is no document by itself: give it a rule of its own, so that it can be analysed", place)
		}
		return nil
	}
	if err := walk("", rule.Head.Value); err != nil {
		return nil, err
	}
	for _, place := range places {
		if s[place] == "" {
			return nil, refused(rule.Location, "the answer has no %s", place)
		}
	}
	return s, nil
}

// named recognises `x = data.authz.allow` and `x = {…}`, which the compiler puts
// in the place of what they name.
func named(e *ast.Expr) (v ast.Var, t *ast.Term, ok bool) {
	if e.Negated || len(e.With) > 0 || !e.IsCall() || len(e.Operands()) != 2 || !slices.Contains([]string{"eq", "assign"}, e.Operator().String()) {
		return "", nil, false
	}
	v, isVar := e.Operand(0).Value.(ast.Var)
	if !isVar {
		return "", nil, false
	}
	switch named := e.Operand(1).Value.(type) {
	case ast.Ref:
		return v, e.Operand(1), dataPath(named) != ""
	case ast.Object:
		return v, e.Operand(1), true
	}
	return "", nil, false
}

func isTrue(e *ast.Expr) bool {
	t, ok := e.Terms.(*ast.Term)
	return ok && !e.Negated && len(e.With) == 0 && t.Equal(ast.BooleanTerm(true))
}

// dataPath is "authz.allow" for data.authz.allow, and "" for what is no such path.
func dataPath(ref ast.Ref) string {
	if len(ref) < 2 || !ref[0].Equal(ast.DefaultRootDocument) {
		return ""
	}
	var steps []string
	for _, t := range ref[1:] {
		step, ok := t.Value.(ast.String)
		if !ok {
			return ""
		}
		steps = append(steps, string(step))
	}
	return strings.Join(steps, ".")
}

// documents are those of the answer, and those beside it.
func (s shape) documents() []string {
	list := []string{rowsDocument, columnsDocument, verdictsDocument}
	for _, name := range s {
		list = append(list, name)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

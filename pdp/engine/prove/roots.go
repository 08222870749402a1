package prove

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// A Root is one thing that a rule book says or does not say: "decision",
// "reason step_up_required", "obligation withhold fields contains contact". Where
// holds for the inputs for which it says so.
type Root struct {
	Name  string
	Where symbolic.Node
}

// gatherer puts roots together.
type gatherer struct {
	d     *symbolic.Diagrams
	where map[string]symbolic.Node
}

func (g *gatherer) add(where symbolic.Node, format string, args ...any) {
	name := fmt.Sprintf(format, args...)
	g.where[name] = g.d.Or(g.where[name], where)
}

func (g *gatherer) place(place string, v symbolic.Value) {
	switch {
	case v.Term == nil:
		g.add(v.Where, "%s", Failure) // an answer with something undefined in it is none
	case place == placeDecision:
		if v.Term.Equal(ast.BooleanTerm(true)) {
			g.add(v.Where, "decision")
		}
	case place == placeReasons:
		g.add(v.Where, "reason %s", word(v.Term))
	case place == placeObligations:
		g.obligation("obligation", "id", v)
	case place == placeGrants:
		g.add(v.Where, "grant %s.%s", word(v.Term.Get(ast.StringTerm("folder"))), word(v.Term.Get(ast.StringTerm("code"))))
	default:
		g.add(v.Where, "%s %s", place[strings.LastIndexByte(place, '.')+1:], word(v.Term))
	}
}

func (g *gatherer) beside(name string, v symbolic.Value) {
	switch {
	case v.Term == nil:
	case name == "rows":
		if v.Term.Equal(ast.BooleanTerm(true)) {
			g.add(v.Where, "rows")
		}
	case name == "verdict":
		g.obligation(name, "id", v)
	default:
		g.add(v.Where, "%s %s", name, word(v.Term))
	}
}

// obligation adds an object by its id, and each of its properties by itself.
func (g *gatherer) obligation(kind, key string, v symbolic.Value) {
	object, ok := v.Term.Value.(ast.Object)
	id := v.Term.Get(ast.StringTerm(key))
	if !ok || id == nil {
		g.add(v.Where, "%s %s", kind, word(v.Term))
		return
	}
	name := kind + " " + word(id)
	g.add(v.Where, "%s", name)
	g.members(name, key, object, v.Where)
}

func (g *gatherer) members(name, but string, object ast.Object, where symbolic.Node) {
	object.Foreach(func(k, t *ast.Term) {
		if but != "" && k.Equal(ast.StringTerm(but)) {
			return
		}
		at := name + " " + word(k)
		switch v := t.Value.(type) {
		case ast.Set:
			g.add(where, "%s", at)
			v.Foreach(func(e *ast.Term) { g.add(where, "%s contains %s", at, word(e)) })
		case *ast.Array:
			g.add(where, "%s", at)
			v.Foreach(func(e *ast.Term) { g.add(where, "%s contains %s", at, word(e)) })
		case ast.Object:
			g.members(strings.TrimSuffix(at, " properties"), "", v, where)
		default:
			g.add(where, "%s is %s", at, word(t))
		}
	})
}

func word(t *ast.Term) string {
	if t == nil {
		return ""
	}
	if text, ok := t.Value.(ast.String); ok && text != "" && !strings.HasPrefix(string(text), "\uf8ff") {
		return string(text)
	}
	return t.String()
}

func (g *gatherer) sorted() []Root {
	var list []Root
	for name, where := range g.where {
		if where != symbolic.No {
			list = append(list, Root{name, where})
		}
	}
	slices.SortFunc(list, func(a, b Root) int { return strings.Compare(a.Name, b.Name) })
	return list
}

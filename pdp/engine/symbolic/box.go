package symbolic

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A Box is many inputs at once: what may stand at each variable of a space.
type Box []Range

// A Range is what may stand at one variable: the value One, or where May is not nil
// each of May. Of these, Needed are those that are wished for.
type Range struct {
	One         int
	May, Needed []bool
}

// BoxOf holds the one input of an assignment.
func BoxOf(assignment []int) Box {
	b := make(Box, len(assignment))
	for i, value := range assignment {
		b[i].One = value
	}
	return b
}

// Open lets nothing stand at a variable yet.
func (s *Space) Open(b Box, variable int) *Range {
	width := len(s.variables[variable].Values)
	b[variable].May, b[variable].Needed = make([]bool, width), make([]bool, width)
	return &b[variable]
}

// Add lets a value stand there.
func (r *Range) Add(value int, needed bool) {
	r.May[value], r.Needed[value] = true, needed
}

// Within is n where everything is as in the box. It asks only for variables of which
// several values may stand there, and holds for none that is not needed.
func (d *Diagrams) Within(n Node, b Box) Node {
	done := map[Node]Node{}
	var walk func(Node) Node
	walk = func(n Node) Node {
		if n <= Yes {
			return n
		}
		if known, ok := done[n]; ok {
			return known
		}
		variable := d.nodes[n].variable
		r, first := &b[variable], d.nodes[n].first
		made := No
		if r.May == nil {
			made = walk(d.kids[int(first)+r.One])
		} else {
			made = d.ranged(variable, r, func(value int) Node { return walk(d.kids[int(first)+value]) })
		}
		done[n] = made
		return made
	}
	return d.And(walk(n), d.wished(b))
}

// ranged asks for a variable of which some values may stand there, unless it makes
// no difference which.
func (d *Diagrams) ranged(variable int32, r *Range, of func(value int) Node) Node {
	kids := make([]Node, len(r.May))
	some, alike := No, true
	first := true
	for value, may := range r.May {
		if !may {
			continue
		}
		kids[value] = of(value)
		alike = alike && (first || kids[value] == some)
		some, first = kids[value], false
	}
	if alike {
		return some
	}
	return d.make(variable, kids)
}

// wished holds where each variable has one of the values that are needed.
func (d *Diagrams) wished(b Box) Node {
	all := Yes
	for i := len(b) - 1; i >= 0; i-- {
		r := &b[i]
		if r.May == nil {
			continue
		}
		all = d.And(all, d.ranged(int32(i), r, func(value int) Node {
			if r.Needed[value] {
				return Yes
			}
			return No
		}))
	}
	return all
}

// A Choice is some values of a variable.
type Choice struct {
	Variable int
	Values   []bool
}

// Ways are the ways through n that end in yes, at most so many: on each, variables
// and the values that they may have. One that asks for nothing is empty.
func (d *Diagrams) Ways(n Node, most int) (list [][]Choice) {
	var walk func(n Node, way []Choice)
	walk = func(n Node, way []Choice) {
		if n == No || len(list) >= most {
			return
		}
		if n == Yes {
			list = append(list, append([]Choice{}, way...))
			return
		}
		kids := d.children(n)
		for i, k := range kids {
			values, before := make([]bool, len(kids)), false
			for j, same := range kids {
				values[j] = same == k
				before = before || values[j] && j < i
			}
			if !before {
				walk(k, append(way[:len(way):len(way)], Choice{int(d.nodes[n].variable), values}))
			}
		}
	}
	walk(n, nil)
	return list
}

// Values are those of a variable that a term can be: of a text that no rule book
// names all that stand for such, since which of them depends on the rest of an input.
func (s *Space) Values(variable int, t *ast.Term) []int {
	v := s.variables[variable]
	if n, ok := v.index[keyOf(t)]; ok {
		return []int{n}
	}
	var list []int
	for n := range v.Values {
		if v.Open && v.Other(n) {
			list = append(list, n)
		}
	}
	return list
}

// Beside are the variables that may change with the one at a path: it itself, the
// words that it is taken apart into, what it stands in, and texts that are compared
// with it.
func (s *Space) Beside(path string) (list []int) {
	for i, v := range s.variables {
		compared := false
		for _, t := range v.Values {
			of, ok := marked(t)
			compared = compared || ok && of == path
		}
		within := s.containers[v.Path] != nil && strings.HasPrefix(path, v.Path+".")
		if v.Path == path || within || compared && !v.aside() {
			list = append(list, i)
		}
		if v.Path == path {
			list = append(list, v.Words...)
		}
	}
	return list
}

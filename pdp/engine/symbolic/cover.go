package symbolic

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// A Literal holds where a variable has one of some values.
type Literal struct {
	Variable int
	Values   []int // ascending
}

// A Cube holds where all of its literals do.
type Cube []Literal

// coverSteps is how much work a cover may take before it is given up.
const coverSteps = 50_000

// Cover lists few cubes that together hold wherever must does, and nowhere but
// where may does: a function in rows that people read. It is not always the least
// number, but no cube can be left out, and no literal of one. ok is false when
// more than limit cubes would be needed, or too much work.
func (d *Diagrams) Cover(must, may Node, limit int) (cubes []Cube, ok bool) {
	if d.And(must, d.Not(may)) != No {
		return nil, false // nothing covers more than it may
	}
	c := &coverer{d: d, limit: limit, known: map[[2]Node][]Cube{}}
	cubes = c.cover(must, may)
	if c.over {
		return nil, false
	}
	for i := range cubes {
		cubes[i] = d.widened(cubes[i], may)
	}
	cubes = d.needed(cubes, must)
	slices.SortFunc(cubes, compareCubes)
	return cubes, len(cubes) <= limit
}

// A coverer goes through two diagrams at once, as Minato and Morreale do for
// variables of two values: first come the cubes that have to ask for a variable,
// then those that need not.
type coverer struct {
	d     *Diagrams
	known map[[2]Node][]Cube
	limit int
	steps int
	over  bool
}

func (c *coverer) cover(must, may Node) []Cube {
	switch {
	case must == No || c.over:
		return nil
	case may == Yes:
		return []Cube{{}}
	}
	key := [2]Node{must, may}
	if list, known := c.known[key]; known {
		return list
	}
	if c.steps++; c.steps > coverSteps {
		c.over = true
		return nil
	}
	d := c.d
	variable := min(d.nodes[must].variable, d.nodes[may].variable)
	musts := make([]Node, len(d.space.variables[variable].Values))
	mays := slices.Clone(musts)
	always := Yes
	for i := range musts {
		musts[i], mays[i] = d.under(must, variable, i), d.under(may, variable, i)
		always = d.And(always, mays[i])
	}
	var list []Cube
	never := d.Not(always)
	for i := range musts {
		for _, cube := range c.cover(d.And(musts[i], never), mays[i]) {
			holds := d.Cube(cube)
			literal := Literal{Variable: int(variable)}
			for k := range mays {
				if d.And(holds, d.Not(mays[k])) == No {
					literal.Values = append(literal.Values, k)
					musts[k] = d.And(musts[k], d.Not(holds))
				}
			}
			list = append(list, append(Cube{literal}, cube...))
		}
	}
	rest := No
	for _, m := range musts {
		rest = d.Or(rest, m)
	}
	list = append(list, c.cover(rest, always)...)
	if len(list) > 16*c.limit {
		c.over = true
	}
	c.known[key] = list
	return list
}

// Cube is the function that holds where all literals of a cube do.
func (d *Diagrams) Cube(cube Cube) Node {
	n := Yes
	for _, l := range slices.Backward(cube) {
		n = d.And(n, d.In(l.Variable, func(value int) bool { return slices.Contains(l.Values, value) }))
	}
	return n
}

// widened is a cube without the literals, and with the values, that make no
// difference to where it may hold. What a diagram asks for last goes first.
func (d *Diagrams) widened(cube Cube, may Node) Cube {
	not := d.Not(may)
	for i := len(cube) - 1; i >= 0; i-- {
		others := append(slices.Clone(cube[:i]), cube[i+1:]...)
		free := d.And(d.Cube(others), not)
		if free == No {
			cube = others
			continue
		}
		values := []int{}
		for value := range d.space.variables[cube[i].Variable].Values {
			if slices.Contains(cube[i].Values, value) || d.And(free, d.Is(cube[i].Variable, value)) == No {
				values = append(values, value)
			}
		}
		cube = slices.Clone(cube)
		cube[i] = Literal{cube[i].Variable, values}
	}
	return cube
}

// needed leaves out what the other cubes cover, the narrowest first.
func (d *Diagrams) needed(cubes []Cube, must Node) []Cube {
	slices.SortStableFunc(cubes, func(a, b Cube) int { return cmp.Compare(len(b), len(a)) })
	for i := 0; i < len(cubes); {
		rest := must
		for j := range cubes {
			if j != i && rest != No {
				rest = d.And(rest, d.Not(d.Cube(cubes[j])))
			}
		}
		if rest == No {
			cubes = append(cubes[:i:i], cubes[i+1:]...)
			continue
		}
		i++
	}
	return cubes
}

func compareCubes(a, b Cube) int {
	return slices.CompareFunc(a, b, func(x, y Literal) int {
		if x.Variable != y.Variable {
			return cmp.Compare(x.Variable, y.Variable)
		}
		return slices.Compare(x.Values, y.Values)
	})
}

// Digest names a function: it is the same in another analysis when the function is,
// over members with the same values.
func (d *Diagrams) Digest(n Node) string {
	done := map[Node]string{No: "no", Yes: "yes"}
	var walk func(Node) string
	walk = func(n Node) string {
		if known, ok := done[n]; ok {
			return known
		}
		v := d.space.variables[d.nodes[n].variable]
		h := sha256.New()
		_, _ = fmt.Fprintf(h, "%s\x00", v.Path)
		for i, k := range d.children(n) {
			_, _ = fmt.Fprintf(h, "%s\x00%s\x00", keyOf(v.Values[i]), walk(k))
		}
		done[n] = hex.EncodeToString(h.Sum(nil))
		return done[n]
	}
	return walk(n)
}

// Some is n where some value of the variables that go makes it hold: what is left
// of it when those are not asked for.
func (d *Diagrams) Some(n Node, gone func(variable int) bool) Node {
	done := map[Node]Node{No: No, Yes: Yes}
	var walk func(Node) Node
	walk = func(n Node) Node {
		if known, ok := done[n]; ok {
			return known
		}
		kids := slices.Clone(d.children(n))
		any := No
		for i := range kids {
			kids[i] = walk(kids[i])
			any = d.Or(any, kids[i])
		}
		if !gone(int(d.nodes[n].variable)) {
			any = d.make(d.nodes[n].variable, kids)
		}
		done[n] = any
		return any
	}
	return walk(n)
}

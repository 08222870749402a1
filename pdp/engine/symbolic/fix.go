package symbolic

import (
	"encoding/binary"
	"maps"
	"slices"
)

// Fix is n where a variable has that value, whatever it has.
func (d *Diagrams) Fix(n Node, variable, value int) Node {
	return d.At(n, map[int]int{variable: value})
}

// At is n where variables have these values, whatever they have.
func (d *Diagrams) At(n Node, values map[int]int) Node {
	at := fixing{d: d, values: values}
	var key []byte
	for _, v := range slices.Sorted(maps.Keys(values)) {
		key = binary.AppendUvarint(binary.AppendUvarint(key, uint64(v)), uint64(values[v]))
		at.last = int32(v)
	}
	known := false
	if at.id, known = d.places[string(key)]; !known {
		if d.places == nil {
			d.places = map[string]Node{}
		}
		at.id = Node(len(d.places))
		d.places[string(key)] = at.id
	}
	return at.of(n)
}

// A fixing gives variables values.
type fixing struct {
	d      *Diagrams
	values map[int]int
	last   int32 // of the variables
	id     Node  // by which what came of it is remembered
}

func (f *fixing) of(n Node) Node {
	variable := f.d.nodes[n].variable
	if variable > f.last {
		return n
	}
	if known, ok := f.d.remembered(opFix, n, f.id); ok {
		return known
	}
	if value, fixed := f.values[int(variable)]; fixed {
		return f.d.remember(opFix, n, f.id, f.of(f.d.children(n)[value]))
	}
	kids := slices.Clone(f.d.children(n))
	for i := range kids {
		kids[i] = f.of(kids[i])
	}
	return f.d.remember(opFix, n, f.id, f.d.make(variable, kids))
}

// Covers reports whether n holds with some values wherever it does with others, as far as within
// holds: whether nothing is in within and At(n, values) and not in At(n, covering). It
// makes no node, which costs most.
func (d *Diagrams) Covers(within, n Node, covering, values map[int]int) bool {
	c := covers{d: d, inside: fixing{d: d, values: values}, outside: fixing{d: d, values: covering}}
	for _, at := range []map[int]int{values, covering} {
		for v := range at {
			c.last = max(c.last, int32(v))
		}
	}
	return c.all(within, n, n)
}

type covers struct {
	d               *Diagrams
	inside, outside fixing
	last            int32 // of the variables that have values
	pairs           done  // a number for each pair that was met
	done            done
}

// all reports whether b holds, with the values outside, wherever within does and a with those
// inside.
func (c *covers) all(within, a, b Node) bool {
	a, b = c.inside.skip(a), c.outside.skip(b)
	nodes := c.d.nodes
	switch {
	case within == No || a == No || b == Yes || a == b && nodes[a].variable > c.last:
		return true
	case within == Yes && a == Yes && b == No:
		return false
	}
	pair := c.pair(a, b)
	if known, ok := c.done.find(opBut, within, pair); ok {
		return known == Yes
	}
	covered, variable := Yes, min(nodes[within].variable, nodes[a].variable, nodes[b].variable)
	for i := range c.d.space.variables[variable].Values {
		if !c.all(c.d.under(within, variable, i), c.d.under(a, variable, i), c.d.under(b, variable, i)) {
			covered = No
			break
		}
	}
	if c.done.add(operation{within, pair, covered, opBut}); c.done.count%64 == 0 {
		c.d.rest()
	}
	return covered == Yes
}

func (c *covers) pair(a, b Node) Node {
	if known, ok := c.pairs.find(opBut, a, b); ok {
		return known
	}
	c.pairs.add(operation{a, b, Node(c.pairs.count), opBut})
	return Node(c.pairs.count - 1)
}

// skip is what is left of n where variables that it asks for first have their values.
func (f *fixing) skip(n Node) Node {
	for n > Yes {
		value, fixed := f.values[int(f.d.nodes[n].variable)]
		if !fixed {
			break
		}
		n = f.d.children(n)[value]
	}
	return n
}

package symbolic

import "slices"

// A Node is a function from inputs to yes or no: a decision diagram whose
// variables are in one order and of which no two are alike. So two functions are
// the same exactly when their nodes are.
type Node int32

// No and Yes are the functions that do not look at the input.
const (
	No  Node = 0
	Yes Node = 1
)

// Diagrams holds the nodes over one space. It is of one goroutine.
type Diagrams struct {
	space  *Space
	nodes  []node
	kids   []Node
	index  index           // of nodes, by what they are
	done   done            // what was computed before
	places map[string]Node // a number for each set of values that variables were given
	pause  func() error
	made   uint
}

// A node asks for one variable: kids[first+i] is what follows from its value i.
type node struct {
	variable int32
	first    int32
}

type operation struct {
	a, b, result Node
	kind         byte // 0 for no operation
}

func (o operation) hash() uint64 {
	return mix(uint64(uint32(o.a))<<32 | uint64(uint32(o.b)) ^ uint64(o.kind)<<61)
}

const (
	opAnd = 1 + iota
	opOr
	opBut
	opNot
	opFix
)

// leaf comes after all variables.
const leaf = int32(1) << 30

func newDiagrams(s *Space) *Diagrams {
	return &Diagrams{space: s, nodes: []node{{variable: leaf}, {variable: leaf}}}
}

func (d *Diagrams) children(n Node) []Node {
	at := d.nodes[n]
	width := len(d.space.variables[at.variable].Values)
	return d.kids[at.first : int(at.first)+width]
}

// make returns the node that asks for a variable, unless its value makes no
// difference.
func (d *Diagrams) make(variable int32, kids []Node) Node {
	alike := true
	for _, k := range kids[1:] {
		alike = alike && k == kids[0]
	}
	if alike {
		return kids[0]
	}
	known := d.index.find(hashOf(variable, kids), func(n Node) bool {
		return d.nodes[n].variable == variable && slices.Equal(d.children(n), kids)
	})
	if known != No {
		return known
	}
	if d.made++; d.made%64 == 0 {
		d.rest()
	}
	n := Node(len(d.nodes))
	d.nodes = append(d.nodes, node{variable, int32(len(d.kids))})
	d.kids = append(d.kids, kids...)
	d.index.add(n, func(n Node) uint64 { return hashOf(d.nodes[n].variable, d.children(n)) })
	return n
}

func hashOf(variable int32, kids []Node) uint64 {
	sum := mix(uint64(variable))
	for _, k := range kids {
		sum = mix(sum ^ uint64(uint32(k)))
	}
	return sum
}

// An Interrupt is what an analysis panics with when its Pause ends it: operations
// on diagrams have no error to return.
type Interrupt struct{ Err error }

func (d *Diagrams) rest() {
	if d.pause == nil {
		return
	}
	if err := d.pause(); err != nil {
		panic(Interrupt{err})
	}
}

// remembered is what an operation came to before.
func (d *Diagrams) remembered(kind byte, a, b Node) (Node, bool) { return d.done.find(kind, a, b) }

func (d *Diagrams) remember(kind byte, a, b, result Node) Node {
	d.done.add(operation{a, b, result, kind})
	return result
}

// Is is the function that holds where a variable has that value.
func (d *Diagrams) Is(variable, value int) Node {
	kids := make([]Node, len(d.space.variables[variable].Values))
	kids[value] = Yes
	return d.make(int32(variable), kids)
}

// In is the function that holds where a variable has one of some values.
func (d *Diagrams) In(variable int, values func(int) bool) Node {
	kids := make([]Node, len(d.space.variables[variable].Values))
	for i := range kids {
		if values(i) {
			kids[i] = Yes
		}
	}
	return d.make(int32(variable), kids)
}

// And holds where both do.
func (d *Diagrams) And(a, b Node) Node {
	switch {
	case a == No || b == No:
		return No
	case a == Yes || a == b:
		return b
	case b == Yes:
		return a
	}
	return d.apply(opAnd, a, b, d.And)
}

// But holds where a does and b does not.
func (d *Diagrams) But(a, b Node) Node {
	switch {
	case a == No || b == Yes || a == b:
		return No
	case b == No:
		return a
	case a == Yes:
		return d.Not(b)
	}
	return d.apply(opBut, a, b, d.But)
}

// Or holds where one of both does.
func (d *Diagrams) Or(a, b Node) Node {
	switch {
	case a == Yes || b == Yes:
		return Yes
	case a == No || a == b:
		return b
	case b == No:
		return a
	}
	return d.apply(opOr, a, b, d.Or)
}

func (d *Diagrams) apply(kind byte, a, b Node, f func(a, b Node) Node) Node {
	if a > b && kind != opBut {
		a, b = b, a
	}
	if n, ok := d.remembered(kind, a, b); ok {
		return n
	}
	variable := min(d.nodes[a].variable, d.nodes[b].variable)
	kids := make([]Node, len(d.space.variables[variable].Values))
	for i := range kids {
		kids[i] = f(d.under(a, variable, i), d.under(b, variable, i))
	}
	return d.remember(kind, a, b, d.make(variable, kids))
}

// under is what is left of n where a variable that stands before or at its own has
// a value.
func (d *Diagrams) under(n Node, variable int32, value int) Node {
	if d.nodes[n].variable != variable {
		return n
	}
	return d.kids[int(d.nodes[n].first)+value]
}

// Not holds where n does not.
func (d *Diagrams) Not(n Node) Node {
	switch n {
	case No:
		return Yes
	case Yes:
		return No
	}
	if known, ok := d.remembered(opNot, n, No); ok {
		return known
	}
	kids := slices.Clone(d.children(n))
	for i := range kids {
		kids[i] = d.Not(kids[i])
	}
	made := d.make(d.nodes[n].variable, kids)
	d.remember(opNot, made, No, n)
	return d.remember(opNot, n, No, made)
}

// Asks is the variable for which n asks first, and what follows from each of its
// values; ok is false for No and Yes, which ask for nothing.
func (d *Diagrams) Asks(n Node) (variable int, kids []Node, ok bool) {
	if n <= Yes {
		return 0, nil, false
	}
	return int(d.nodes[n].variable), slices.Clone(d.children(n)), true
}

// Looks lists the variables that n asks for.
func (d *Diagrams) Looks(n Node) map[int]bool {
	seen, asked := map[Node]bool{}, map[int]bool{}
	var walk func(Node)
	walk = func(n Node) {
		if n <= Yes || seen[n] {
			return
		}
		seen[n] = true
		asked[int(d.nodes[n].variable)] = true
		for _, k := range d.children(n) {
			walk(k)
		}
	}
	walk(n)
	return asked
}

// Holds asks n about one assignment: the number of the value of each variable.
func (d *Diagrams) Holds(n Node, assignment []int) bool {
	for n > Yes {
		n = d.children(n)[assignment[d.nodes[n].variable]]
	}
	return n == Yes
}

// Move changes an assignment until n holds: where its value leaves nothing, a variable
// gets one of the others, by choose of how many. It reports whether that can be.
func (d *Diagrams) Move(n Node, assignment []int, choose func(int) int) bool {
	for n > Yes {
		at, kids := d.nodes[n].variable, d.children(n)
		if kids[assignment[at]] == No {
			var left []int
			for i, k := range kids {
				if k != No {
					left = append(left, i)
				}
			}
			assignment[at] = left[choose(len(left))]
		}
		n = kids[assignment[at]]
	}
	return n == Yes
}

// Size is how many nodes n has.
func (d *Diagrams) Size(n Node) int {
	seen := map[Node]bool{}
	var walk func(Node)
	walk = func(n Node) {
		if n <= Yes || seen[n] {
			return
		}
		seen[n] = true
		for _, k := range d.children(n) {
			walk(k)
		}
	}
	walk(n)
	return len(seen)
}

// Smallest is an assignment for which n holds and whose values together cost
// least; -1 for variables that make no difference. ok is false when there is none.
func (d *Diagrams) Smallest(n Node, cost func(variable, value int) int) (assignment []int, ok bool) {
	if n == No {
		return nil, false
	}
	costs := map[Node]int{Yes: 0}
	var walk func(Node) int
	walk = func(n Node) int {
		if n == No {
			return unreachable
		}
		if c, known := costs[n]; known {
			return c
		}
		best := unreachable
		for i, k := range d.children(n) {
			best = min(best, walk(k)+cost(int(d.nodes[n].variable), i))
		}
		costs[n] = best
		return best
	}
	walk(n)
	assignment = make([]int, len(d.space.variables))
	for i := range assignment {
		assignment[i] = -1
	}
	for n != Yes {
		v := int(d.nodes[n].variable)
		for i, k := range d.children(n) {
			if k != No && costs[k]+cost(v, i) == costs[n] {
				assignment[v], n = i, k
				break
			}
		}
	}
	return assignment, true
}

const unreachable = 1 << 30

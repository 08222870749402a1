package symbolic

// An index finds a node by a hash of what it is, and done what an operation came to. Their
// zero values are empty. They hold millions of small things for an analysis, which
// spends most of its time here, waiting for memory: so their slots are small.
type index struct {
	slots []indexed
	count int
}

type indexed struct {
	hash uint32 // the upper half of it
	node Node   // No for an empty slot: leaves are in no index
}

// find is the node of that hash that is meant; No for none.
func (t *index) find(hash uint64, is func(Node) bool) Node {
	if t.count == 0 {
		return No
	}
	upper, last := uint32(hash>>32), uint64(len(t.slots)-1)
	for i := hash & last; t.slots[i].node != No; i = (i + 1) & last {
		if t.slots[i].hash == upper && is(t.slots[i].node) {
			return t.slots[i].node
		}
	}
	return No
}

// add puts in a node that is not there. of is the hash of any node.
func (t *index) add(n Node, of func(Node) uint64) {
	if 2*(t.count+1) > len(t.slots) {
		old := t.slots
		t.slots = make([]indexed, max(1024, 2*len(old)))
		for _, s := range old {
			if s.node != No {
				t.place(s.node, of(s.node))
			}
		}
	}
	t.place(n, of(n))
	t.count++
}

func (t *index) place(n Node, hash uint64) {
	last := uint64(len(t.slots) - 1)
	i := hash & last
	for t.slots[i].node != No {
		i = (i + 1) & last
	}
	t.slots[i] = indexed{uint32(hash >> 32), n}
}

type done struct {
	slots []operation
	count int
}

// find is what an operation came to; ok is false where it was not done before.
func (t *done) find(kind byte, a, b Node) (result Node, ok bool) {
	if t.count == 0 {
		return No, false
	}
	last := uint64(len(t.slots) - 1)
	for i := (operation{kind: kind, a: a, b: b}).hash() & last; t.slots[i].kind != 0; i = (i + 1) & last {
		if s := &t.slots[i]; s.a == a && s.b == b && s.kind == kind {
			return s.result, true
		}
	}
	return No, false
}

// add puts in an operation that is not there.
func (t *done) add(o operation) {
	if 2*(t.count+1) > len(t.slots) {
		old := t.slots
		t.slots = make([]operation, max(1024, 2*len(old)))
		for _, s := range old {
			if s.kind != 0 {
				t.place(s)
			}
		}
	}
	t.place(o)
	t.count++
}

func (t *done) place(o operation) {
	last := uint64(len(t.slots) - 1)
	i := o.hash() & last
	for t.slots[i].kind != 0 {
		i = (i + 1) & last
	}
	t.slots[i] = o
}

// mix spreads the bits of a number (the finaliser of MurmurHash3).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return x
}

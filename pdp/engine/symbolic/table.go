package symbolic

// A table finds what was put into it by a hash of it. Its zero value is empty. It
// holds millions of small things for an analysis, and a map took half of its time.
type table[T any] struct {
	slots []slot[T]
	count int
}

type slot[T any] struct {
	hash uint64 // 0 for an empty slot
	held T
}

// find is the one of that hash that is meant.
func (t *table[T]) find(hash uint64, is func(T) bool) (found T, ok bool) {
	if t.count == 0 {
		return found, false
	}
	hash |= 1
	last := uint64(len(t.slots) - 1)
	for i := hash >> 1 & last; t.slots[i].hash != 0; i = (i + 1) & last {
		if t.slots[i].hash == hash && is(t.slots[i].held) {
			return t.slots[i].held, true
		}
	}
	return found, false
}

// add puts something in that is not there.
func (t *table[T]) add(hash uint64, held T) {
	if 2*(t.count+1) > len(t.slots) {
		old := t.slots
		t.slots = make([]slot[T], max(1024, 2*len(old)))
		for _, s := range old {
			if s.hash != 0 {
				t.place(s)
			}
		}
	}
	t.place(slot[T]{hash | 1, held})
	t.count++
}

func (t *table[T]) place(s slot[T]) {
	last := uint64(len(t.slots) - 1)
	i := s.hash >> 1 & last
	for t.slots[i].hash != 0 {
		i = (i + 1) & last
	}
	t.slots[i] = s
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

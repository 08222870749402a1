// Package workqueue shares the cores among those who want a password hashed. A
// caller that is known waits behind unknown ones for one of their turns at most,
// however many they are; among callers of one class each has its turn in order.
// It owns the waiting, in memory, and knows nothing of accounts.
package workqueue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// ErrBusy says that the caller, or all callers of its class, wait for too much
// already. Nothing was done.
var ErrBusy = errors.New("too much work waits")

// A Class says how well a caller is known. The zero Class is not known.
type Class uint8

// The classes. A better known one has the next turn.
const (
	Unknown  Class = iota // nothing of the caller is known
	Familiar              // a network that is known
	Known                 // a device or session that proved itself, or a caller who proved a code
	classes
)

// The places of callers at the queue, waiting and working.
const (
	ofClass   = 64
	ofCaller  = 16
	ofUnknown = 4 // of one unknown caller
)

// A Caller is one of those who share. Name tells it from others of its class.
type Caller struct {
	Class Class
	Name  string
}

func (c Caller) places() int {
	if c.Class == Unknown {
		return ofUnknown
	}
	return ofCaller
}

// A Queue gives turns. The zero Queue gives none: use New.
type Queue struct {
	cores int

	mu      sync.Mutex
	working [classes]int
	rings   [classes]ring
	held    map[Caller]int // places of a caller
	places  [classes]int   // places of a class
}

// A ring is the callers of one class that wait, the next one first.
type ring []*line

// A line is the turns that one caller waits for.
type line struct {
	caller Caller
	turns  []chan struct{} // each is closed when it is its turn
}

// New returns a queue for so many cores, one at the least.
func New(cores int) *Queue {
	return &Queue{cores: max(1, cores), held: map[Caller]int{}}
}

// Do waits for the caller's turn and works. It returns ErrBusy at once, or the
// context's error when that ended before; then work was not called.
func (q *Queue) Do(ctx context.Context, c Caller, work func()) error {
	turn, err := q.stand(c)
	if err != nil {
		return err
	}
	select {
	case <-turn:
	case <-ctx.Done():
		if q.giveUp(c, turn) {
			return fmt.Errorf("wait for a core: %w", ctx.Err())
		}
	}
	defer q.done(c)
	work()
	return nil
}

// Position is how many turns come before the next one of c, those under way
// included: its wait, in turns.
func (q *Queue) Position(c Caller) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := max(0, q.inside()-q.cores+1)
	for class := c.Class; class < classes; class++ {
		for _, l := range q.rings[class] {
			if class > c.Class {
				n += len(l.turns)
			} else if l.caller != c {
				n++
			}
		}
	}
	return n
}

// stand takes a place in line.
func (q *Queue) stand(c Caller) (chan struct{}, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if c.Class >= classes || q.held[c] >= c.places() || q.places[c.Class] >= ofClass {
		return nil, ErrBusy
	}
	q.held[c]++
	q.places[c.Class]++
	turn := make(chan struct{})
	r := &q.rings[c.Class]
	i := slices.IndexFunc(*r, func(l *line) bool { return l.caller == c })
	if i < 0 {
		*r = append(*r, &line{caller: c})
		i = len(*r) - 1
	}
	(*r)[i].turns = append((*r)[i].turns, turn)
	q.next()
	return turn, nil
}

func (q *Queue) inside() (n int) {
	for _, working := range q.working {
		n += working
	}
	return n
}

// next gives free cores to those who wait, the best known first. Unknown callers
// leave one core free where there are several.
func (q *Queue) next() {
	for class := int(classes) - 1; class >= 0; class-- {
		cores := q.cores
		if Class(class) == Unknown {
			cores = max(1, cores-1)
		}
		for r := &q.rings[class]; len(*r) > 0 && q.inside() < q.cores && q.working[class] < cores; {
			l := (*r)[0]
			*r = (*r)[1:]
			close(l.turns[0])
			q.working[class]++
			if l.turns = l.turns[1:]; len(l.turns) > 0 {
				*r = append(*r, l) // behind the others
			}
		}
	}
}

// giveUp leaves the line. It reports false when the turn came at that moment.
func (q *Queue) giveUp(c Caller, turn chan struct{}) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	r := &q.rings[c.Class]
	i := slices.IndexFunc(*r, func(l *line) bool { return l.caller == c })
	if i < 0 {
		return false
	}
	l := (*r)[i]
	j := slices.Index(l.turns, turn)
	if j < 0 {
		return false
	}
	if l.turns = slices.Delete(l.turns, j, j+1); len(l.turns) == 0 {
		*r = slices.Delete(*r, i, i+1)
	}
	q.leave(c)
	return true
}

func (q *Queue) done(c Caller) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.working[c.Class]--
	q.leave(c)
	q.next()
}

func (q *Queue) leave(c Caller) {
	q.places[c.Class]--
	if q.held[c]--; q.held[c] == 0 {
		delete(q.held, c)
	}
}

package anonymous

import (
	"context"
	"slices"
	"sync"
	"time"
)

// maxWait is how long a request waits to do slow work at most.
const maxWait = 5 * time.Second

// fairShare is the part of all places at a gate that one caller may hold: an
// eighth. Who may ask often could otherwise keep everybody else out.
const fairShare = 8

// A gate lets so many do slow work at once, and so many wait for it: of several
// callers each has its turn, in the order in which they came.
type gate struct {
	mu      sync.Mutex
	inside  int
	waiting []waiter
	held    map[string]int    // places inside and waiting, by caller
	served  map[string]uint64 // when callers that hold a place had their last turn
	turns   uint64
}

// A waiter waits for its turn, which is closed then.
type waiter struct {
	who  string
	turn chan struct{}
}

// The doors to slow work. A caller at one of them never waits for those at another.
const (
	doorUnknown = iota
	doorOnSite
	doorKnown
	doors
)

// Costly reports whether an action does slow work.
func (g *Limiter) Costly(action string) bool { return g != nil && g.cfg.Limits().Costly[action] }

// Enter waits for a place among those who do slow work. It returns false when
// too many wait already, this caller for too many places, or none became free
// in time; otherwise leave has to be called once. Callers who are known, and those
// on-site, do not queue behind unknown ones. Unknown callers on-site may share one
// address, and have no share.
func (g *Limiter) Enter(ctx context.Context, c Caller) (leave func(), ok bool) {
	l := g.cfg.Limits()
	door, who, share := &g.gates[doorUnknown], networkOf(c.Address).String(), max(1, (l.AtOnce+l.Waiting)/fairShare)
	switch {
	case c.Known != "":
		door, who = &g.gates[doorKnown], c.Known
	case g.cfg.OnSite(c.Address):
		door, share = &g.gates[doorOnSite], l.AtOnce+l.Waiting
	}
	if !door.claim(who, share) {
		return nil, false
	}
	if !door.enter(ctx, who, l.AtOnce, l.Waiting) {
		door.release(who)
		return nil, false
	}
	return sync.OnceFunc(func() { door.leave(); door.release(who) }), true
}

// claim counts a place of a caller, unless the caller holds a whole share.
func (g *gate) claim(who string, share int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held[who] >= share {
		return false
	}
	if g.held == nil {
		g.held, g.served = map[string]int{}, map[string]uint64{}
	}
	g.held[who]++
	return true
}

func (g *gate) release(who string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held[who]--; g.held[who] == 0 {
		delete(g.held, who)
		delete(g.served, who)
	}
}

func (g *gate) enter(ctx context.Context, who string, atOnce, waiting int) bool {
	g.mu.Lock()
	if g.inside < atOnce {
		g.inside++
		g.serve(who)
		g.mu.Unlock()
		return true
	}
	if len(g.waiting) >= waiting {
		g.mu.Unlock()
		return false
	}
	turn := make(chan struct{})
	g.waiting = append(g.waiting, waiter{who, turn})
	g.mu.Unlock()
	timer := time.NewTimer(maxWait)
	defer timer.Stop()
	select {
	case <-turn:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return g.giveUp(turn)
}

// giveUp leaves the queue. Whose turn came at that very moment passes it on.
func (g *gate) giveUp(turn chan struct{}) bool {
	g.mu.Lock()
	i := slices.IndexFunc(g.waiting, func(w waiter) bool { return w.turn == turn })
	if i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
	}
	g.mu.Unlock()
	if i < 0 {
		g.leave()
	}
	return false
}

// leave gives its place to the waiter whose caller has had none for longest: a
// caller with many waiters takes turns with one that has a single one.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		g.inside--
		return
	}
	next := 0
	for i := range g.waiting {
		if g.served[g.waiting[i].who] < g.served[g.waiting[next].who] {
			next = i
		}
	}
	close(g.waiting[next].turn)
	g.serve(g.waiting[next].who)
	g.waiting = slices.Delete(g.waiting, next, next+1)
}

// serve notes that a caller has a turn.
func (g *gate) serve(who string) {
	g.turns++
	g.served[who] = g.turns
}

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

// A gate lets so many do slow work at once, and so many wait for it in order.
type gate struct {
	mu      sync.Mutex
	inside  int
	waiting []chan struct{} // closed when it is the waiter's turn
	held    map[string]int  // places inside and waiting, by caller
}

// Costly reports whether an action does slow work.
func (g *Limiter) Costly(action string) bool { return g != nil && g.cfg.Limits().Costly[action] }

// Enter waits for a place among those who do slow work. It returns false when
// too many wait already, this caller for too many places, or none became free
// in time; otherwise leave has to be called once. Callers who are known do not
// queue behind unknown ones. Unknown callers on-site may share one address, and are not
// told apart.
func (g *Limiter) Enter(ctx context.Context, c Caller) (leave func(), ok bool) {
	l := g.cfg.Limits()
	door, who := &g.gates[0], ""
	switch {
	case c.Known != "":
		door, who = &g.gates[1], c.Known
	case !g.cfg.OnSite(c.Address):
		who = networkOf(c.Address).String()
	}
	if !door.claim(who, max(1, (l.AtOnce+l.Waiting)/fairShare)) {
		return nil, false
	}
	if !door.enter(ctx, l.AtOnce, l.Waiting) {
		door.release(who)
		return nil, false
	}
	return sync.OnceFunc(func() { door.leave(); door.release(who) }), true
}

// claim counts a place of a caller, unless the caller holds a whole share. A
// caller without a name has no share.
func (g *gate) claim(who string, share int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if who == "" {
		return true
	}
	if g.held[who] >= share {
		return false
	}
	if g.held == nil {
		g.held = map[string]int{}
	}
	g.held[who]++
	return true
}

func (g *gate) release(who string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if who == "" {
		return
	}
	if g.held[who]--; g.held[who] == 0 {
		delete(g.held, who)
	}
}

func (g *gate) enter(ctx context.Context, atOnce, waiting int) bool {
	g.mu.Lock()
	if g.inside < atOnce {
		g.inside++
		g.mu.Unlock()
		return true
	}
	if len(g.waiting) >= waiting {
		g.mu.Unlock()
		return false
	}
	turn := make(chan struct{})
	g.waiting = append(g.waiting, turn)
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
	i := slices.Index(g.waiting, turn)
	if i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
	}
	g.mu.Unlock()
	if i < 0 {
		g.leave()
	}
	return false
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		g.inside--
		return
	}
	close(g.waiting[0])
	g.waiting = slices.Delete(g.waiting, 0, 1)
}

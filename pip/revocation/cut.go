package revocation

import "sync"

// cuts are those who want to know at once that somebody was cut off.
type cuts struct {
	mu        sync.RWMutex
	listeners []func(session, subject string)
}

// OnRevoke has f called for every session and every subject that is cut off from
// now on: one of the two is "". It is called from whoever learns of it, before
// that goes on, so that f must be quick and must not call the list.
func (l *List) OnRevoke(f func(session, subject string)) {
	l.cuts.mu.Lock()
	defer l.cuts.mu.Unlock()
	l.cuts.listeners = append(l.cuts.listeners, f)
}

func (c *cuts) tell(session, subject string) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, f := range c.listeners {
		f(session, subject)
	}
}

package revocation

import "sync"

// A notifier tells listeners at once of every session and subject that is revoked.
type notifier struct {
	mu        sync.RWMutex
	listeners []func(session, subject string)
}

// OnRevoke has f called for every session and every subject that is cut off from
// now on: one of the two is "". The goroutine that learns of it calls f before
// it goes on, so that f must be quick and must not call the list.
func (l *List) OnRevoke(f func(session, subject string)) {
	l.notifier.mu.Lock()
	defer l.notifier.mu.Unlock()
	l.notifier.listeners = append(l.notifier.listeners, f)
}

func (n *notifier) notify(session, subject string) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, f := range n.listeners {
		f(session, subject)
	}
}

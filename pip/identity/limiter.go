package identity

import "time"

const (
	// pendingLife is how long a password check may be under way before its
	// reservation is taken for lost.
	pendingLife = 30 * time.Second
	// pendingWait is what a caller is told who comes while too many are under way.
	pendingWait = time.Second
)

// A Limiter remembers the wrong passwords of one account from one kind of origin,
// or of one e-mail that has no account. It never lets more than
// Limits.WrongPasswords be evaluated in a span; whether a bar follows is for
// the policy to say. Checks under way count as wrong until they are settled:
// otherwise a thousand guesses sent at once would all be evaluated.
type Limiter struct {
	Failed       []time.Time // wrong passwords within the span
	Pending      int         // checks under way
	PendingSince time.Time   // the newest of them
	BarredUntil  time.Time
	Version      int64 // the store's count of changes, which it alone sets; 0 when there is no limiter yet
}

// Reserve takes the right to check one password, or says how long to wait.
func (g *Limiter) Reserve(now time.Time, l Limits) (wait time.Duration) {
	l = l.withDefaults()
	g.forget(now, l)
	if g.BarredUntil.After(now) {
		return g.BarredUntil.Sub(now)
	}
	if len(g.Failed)+g.Pending >= l.WrongPasswords {
		return pendingWait
	}
	g.Pending++
	g.PendingSince = now
	return 0
}

// Fail settles a reservation with a wrong password, and returns how many there
// have been in the span.
func (g *Limiter) Fail(now time.Time, l Limits) int {
	l = l.withDefaults()
	g.Release()
	g.forget(now, l)
	g.Failed = append(g.Failed, now)
	return len(g.Failed)
}

// Bar refuses everything until then. A bar is never shortened by a later one.
func (g *Limiter) Bar(until time.Time) {
	g.Failed = nil
	if until.After(g.BarredUntil) {
		g.BarredUntil = until
	}
}

// Succeed settles a reservation with the right password.
func (g *Limiter) Succeed() {
	g.Release()
	g.Failed = nil
}

// Release gives a reservation back when no password was checked.
func (g *Limiter) Release() { g.Pending = max(0, g.Pending-1) }

func (g *Limiter) forget(now time.Time, l Limits) {
	kept := g.Failed[:0]
	for _, t := range g.Failed {
		if now.Sub(t) < l.WrongWithin {
			kept = append(kept, t)
		}
	}
	g.Failed = kept
	if now.Sub(g.PendingSince) > pendingLife {
		g.Pending = 0
	}
}

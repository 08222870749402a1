package ship

import (
	"context"
	"math/rand/v2"
	"time"
)

// A backoff waits longer after each failure, and never as long as another one
// would: a cluster that comes back is not met by everybody at once.
type backoff struct {
	least, most time.Duration
	next        time.Duration
}

// wait returns false when the context ended.
func (b *backoff) wait(ctx context.Context) bool {
	b.next = min(max(2*b.next, b.least), b.most)
	timer := time.NewTimer(b.next/2 + rand.N(b.next/2+1)) // #nosec G404 -- spreads load, keeps no secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func (b *backoff) reset() { b.next = 0 }

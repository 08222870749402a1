// Package deadline bounds work by a deadline without a timer for each bound.
package deadline

import (
	"context"
	"sync"
	"time"
)

// Within returns a context that ends after d, as context.WithTimeout does. It
// starts a timer only when a caller waits for it: of the bounds that every
// request is put under hardly one is ever waited for.
func Within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	b := &bounded{Context: ctx, deadline: time.Now().Add(d)}
	return b, b.cancel
}

type bounded struct {
	context.Context // what it was made from
	deadline        time.Time

	mu    sync.Mutex
	timed context.Context // the same with a timer, for the first who waits
	stop  context.CancelFunc
	ended bool
}

func (b *bounded) Deadline() (time.Time, bool) {
	if earlier, ok := b.Context.Deadline(); ok && earlier.Before(b.deadline) {
		return earlier, true
	}
	return b.deadline, true
}

func (b *bounded) Done() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timed == nil {
		b.timed, b.stop = context.WithDeadline(b.Context, b.deadline)
		if b.ended {
			b.stop()
		}
	}
	return b.timed.Done()
}

func (b *bounded) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.timed != nil:
		return b.timed.Err()
	case b.ended:
		return context.Canceled
	case b.Context.Err() != nil:
		return b.Context.Err()
	case !time.Now().Before(b.deadline):
		return context.DeadlineExceeded
	}
	return nil
}

// Value answers for the context with the timer once there is one, so that what
// is derived from it is cancelled without a goroutine of its own.
func (b *bounded) Value(key any) any {
	b.mu.Lock()
	timed := b.timed
	b.mu.Unlock()
	if timed != nil {
		return timed.Value(key)
	}
	return b.Context.Value(key)
}

func (b *bounded) cancel() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	if b.stop != nil {
		b.stop()
	}
}

// Package effort bounds work that does nothing but compute. A bound by the clock
// alone refuses on a machine that is busy with other things what it would let pass
// on a quiet one; a bound by the processor alone lets work that never gets one wait
// without end. Here both count.
package effort

import (
	"context"
	"syscall"
	"time"
)

// most is how many times longer than it may work may wait for a processor.
const most = 5

// Within returns a context that ends once this process could have worked for d: after
// d where it had at least half of one core in that time, later where it had less, and
// after five times d at the latest, which is its deadline. Its cause is then
// context.DeadlineExceeded. Work that waits for anything but a processor may take
// five times d.
func Within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, release := context.WithTimeout(ctx, most*d)
	ctx, cancel := context.WithCancelCause(ctx)
	begun, before := time.Now(), used()
	go func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
			left := remaining(d, time.Since(begun), used()-before)
			if left <= 0 {
				cancel(context.DeadlineExceeded)
				return
			}
			timer.Reset(left)
		}
	}()
	return ctx, func() {
		cancel(context.Canceled)
		release()
	}
}

// remaining is how long to wait before work that may take d, and has gone on for some
// time with so much of the processor, is looked at again; nothing, or less, where its
// time is over.
func remaining(d, elapsed, processor time.Duration) time.Duration {
	if elapsed < d {
		return d - elapsed
	}
	// No sooner than one core could give what is missing of half of d.
	return d/2 - processor
}

// used is how much of the processor this process has had; nothing where the system
// does not tell.
func used() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // it fails for other arguments alone
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

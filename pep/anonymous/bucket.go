package anonymous

import (
	"time"

	"golang.org/x/time/rate"
)

// maxBuckets bounds the memory that callers of one class take.
const maxBuckets = 1 << 16

// sweepEvery is how often a full table looks for room.
const sweepEvery = time.Second

// buckets is a table of token buckets by caller. Only a bucket that is full
// again is ever forgotten, so that making the table forget gains nothing.
// While there is no room, callers who have no bucket share one.
type buckets[K comparable] struct {
	perMinute, burst int
	of               map[K]*rate.Limiter
	shared           *rate.Limiter
	swept            time.Time
}

// limit sets the numbers that hold from now on.
func (b *buckets[K]) limit(perMinute, burst int) {
	if b.of != nil && b.perMinute == perMinute && b.burst == burst {
		return
	}
	b.perMinute, b.burst = perMinute, burst
	b.of, b.shared = map[K]*rate.Limiter{}, b.fresh()
}

func (b *buckets[K]) fresh() *rate.Limiter {
	return rate.NewLimiter(perMinute(b.perMinute), b.burst)
}

func perMinute(n int) rate.Limit { return rate.Limit(float64(n) / 60) }

func (b *buckets[K]) take(key K, now time.Time) (time.Duration, bool) {
	l := b.of[key]
	if l == nil {
		if len(b.of) >= maxBuckets {
			b.sweep(now)
		}
		if len(b.of) >= maxBuckets {
			return take(b.shared, now)
		}
		l = b.fresh()
		b.of[key] = l
	}
	return take(l, now)
}

// left reports whether there are n tokens to take, and after how long there will be.
func (b *buckets[K]) left(key K, n int, now time.Time) (time.Duration, bool) {
	l := b.of[key]
	if l == nil && len(b.of) >= maxBuckets {
		l = b.shared
	}
	tokens, every := float64(b.burst), perMinute(b.perMinute)
	if l != nil {
		tokens = l.TokensAt(now)
	}
	if missing := float64(n) - tokens; missing > 0 {
		return time.Duration(missing / float64(every) * float64(time.Second)), false
	}
	return 0, true
}

func (b *buckets[K]) sweep(now time.Time) {
	if since := now.Sub(b.swept); since >= 0 && since < sweepEvery {
		return
	}
	b.swept = now
	for key, l := range b.of {
		if l.TokensAt(now) >= float64(b.burst) {
			delete(b.of, key)
		}
	}
}

// take takes one token, or says after how long there will be one.
func take(l *rate.Limiter, now time.Time) (time.Duration, bool) {
	r := l.ReserveN(now, 1)
	if !r.OK() {
		return time.Minute, false
	}
	if wait := r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return wait, false
	}
	return 0, true
}

func adjust(l *rate.Limiter, n, burst int) {
	if l.Limit() != perMinute(n) || l.Burst() != burst {
		*l = *rate.NewLimiter(perMinute(n), burst)
	}
}

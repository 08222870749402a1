// Package quota bounds what one subject asks of one application: so many requests a
// minute, each by its weight. Using a quota up turns the subject away from that
// application for seconds, and from nothing else: it is for the application's sake,
// says nothing about the subject, and is kept by each enforcement point for itself.
package quota

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// Usual is what one subject may ask of an application that is not Wardgate's own,
	// in requests a minute, where its entry in the configuration says nothing: an
	// image viewer asks for thousands of slices.
	Usual = 60_000
	// Most is the largest quota that may be set, and MostWeight the largest weight.
	Most       = 10_000_000
	MostWeight = 1000

	// maxKept bounds the memory, in subjects and applications that lately asked.
	maxKept = 1 << 16
	// sweepEvery is how often a full memory looks for room.
	sweepEvery = time.Second
)

// A Quota is what one subject may ask of one application. The zero Quota bounds
// nothing.
type Quota struct {
	PerMinute int // in requests of weight 1, as many at once; 0 leaves it to the rule book
	Weight    int // of a request whose route says nothing; 0 means 1
}

// Cost is what one request takes, whose route has this weight, 0 for none.
func (q Quota) Cost(route int) int { return max(route, 1) * max(q.Weight, 1) }

type key struct{ subject, application string }

// A Limiter counts. Its zero value is ready, and its methods may be called in
// parallel.
type Limiter struct {
	mu    sync.Mutex
	of    map[key]*rate.Limiter
	swept time.Time
}

// Take takes the cost of one request out of the subject's share of the application,
// or says after how long it may be asked again.
func (l *Limiter) Take(subject, application string, perMinute, cost int, now time.Time) (time.Duration, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(key{subject, application}, perMinute, now)
	if b == nil {
		return 0, true
	}
	r := b.ReserveN(now, min(cost, perMinute)) // what weighs more than all of it takes all of it
	if wait := r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return wait, false
	}
	return 0, true
}

// bucket needs l.mu. It is nil while there is no room, which denies nothing: a quota
// guards an application's comfort, and is no safeguard of data.
func (l *Limiter) bucket(k key, perMinute int, now time.Time) *rate.Limiter {
	limit := rate.Limit(float64(perMinute) / 60)
	if b := l.of[k]; b != nil && b.Limit() == limit && b.Burst() == perMinute {
		return b
	}
	if len(l.of) >= maxKept {
		l.sweep(now)
	}
	if len(l.of) >= maxKept {
		return nil
	}
	if l.of == nil {
		l.of = map[key]*rate.Limiter{}
	}
	b := rate.NewLimiter(limit, perMinute)
	l.of[k] = b
	return b
}

// sweep needs l.mu. It forgets what is full again, so that forgetting gains nothing.
func (l *Limiter) sweep(now time.Time) {
	if since := now.Sub(l.swept); since >= 0 && since < sweepEvery {
		return
	}
	l.swept = now
	for k, b := range l.of {
		if b.TokensAt(now) >= float64(b.Burst()) {
			delete(l.of, k)
		}
	}
}

package redisfeed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/revocation"
)

const (
	// every is how often a mirror compares the copy with its authority.
	every = 500 * time.Millisecond
	// aliveFor is how long the copy is believed after a mirror compared it.
	aliveFor = 3 * every
	// renewEvery is how often the whole copy is written anew, so that nothing
	// that is over or was tampered with stays.
	renewEvery = 10 * time.Minute
	// renewTimeout bounds the writing of a whole copy.
	renewTimeout = time.Minute
)

// A Mirror keeps the copy in Redis as new as its authority. Any number of them
// may work on one copy: a change is only written onto the mark that it follows.
type Mirror struct {
	redis     *Redis
	authority revocation.Authority
	log       *slog.Logger
	kick      chan struct{}
	failures  atomic.Int64

	renewed time.Time // the newest whole copy
	broken  bool      // the newest step failed
}

// NewMirror returns a mirror that Run sets to work.
func NewMirror(r *Redis, authority revocation.Authority, log *slog.Logger) *Mirror {
	return &Mirror{redis: r, authority: authority, log: log, kick: make(chan struct{}, 1)}
}

// Kick has the copy compared at once. It never waits.
func (m *Mirror) Kick() {
	select {
	case m.kick <- struct{}{}:
	default:
	}
}

// Failures counts comparisons that failed: Redis or the authority was gone.
func (m *Mirror) Failures() int64 { return m.failures.Load() }

// Run mirrors until the context ends.
func (m *Mirror) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-m.kick:
		}
		err := m.step(ctx)
		if ctx.Err() != nil {
			return
		}
		if m.note(err); err != nil {
			m.redis.lookAgain(ctx)
		}
		timer.Reset(every)
	}
}

// note tells the operator once that mirroring fails, and once that it works
// again.
func (m *Mirror) note(err error) {
	if err != nil {
		m.failures.Add(1)
	}
	switch {
	case err != nil && !m.broken:
		m.log.Warn("the copy of the revocations in Redis is not kept; the authority is asked instead", "error", err)
	case err == nil && m.broken:
		m.log.Info("the copy of the revocations in Redis is kept again")
	}
	m.broken = err != nil
}

// errOvertaken means that another mirror wrote first.
var errOvertaken = errors.New("another mirror was faster")

// step brings the copy up to the authority's mark. Who is overtaken by another
// mirror compares again.
func (m *Mirror) step(ctx context.Context) error {
	var err error
	for range 5 {
		if err = m.compare(ctx); !errors.Is(err, errOvertaken) {
			return err
		}
	}
	return err
}

func (m *Mirror) compare(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	stands, at, err := m.redis.at(ctx)
	switch {
	case errors.Is(err, ErrMissing) || errors.Is(err, ErrSpoilt) || err == nil && time.Since(m.renewed) > renewEvery:
		return m.renew(ctx, stands)
	case err != nil:
		return err
	}
	said, err := m.authority.Snapshot(ctx, at)
	switch {
	case err != nil:
		return err
	case said.Since != at || len(said.Sessions) > page:
		return m.renew(ctx, stands)
	case said.Mark == at:
		return m.redis.client.Set(ctx, m.redis.keys.alive, 1, aliveFor).Err()
	default:
		return m.redis.write(ctx, stands, said, "")
	}
}

// renew writes the whole copy beside the old one, and then puts it in its
// place.
func (m *Mirror) renew(ctx context.Context, stands place) error {
	said, err := m.authority.Snapshot(ctx, pip.Mark{})
	if err != nil {
		return err
	}
	generation, err := uuid.NewRandom()
	if err != nil {
		return fmt.Errorf("renew the copy: %w", err)
	}
	if err := m.redis.stage(ctx, said, generation.String()); err != nil {
		return err
	}
	said.Sessions = nil
	if err := m.redis.write(ctx, stands, said, generation.String()); err != nil {
		return err
	}
	m.renewed = time.Now()
	return nil
}

// A place is where the copy says that it stands, word for word: "" for a copy
// that is not there.
type place struct{ epoch, sequence string }

// at is where the copy stands, whichever process keeps it.
func (r *Redis) at(ctx context.Context) (place, pip.Mark, error) {
	var about *redis.MapStringStringCmd
	var sessions, bans *redis.IntCmd
	_, err := r.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		about = p.HGetAll(ctx, r.keys.mark)
		sessions, bans = p.ZCard(ctx, r.keys.sessions), p.HLen(ctx, r.keys.bans)
		return nil
	})
	if err != nil {
		return place{}, pip.Mark{}, fmt.Errorf("read the copy's mark: %w", err)
	}
	mark, _, err := markOf(about.Val(), sessions.Val(), bans.Val())
	return place{about.Val()["epoch"], about.Val()["sequence"]}, mark, err
}

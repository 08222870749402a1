// Package refusals keeps the evidence of what is refused, and keeps it small. The
// first refusals of a session, of a subject and of a network have a record of their
// own; further ones are counted, and a record for many is written in their place.
// None is left out: what was refused is what was recorded and what was counted.
//
// A Ledger refuses nothing, and what was allowed never comes here.
package refusals

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wardgate/wardgate/internal/required"
	"github.com/wardgate/wardgate/pip"
)

// Every is how long a window is: refusals are counted for so long before their
// record is written.
const Every = 10 * time.Second

// parallelAppends is how many records of one window wait for the disk together.
const parallelAppends = 64

// flushTime bounds the writing of one window.
const flushTime = 10 * time.Second

// Limits are how many refusals have a record of their own in one window.
type Limits struct {
	Anonymous       int // of one network, of callers without a session
	AnonymousOnSite int // the same of a network of the hospital's own
	Session         int // of one session that has ended, or that asks for what there is not
	Denied          int // of one session, of what a policy denied it
}

// A Source is who was refused. The zero Source is an unknown caller.
type Source struct {
	Subject string // account id; "" without a session
	Session string
	Role    string     // as far as it is known
	Caller  string     // the enforcement point of others that asked
	Address netip.Addr // of the client; zero when it is not known
}

// A Kind says by which limit a refusal is recorded.
type Kind uint8

// The kinds. The zero Kind has no record of its own.
const (
	Turned    Kind = iota // away, before anything was asked
	Anonymous             // of a caller without a session
	Void                  // of a session that has ended, or that asks for what there is not
	Denied                // by a policy, of a session
)

func (k Kind) String() string {
	return [...]string{"turned_away", "anonymous", "void", "denied"}[k]
}

// A Refusal is what was refused. The Codes are why; what they mean is said in Denial
// and Alarm.
type Refusal struct {
	Kind     Kind
	Codes    []string
	Denial   pip.Denial
	Alarm    bool
	Patient  string // whose record was asked for; "" for none
	Revision string // of the rule book that denied; "" when none was asked
	Time     time.Time
}

// Config is what a Ledger is made of. All of it is required.
type Config struct {
	Limits  func() Limits
	OnSite  func(netip.Addr) bool
	Journal pip.Journal
	Log     *slog.Logger
}

// A Ledger says which refusals have a record of their own, and counts the others.
// A nil Ledger counts none.
type Ledger struct {
	cfg Config

	flushing sync.Mutex // held while a window is written
	mu       sync.Mutex
	window   window
	totals   map[Total]uint64
	closed   bool
}

// A Total names a number of refusals since the start.
type Total struct {
	Kind    Kind
	Counted bool // in a record for many
}

// New returns a ledger. Run has to run beside it, and Close to end it.
func New(c Config) (*Ledger, error) {
	if err := required.Parts("records of refusals", map[string]bool{
		"Limits": c.Limits != nil, "OnSite": c.OnSite != nil, "Journal": c.Journal != nil, "Log": c.Log != nil,
	}); err != nil {
		return nil, err
	}
	return &Ledger{cfg: c, totals: map[Total]uint64{}}, nil
}

// Count reports whether a refusal needs no record of its own, and counts it then.
// With false the caller has to record it.
func (l *Ledger) Count(s Source, r *Refusal) bool {
	if l == nil {
		return false
	}
	limits, onSite := l.cfg.Limits(), l.cfg.OnSite(s.Address)
	l.mu.Lock()
	defer l.mu.Unlock()
	// After the last window nothing would write what is counted.
	own := l.closed || l.window.room.take(bounds(&s, r.Kind, &limits, onSite))
	l.totals[Total{r.Kind, !own}]++
	if own {
		return false
	}
	l.window.add(&s, r)
	return true
}

// Totals are the numbers of refusals since the start.
func (l *Ledger) Totals() map[Total]uint64 {
	all := map[Total]uint64{}
	l.mu.Lock()
	defer l.mu.Unlock()
	for total, n := range l.totals {
		all[total] = n
	}
	return all
}

// Run writes what was counted, window by window, until the context ends.
func (l *Ledger) Run(ctx context.Context) {
	ticker := time.NewTicker(Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := l.Flush(); err != nil {
			l.cfg.Log.Error("refusals were counted but not journalled; they are counted further", "error", err)
		}
	}
}

// Flush ends the window, and writes what it counted. What cannot be written is
// counted into the next window. It does not end early: a record that may have been
// written or not would be counted twice, or never.
func (l *Ledger) Flush() error {
	l.flushing.Lock()
	defer l.flushing.Unlock()
	l.mu.Lock()
	counted := l.window.end()
	l.mu.Unlock()
	if err := l.write(counted); err != nil {
		return fmt.Errorf("journal counted refusals: %w", err)
	}
	return nil
}

// write has many records wait for the disk together: the journal makes them durable
// with one write.
func (l *Ledger) write(all []*counted) error {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	var group errgroup.Group
	group.SetLimit(parallelAppends)
	for _, c := range all {
		group.Go(func() error {
			err := l.cfg.Journal.Append(ctx, c.event())
			if err != nil {
				l.mu.Lock()
				defer l.mu.Unlock()
				l.window.merge(c)
			}
			return err
		})
	}
	return group.Wait()
}

// Close writes what was counted last. What is refused from then on has a record of
// its own.
func (l *Ledger) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	err := l.Flush()
	l.mu.Lock()
	lost := len(l.window.tallies) > 0
	l.mu.Unlock()
	if lost {
		return errors.Join(errors.New("counted refusals are lost"), err)
	}
	return err
}

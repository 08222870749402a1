package anonymous

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// Every is how long denials are counted before their record is written.
const Every = 10 * time.Second

const (
	// maxCounted bounds the records of one window; what comes from further
	// addresses is counted together, without an address.
	maxCounted = 512
	// maxSingly bounds the denials off-site that have a record of
	// their own in one window, however many addresses they come from.
	maxSingly = 200
)

// A window counts what happened since the last flush.
type window struct {
	singly map[netip.Prefix]int // denials that got a record of their own
	away   int                  // of them from off-site
	counts map[tally]*count
}

// A tally is what one aggregated record is about.
type tally struct {
	network  netip.Prefix
	reasons  string // joined by commas
	revision string // of the rule book that denied; "" when none was asked
}

type count struct {
	n       int
	first   time.Time
	reasons pdp.Reasons // what the codes meant then
}

// Throttled counts a request that was turned away before anything was asked.
// meaning says what the reason means.
func (g *Limiter) Throttled(c Caller, reason string, meaning pdp.Reasons, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.window.add(tally{network: networkOf(c.Address), reasons: reason}, count{1, now, meaning})
}

// Collect reports whether a denial of a caller without a session needs no
// record of its own, and counts it. The first ones of each address in a window
// do need one. revision is that of the decision, "" where none was asked for, and
// meaning says what the reasons mean.
func (g *Limiter) Collect(c Caller, reasons []string, revision string, meaning pdp.Reasons, now time.Time) bool {
	if g == nil {
		return false
	}
	l := g.cfg.Limits()
	network, onSite := networkOf(c.Address), g.cfg.OnSite(c.Address)
	g.mu.Lock()
	defer g.mu.Unlock()
	w := &g.window
	room := w.singly[network] < l.OnSiteRecorded
	if !onSite {
		room = w.singly[network] < l.Recorded && w.away < maxSingly
	}
	if !room {
		w.add(tally{network, strings.Join(reasons, ","), revision}, count{1, now, meaning})
		return true
	}
	if w.singly == nil {
		w.singly = map[netip.Prefix]int{}
	}
	w.singly[network]++
	if !onSite {
		w.away++
	}
	return false
}

func (w *window) add(t tally, more count) {
	if w.counts == nil {
		w.counts = map[tally]*count{}
	}
	c := w.counts[t]
	if c == nil && len(w.counts) >= maxCounted {
		t.network = netip.Prefix{}
		c = w.counts[t]
	}
	if c == nil {
		c = &count{first: more.first, reasons: more.reasons}
		w.counts[t] = c
	}
	c.n += more.n
}

// Run writes what was counted, window by window, until the context ends. What
// was counted then is left for Flush.
func (g *Limiter) Run(ctx context.Context) {
	ticker := time.NewTicker(Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := g.Flush(ctx); err != nil && ctx.Err() == nil {
			g.cfg.Log.Error("denials were counted but not journalled; they are counted further", "error", err)
		}
	}
}

// Flush ends the window: it writes one record for each address and reason, with
// the number of requests that it stands for. What cannot be written is counted
// into the next window.
func (g *Limiter) Flush(ctx context.Context) error {
	g.mu.Lock()
	counts := g.window.counts
	g.window = window{}
	g.mu.Unlock()
	tallies := make([]tally, 0, len(counts))
	for t := range counts {
		tallies = append(tallies, t)
	}
	slices.SortFunc(tallies, func(a, b tally) int {
		return cmp.Or(counts[a].first.Compare(counts[b].first), cmp.Compare(a.reasons, b.reasons))
	})
	var faults []error
	for _, t := range tallies {
		if len(faults) == 0 {
			err := g.cfg.Journal.Append(ctx, t.event(counts[t]))
			if err == nil {
				continue
			}
			faults = append(faults, fmt.Errorf("journal counted denials: %w", err))
		}
		g.mu.Lock()
		g.window.add(t, *counts[t])
		g.mu.Unlock()
	}
	return errors.Join(faults...)
}

// event names the first address of the network that the denials came from.
func (t tally) event(c *count) pip.Event {
	return pdp.DeniedOften(strings.Split(t.reasons, ","), t.revision, c.reasons, c.n, c.first, t.network.Addr())
}

package analysis

import (
	"context"
	"hash/maphash"
	"iter"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pip"
)

// memoBytes bounds the inputs that are remembered, to ask about each once.
const memoBytes = 256 << 20

// A ReplayConfig is what may be said of a replay. Its zero value works.
type ReplayConfig struct {
	// Progress hears how many events have been read, from one goroutine at a time.
	Progress func(read int)
	// Router is the book's table of routes. Without one, requests are for what they
	// were for when they were recorded.
	Router Router
	// Formerly is what of the rule book under whose revision a decision was made Go went
	// by, nil where that book is not known. It is asked in parallel. Without it only
	// answers are compared.
	Formerly func(revision string) *Former
}

// A Former is what of a rule book does something beside its answers.
type Former struct {
	Router  Router
	Reasons pdp.Reasons
}

// A Router says what request lines mean, at a host of the application, or with "" at one
// that is no application's own. It is asked in parallel.
type Router interface {
	// Means is what a line means; matched is false for one without a row.
	Means(application, method, path string) (action string, r pdp.Resource, matched bool)
	// Row is the row of a line.
	Row(application, method, path string) (row pdp.Route, matched bool)
	// Could reports whether a line may have a row of whose path the digest alone was
	// recorded.
	Could(application, method, digest string) bool
}

// Replay asks the book again about every decision among events, and compares the
// whole answers. It returns when all have been asked, with the first error of events,
// or when ctx ends.
func (b *Book) Replay(ctx context.Context, events iter.Seq2[pip.Event, error], c ReplayConfig) (*ReplayReport, error) {
	workers := max(1, runtime.GOMAXPROCS(0))
	group, ctx := errgroup.WithContext(ctx)
	replayers := make([]*replayer, workers)
	for i := range replayers {
		r := newReplayer(b.candidate, c.Router, memoBytes/workers)
		r.formerly = c.Formerly
		r.work = make(chan []pip.Event, 4)
		replayers[i] = r
		group.Go(func() error { return r.run(ctx) })
	}
	report := newReplayReport(b.Revision())
	group.Go(func() error { return deal(ctx, events, replayers, report, c.Progress) })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, r := range replayers {
		report.merge(r.report)
	}
	return report, nil
}

func newReplayer(c *engine.Candidate, router Router, room int) *replayer {
	return &replayer{
		candidate: c, router: router, report: newReplayReport(c.Revision()),
		answers: map[string]*answered{}, room: room, form: c.Form(), places: c.Places(),
	}
}

// batch is how many events are handed over at a time.
const batch = 256

// deal gives every event to the replayer that its input belongs to, so that
// equal inputs meet in one place and are asked about once.
func deal(ctx context.Context, events iter.Seq2[pip.Event, error], to []*replayer, report *ReplayReport, progress func(int)) error {
	defer func() {
		for _, r := range to {
			close(r.work)
		}
	}()
	seed := maphash.MakeSeed()
	waiting := make([][]pip.Event, len(to))
	send := func(i int) error {
		select {
		case to[i].work <- waiting[i]:
			waiting[i] = nil
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	read := 0
	for e, err := range events {
		if err != nil {
			return err
		}
		if read++; progress != nil && read%1024 == 0 {
			progress(read)
		}
		if !replayable(&e) {
			report.count(&e)
			continue
		}
		i := int(maphash.Bytes(seed, e.Input) % uint64(len(to)))
		if waiting[i] = append(waiting[i], e); len(waiting[i]) == batch {
			if err := send(i); err != nil {
				return err
			}
		}
	}
	for i := range waiting {
		if err := send(i); err != nil {
			return err
		}
	}
	return nil
}

// ReplayedKinds are the kinds of events that a policy was asked about: no other need
// be read for a replay.
func ReplayedKinds() []pip.Kind { return []pip.Kind{pip.KindDecision, pip.KindSession} }

// replayable: a decision that a policy made, with what it saw. A request that
// was refused before any policy was asked has no input.
func replayable(e *pip.Event) bool {
	return slices.Contains(ReplayedKinds(), e.Kind) && len(e.Input) > 0 && e.Revision != ""
}

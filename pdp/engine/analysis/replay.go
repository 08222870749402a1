package analysis

import (
	"context"
	"encoding/json"
	"errors"
	"hash/maphash"
	"iter"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pip"
)

// enforced are the reasons that an enforcement point or the administrator adds
// to a policy's answer. They say nothing of the policy.
var enforced = []string{"obligation_unmet", "application_unavailable"}

// noDecision stands for the reason when the candidate gives no answer at all.
const noDecision = "no_decision"

// memoBytes bounds the inputs that are remembered, to ask about each once.
const memoBytes = 256 << 20

// Replay asks the book again about every decision among events, and compares.
// It returns when all have been asked, with the first error of events, or when
// ctx ends. progress, when not nil, hears how many have been read, from one
// goroutine at a time.
func (b *Book) Replay(ctx context.Context, events iter.Seq2[pip.Event, error], progress func(read int)) (*ReplayReport, error) {
	workers := max(1, runtime.GOMAXPROCS(0))
	group, ctx := errgroup.WithContext(ctx)
	replayers := make([]*replayer, workers)
	for i := range replayers {
		r := &replayer{
			book: b, work: make(chan []pip.Event, 4), report: newReplayReport(b.Revision()),
			answers: map[string]pdp.Decision{}, room: memoBytes / workers, form: b.candidate.Form(),
		}
		replayers[i] = r
		group.Go(func() error { return r.run(ctx) })
	}
	report := newReplayReport(b.Revision())
	group.Go(func() error { return deal(ctx, events, replayers, report, progress) })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, r := range replayers {
		report.merge(r.report)
	}
	return report, nil
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

// replayable: a decision that a policy made, with what it saw. A request that
// was refused before any policy was asked has no input.
func replayable(e *pip.Event) bool {
	return (e.Kind == pip.KindDecision || e.Kind == pip.KindSession) && len(e.Input) > 0 && e.Revision != ""
}

// A replayer asks about the inputs that belong to it.
type replayer struct {
	book     *Book
	work     chan []pip.Event
	report   *ReplayReport
	answers  map[string]pdp.Decision // by all of the input that can matter
	room     int                     // bytes that may still be remembered
	form     *input.Form
	document input.Document
}

func (r *replayer) run(ctx context.Context) error {
	for events := range r.work {
		for i := range events {
			d, err := r.ask(ctx, events[i].Input)
			if err != nil {
				return err
			}
			r.report.compare(&events[i], &d)
		}
	}
	return nil
}

// ask denies where the book fails: so does an engine.
func (r *replayer) ask(ctx context.Context, raw json.RawMessage) (pdp.Decision, error) {
	key, narrow := r.key(raw)
	if d, ok := r.answers[string(key)]; ok {
		return d, nil
	}
	r.report.Asked++
	d, err := r.fresh(ctx, raw, narrow)
	if err != nil {
		if ctx.Err() != nil {
			return pdp.Decision{}, ctx.Err()
		}
		if errors.Is(err, input.ErrInput) {
			return pdp.Decision{}, err
		}
		d = pdp.Decision{Reasons: []string{noDecision}}
	}
	if r.room -= len(key); r.room >= 0 {
		r.answers[string(key)] = d
	}
	return d, nil
}

// key is all of an input that can make a difference to the book's answer. It
// begins with a byte that says which of two kinds it is.
func (r *replayer) key(raw json.RawMessage) (key []byte, narrow bool) {
	if !r.book.candidate.Narrow() || !r.form.Read(&r.document, raw) {
		r.document.Key = append(append(r.document.Key[:0], 'w'), raw...)
		return r.document.Key, false
	}
	r.document.Key = r.book.candidate.AppendKey(append(r.document.Key[:0], 'n'), &r.document)
	return r.document.Key, true
}

// fresh asks the book.
func (r *replayer) fresh(ctx context.Context, raw json.RawMessage, narrow bool) (pdp.Decision, error) {
	if narrow {
		return r.book.candidate.Ask(ctx, &r.document)
	}
	return r.book.Ask(ctx, raw)
}

// recorded is the policy's own answer, without what was added to it later. Not
// every record holds one: a failed log-in, say, is recorded with the policy's
// answer to the question of what follows from it, which is its obligations
// alone, and with a verdict that is not the policy's. Such a record is about
// another action than the input.
func recorded(e *pip.Event) (allow bool, reasons []string, whole bool) {
	if e.Kind == pip.KindSession {
		if _, action := asked(e); action != e.Action {
			return false, nil, false
		}
	}
	reasons = slices.DeleteFunc(slices.Clone(e.Reasons), func(code string) bool { return slices.Contains(enforced, code) })
	return e.Allow || len(reasons) == 0 && len(e.Reasons) > 0, reasons, true
}

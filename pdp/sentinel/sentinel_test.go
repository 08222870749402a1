package sentinel_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/sentinel"
	"github.com/wardgate/wardgate/pip"
)

// ward is everything around a sentinel. authority is shared by processes.
type ward struct {
	authority *authority
	verdicts  []pdp.Verdict
	unjudged  error
	events    []pip.Event
	told      []string
	watch     *sentinel.Sentinel
}

type authority struct {
	held map[string]bool
	done []sentinel.Order
	err  error
}

func newWard(t *testing.T, shared *authority) *ward {
	t.Helper()
	w := &ward{authority: shared}
	ids := 0
	var err error
	w.watch, err = sentinel.New(sentinel.Config{
		Judge: w, Commander: w, Journal: w, Notifier: w, Log: slog.New(slog.DiscardHandler),
		NewID: func() string { ids++; return fmt.Sprint("a-", ids) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *ward) Verdicts(_ context.Context, b pdp.Behaviour) (pdp.Verdicts, error) {
	if b.Signals.Requests == 0 {
		return pdp.Verdicts{}, w.unjudged
	}
	return pdp.Verdicts{List: w.verdicts, Revision: "r-1", Input: []byte(`{"who":"subject"}`)}, w.unjudged
}

func (w *ward) CarryOut(_ context.Context, o sentinel.Order) (bool, error) {
	if w.authority.err != nil {
		return false, w.authority.err
	}
	name := o.Verdict + o.Subject + o.Address.String()
	if w.authority.held[name] {
		return false, nil
	}
	w.authority.held[name] = true
	w.authority.done = append(w.authority.done, o)
	return true, nil
}

func (w *ward) Append(_ context.Context, e pip.Event) error {
	w.events = append(w.events, e)
	return nil
}

func (w *ward) Notify(_ context.Context, channel string, a sentinel.Alert) error {
	w.told = append(w.told, channel+" "+a.Verdict)
	return nil
}

var (
	noon  = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	flood = pdp.Verdict{ID: "flood", Do: pdp.ActionBan, Seconds: 900, Tell: []string{"mail", "webhook"}}
	busy  = pdp.Behaviour{Subject: "u-1", Signals: pip.Signals{Requests: 1}}
	away  = pdp.Behaviour{Address: netip.MustParseAddr("192.0.2.7"), Signals: pip.Signals{Requests: 1}}
)

func (w *ward) look(after time.Duration, active ...pdp.Behaviour) {
	w.watch.Look(context.Background(), noon.Add(after), active)
}

// TestAVerdictHasOneEffect: however often it is come to, by two processes.
func TestAVerdictHasOneEffect(t *testing.T) {
	shared := &authority{held: map[string]bool{}}
	first, second := newWard(t, shared), newWard(t, shared)
	first.verdicts, second.verdicts = []pdp.Verdict{flood}, []pdp.Verdict{flood}
	for i := range 20 {
		first.look(time.Duration(i)*time.Second, busy)
		second.look(time.Duration(i)*time.Second, busy)
	}
	if len(shared.done) != 1 || len(first.events) != 1 || len(second.events) != 0 || len(first.told) != 2 || len(second.told) != 0 {
		t.Errorf("got %d orders, %d and %d records, %v and %v told, want one of each", len(shared.done), len(first.events), len(second.events), first.told, second.told)
	}
	e := first.events[0]
	if e.Action != "sentinel.ban" || e.Subject != "u-1" || e.Reasons[0] != "flood" || e.Revision != "r-1" || len(e.Input) == 0 {
		t.Errorf("got evidence %+v", e)
	}
}

func TestAVerdictIsComeToAgainWhenItHasEnded(t *testing.T) {
	shared := &authority{held: map[string]bool{}}
	w := newWard(t, shared)
	w.verdicts = []pdp.Verdict{flood}
	w.look(0, busy)
	clear(shared.held) // the authority's claim has ended too
	w.look(899*time.Second, busy)
	if len(shared.done) != 1 {
		t.Errorf("got %d orders while it holds, want 1", len(shared.done))
	}
	w.look(900*time.Second, busy)
	if len(shared.done) != 2 {
		t.Errorf("got %d orders after it ended, want 2", len(shared.done))
	}
}

// TestTheSameSignalsDoNotPunishTwice: a short ban ends while they still count.
func TestTheSameSignalsDoNotPunishTwice(t *testing.T) {
	shared := &authority{held: map[string]bool{}}
	w := newWard(t, shared)
	short := flood
	short.Seconds = 5
	w.verdicts = []pdp.Verdict{short}
	for i := range 10 {
		clear(shared.held)
		w.look(time.Duration(i)*time.Minute, busy)
	}
	if len(shared.done) != 1 {
		t.Errorf("got %d orders from one misdeed, want 1", len(shared.done))
	}
}

func TestAnOrderThatFailedIsGivenAgain(t *testing.T) {
	shared := &authority{held: map[string]bool{}, err: errors.New("the database is gone")}
	w := newWard(t, shared)
	w.verdicts = []pdp.Verdict{flood}
	w.look(0, busy, away)
	if len(w.events)+len(w.told) != 0 {
		t.Errorf("got %v and %v for nothing that was done", w.events, w.told)
	}
	shared.err = nil
	w.look(time.Second, busy, away)
	if len(shared.done) != 2 || shared.done[1].Address != away.Address || w.events[1].Address != "192.0.2.7" {
		t.Errorf("got %+v, want both orders", shared.done)
	}
}

func TestWhatIsNotJudgedHasNoVerdict(t *testing.T) {
	w := newWard(t, &authority{held: map[string]bool{}})
	w.verdicts, w.unjudged = []pdp.Verdict{flood}, errors.New("the rules fail")
	w.look(0, busy)
	if len(w.authority.done) != 0 {
		t.Errorf("got %+v from a judge that failed", w.authority.done)
	}
}

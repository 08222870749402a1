package process

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp/console"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/anchor"
	"github.com/wardgate/wardgate/pip/audit/chain"
)

// memoryAnchor keeps one head.
type memoryAnchor struct {
	anchor.Anchor
	kept chain.Head
	err  error
}

func (m *memoryAnchor) Latest(context.Context, string) (chain.Head, error) { return m.kept, m.err }

// newEvidenceOf writes six events, a minute apart, to a journal of small segments.
func newEvidenceOf(t *testing.T, start time.Time) (evidence, *memoryAnchor) {
	t.Helper()
	dir := t.TempDir()
	j, err := audit.Open(audit.Config{Dir: dir, SegmentBytes: 512})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		e := pip.Event{
			Kind: pip.KindDecision, Time: start.Add(time.Duration(i) * time.Minute), Decision: fmt.Sprintf("d-%d", i),
			Action: []string{"patient.read", "bill.list"}[i%2], Outcome: []string{"success", "success", "failure"}[i%3],
		}
		if err := j.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	anchors := &memoryAnchor{kept: j.Head()}
	return evidence{dir: dir, chain: j.Head().Chain, anchors: anchors}, anchors
}

func TestEvidenceIsFiltered(t *testing.T) {
	start := time.Now().Add(-10 * time.Minute)
	e, _ := newEvidenceOf(t, start)
	at := func(minute int) time.Time { return start.Add(time.Duration(minute) * time.Minute) }
	for _, test := range []struct {
		name   string
		filter console.Filter
		want   string
	}{
		{"everything", console.Filter{}, "[d-0 d-1 d-2 d-3 d-4 d-5]"},
		{"action", console.Filter{Action: "bill.list"}, "[d-1 d-3 d-5]"},
		{"outcome", console.Filter{Outcome: "failure"}, "[d-2 d-5]"},
		{"action and outcome", console.Filter{Action: "bill.list", Outcome: "failure"}, "[d-5]"},
		{"since is inclusive", console.Filter{Since: at(4)}, "[d-4 d-5]"},
		{"until is exclusive", console.Filter{Until: at(2)}, "[d-0 d-1]"},
		{"both", console.Filter{Since: at(1), Until: at(3)}, "[d-1 d-2]"},
		{"long ago", console.Filter{Until: at(-600)}, "[]"},
		{"to come", console.Filter{Since: at(600)}, "[]"},
		{"behind the end", console.Filter{After: 1 << 62}, "[]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.filter.Kind = pip.KindDecision
			got := []string{}
			for r, err := range e.Records(t.Context(), test.filter) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, r.Event.Decision)
			}
			if fmt.Sprint(got) != test.want {
				t.Errorf("got %v, want %s", got, test.want)
			}
		})
	}
}

func TestEvidenceIsReadBehindARecord(t *testing.T) {
	e, _ := newEvidenceOf(t, time.Now())
	var all []uint64
	for r, err := range e.Records(t.Context(), console.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r.Seq)
	}
	for i, after := range all {
		var rest []uint64
		for r, err := range e.Records(t.Context(), console.Filter{After: after}) {
			if err != nil {
				t.Fatal(err)
			}
			rest = append(rest, r.Seq)
		}
		if fmt.Sprint(rest) != fmt.Sprint(all[i+1:]) {
			t.Errorf("behind %d: got %v of %v", after, rest, all)
		}
	}
}

func TestEvidenceEndsWithTheContext(t *testing.T) {
	e, _ := newEvidenceOf(t, time.Now())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range e.Records(ctx, console.Filter{}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("reading: got %v", err)
		}
	}
	if whole, _, err := e.Verify(ctx); whole || !errors.Is(err, context.Canceled) {
		t.Errorf("verifying: got %t, %v", whole, err)
	}
}

func TestEvidenceIsHeldAgainstItsAnchor(t *testing.T) {
	e, anchors := newEvidenceOf(t, time.Now())
	verify := func() (bool, error) {
		whole, _, err := e.Verify(t.Context())
		return whole, err
	}
	if whole, err := verify(); !whole || err != nil {
		t.Errorf("as it was written: got %t, %v", whole, err)
	}
	other, _ := newEvidenceOf(t, time.Now()) // of the same chain's name, and another key
	e.dir, other.dir = other.dir, e.dir
	if whole, err := verify(); whole || err != nil {
		t.Errorf("exchanged whole: got %t, %v", whole, err)
	}
	e.dir = other.dir
	anchors.err = errors.New("the database is away")
	if whole, err := verify(); whole || err == nil {
		t.Errorf("without its anchor: got %t, %v", whole, err)
	}
	anchors.err = anchor.ErrNoAnchor
	if whole, err := verify(); !whole || err != nil {
		t.Errorf("where none is kept: got %t, %v", whole, err)
	}
}

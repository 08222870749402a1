package audit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/chain"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

func story(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	j := open(t, audit.Config{Dir: dir, SegmentBytes: 2 << 10})
	start := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for i := range 40 {
		subject := []string{"u-osei", "u-lind", "u \"quoted\"\n"}[i%3]
		id := fmt.Sprintf("d-%d", i)
		decision := pip.Event{
			Kind: pip.KindDecision, Time: start.Add(time.Duration(i) * time.Minute), Decision: id,
			Subject: subject, Allow: i%2 == 0, Detail: "u-lind",
		}
		outcome := pip.Event{
			Kind: pip.KindOutcome, Time: decision.Time, Decision: id, Subject: subject,
			Status: 200, Patients: []string{fmt.Sprintf("p-%d", i%4), "p-all"},
		}
		for _, e := range []pip.Event{decision, outcome} {
			if err := j.Append(context.Background(), e); err != nil {
				t.Fatal(err)
			}
		}
	}
	closeJournal(t, j)
	return dir
}

func TestQuery(t *testing.T) {
	dir := story(t)
	at := func(minute int) time.Time { return time.Date(2026, 3, 1, 8, minute, 0, 0, time.UTC) }
	tests := []struct {
		name   string
		filter reader.Filter
		want   int
	}{
		{"everything", reader.Filter{}, 82},
		{"from the middle", reader.Filter{From: 42}, 41},
		{"from the last", reader.Filter{From: 82}, 1},
		{"from beyond the end", reader.Filter{From: 83}, 0},
		{"kind", reader.Filter{Kind: pip.KindOutcome}, 40},
		{"subject, not whoever is mentioned elsewhere", reader.Filter{Subject: "u-lind"}, 26},
		{"subject that needs escaping", reader.Filter{Subject: "u \"quoted\"\n"}, 26},
		{"nobody", reader.Filter{Subject: "u-nobody"}, 0},
		{"patient", reader.Filter{Patient: "p-3"}, 10},
		{"every patient", reader.Filter{Patient: "p-all"}, 40},
		{"decision and its outcome", reader.Filter{Decision: "d-7"}, 2},
		{"since", reader.Filter{Kind: pip.KindDecision, Since: at(30)}, 10},
		{"until", reader.Filter{Kind: pip.KindDecision, Until: at(30)}, 30},
		{"between", reader.Filter{Since: at(10), Until: at(11)}, 2},
		{"all at once", reader.Filter{From: 2, Kind: pip.KindOutcome, Subject: "u-lind", Patient: "p-0", Decision: "d-4", Since: at(4), Until: at(5)}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var seqs []uint64
			for r, err := range reader.Query(context.Background(), dir, tt.filter) {
				if err != nil {
					t.Fatal(err)
				}
				seqs = append(seqs, r.Seq)
			}
			if len(seqs) != tt.want || !slices.IsSorted(seqs) {
				t.Errorf("got %d records, want %d: %v", len(seqs), tt.want, seqs)
			}
		})
	}
}

func TestReadEarlyEnd(t *testing.T) {
	dir := story(t)
	n := 0
	for _, err := range reader.Read(context.Background(), dir, 10) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 5 {
			break
		}
	}
	if n != 5 {
		t.Errorf("got %d records, want 5", n)
	}
}

// Reading never hands out a record that does not fit the chain.
func TestReadStopsAtTampering(t *testing.T) {
	dir := story(t)
	l := lines(t, segmentPath(dir, 3))
	path := segmentPath(dir, 3)
	overwrite(t, path, len(l[0])+len(l[1])+100, '#')
	var last uint64
	var failure error
	for r, err := range reader.Read(context.Background(), dir, 0) {
		if err != nil {
			failure = err
			continue
		}
		last = r.Seq
	}
	if !errors.Is(failure, chain.ErrBroken) || last == 0 {
		t.Errorf("got %v after record %d, want ErrBroken", failure, last)
	}
	restored := story(t)
	remove(t, segmentPath(restored, verified(t, restored).Segments))
	failure = nil
	for _, err := range reader.Read(context.Background(), restored, 0) {
		failure = err
	}
	if !errors.Is(failure, chain.ErrShort) {
		t.Errorf("last segment gone: got %v, want ErrShort", failure)
	}
}

func TestReadRefusesARewrittenJournal(t *testing.T) {
	dir := filled(t, 3, 0)
	rewrite(t, dir)
	var failure error
	for _, err := range reader.Read(context.Background(), dir, 0) {
		failure = err
	}
	if !errors.Is(failure, chain.ErrBroken) {
		t.Errorf("got %v, want ErrBroken", failure)
	}
}

func TestReadEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var failure error
	for _, err := range reader.Read(ctx, story(t), 0) {
		failure = err
		cancel()
	}
	if !errors.Is(failure, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", failure)
	}
}

// A follower that comes again and again sees every record once, in order.
func TestFollow(t *testing.T) {
	dir := t.TempDir()
	j := open(t, audit.Config{Dir: dir, SegmentBytes: 2 << 10})
	next := uint64(1)
	for round := range 30 {
		put(t, j, fmt.Sprintf("a-%d", round), fmt.Sprintf("b-%d", round))
		for r, err := range reader.Read(context.Background(), dir, next) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Seq != next {
				t.Fatalf("got record %d, want %d", r.Seq, next)
			}
			next++
		}
		if next != j.Head().Seq+1 {
			t.Fatalf("followed up to %d, the head is at %d", next-1, j.Head().Seq)
		}
	}
}

// Verifying and reading a journal that is being written sees no fault.
func TestVerifyWhileWriting(t *testing.T) {
	dir := t.TempDir()
	j := open(t, audit.Config{Dir: dir, SegmentBytes: 32 << 10})
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				put(t, j, fmt.Sprintf("d-%d", i))
			}
		}
	}()
	for deadline := time.Now().Add(500 * time.Millisecond); time.Now().Before(deadline); {
		wantIntact(t, dir)
		decisions(t, dir)
	}
	close(stop)
	<-stopped
}

// Around spares reading what is old, and leaves nothing out.
func TestAround(t *testing.T) {
	dir := t.TempDir()
	if seq, err := reader.Around(dir, time.Now()); err != nil || seq != 0 {
		t.Errorf("got %d, %v of an empty folder", seq, err)
	}
	j, err := audit.Open(audit.Config{Dir: dir, SegmentBytes: 4 << 10}) // many segments
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	var middle time.Time
	for i := range 200 {
		if i == 100 {
			middle = time.Now()
		}
		if err := j.Append(t.Context(), pip.Event{Kind: pip.KindOutcome, Time: time.Now(), Decision: fmt.Sprint("d-", i)}); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		since time.Time
		most  int
		want  int
	}{
		"all":    {time.Time{}, 200, 200},
		"half":   {middle, 180, 100},
		"future": {time.Now().Add(time.Hour), 100, 0},
	} {
		from, err := reader.Around(dir, tt.since)
		if err != nil {
			t.Fatal(err)
		}
		read, since := 0, 0
		for r, err := range reader.Query(t.Context(), dir, reader.Filter{From: from, Kind: pip.KindOutcome}) {
			if err != nil {
				t.Fatal(err)
			}
			read++
			if !r.Event.Time.Before(tt.since) {
				since++
			}
		}
		if read > tt.most || since != tt.want {
			t.Errorf("%s: read %d records from %d on, %d of them wanted; want at most %d, and %d", name, read, from, since, tt.most, tt.want)
		}
	}
}

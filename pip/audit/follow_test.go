package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/chain"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

func follow(t *testing.T, dir string, after reader.Position) *reader.Follower {
	t.Helper()
	f, err := reader.Follow(dir, after)
	if err != nil {
		t.Fatalf("follow: %v", err)
	}
	return f
}

// drain reads up to the signed head, and checks that no seq is missing or
// repeated.
func drain(t *testing.T, dir string, f *reader.Follower, b reader.Bound) []reader.Record {
	t.Helper()
	head, err := reader.HeadOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []reader.Record
	for last := f.Position().Seq; last < head.Seq; {
		batch, err := f.Next(t.Context(), b)
		if err != nil {
			t.Fatalf("next after %d: %v", last, err)
		}
		for _, r := range batch.Records {
			if last != 0 && r.Seq != last+1 {
				t.Fatalf("got record %d after %d", r.Seq, last)
			}
			last = r.Seq
		}
		if batch.End != f.Position() || batch.End.Seq != last {
			t.Fatalf("batch ends at %d, its last record is %d, position %d", batch.End.Seq, last, f.Position().Seq)
		}
		out = append(out, batch.Records...)
	}
	return out
}

func TestFollowReadsEveryRecordOnce(t *testing.T) {
	for _, tt := range []struct {
		name  string
		bound reader.Bound
	}{
		{"one at a time", reader.Bound{Records: 1}},
		{"seven at a time", reader.Bound{Records: 7}},
		{"bounded by bytes below one record", reader.Bound{Bytes: 1}},
		{"default", reader.Bound{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filled(t, 60, 2<<10) // several segments
			got := drain(t, dir, follow(t, dir, reader.Position{}), tt.bound)
			if want := 62; len(got) != want { // with open and close
				t.Fatalf("got %d records, want %d", len(got), want)
			}
		})
	}
}

// From every position, kept as JSON and taken up by another follower, exactly
// the rest follows.
func TestFollowResumesAnywhere(t *testing.T) {
	dir := filled(t, 40, 2<<10)
	f := follow(t, dir, reader.Position{})
	for want := 42; want > 0; want-- {
		text, err := json.Marshal(f.Position())
		if err != nil {
			t.Fatal(err)
		}
		var kept reader.Position
		if err := json.Unmarshal(text, &kept); err != nil {
			t.Fatal(err)
		}
		if got := len(drain(t, dir, follow(t, dir, kept), reader.Bound{Records: 5})); got != want {
			t.Fatalf("after %d: got %d records, want %d", kept.Seq, got, want)
		}
		if _, err := f.Next(t.Context(), reader.Bound{Records: 1}); err != nil {
			t.Fatal(err)
		}
	}
}

// A follower beside many writers, across rotations and a reopening, sees what
// was acknowledged, in order.
func TestFollowBesideTheWriter(t *testing.T) {
	dir := t.TempDir()
	j := open(t, audit.Config{Dir: dir, SegmentBytes: 8 << 10})
	f := follow(t, dir, reader.Position{})
	const writers, each = 8, 60
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				if err := j.Append(context.Background(), event(fmt.Sprintf("d-%d-%d", w, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	seen := map[string]bool{}
	last := uint64(0)
	take := func(n int) {
		for len(seen) < n {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			batch, err := f.Next(ctx, reader.Bound{Records: 50})
			cancel()
			if err != nil {
				t.Fatalf("next with %d of %d seen: %v", len(seen), n, err)
			}
			for _, r := range batch.Records {
				if r.Seq != last+1 {
					t.Fatalf("got record %d after %d", r.Seq, last)
				}
				last = r.Seq
				if r.Event.Kind == pip.KindDecision {
					seen[r.Event.Decision] = true
				}
			}
		}
	}
	take(writers * each)
	group.Wait()
	closeJournal(t, j)
	j = open(t, audit.Config{Dir: dir, SegmentBytes: 8 << 10})
	put(t, j, "d-after")
	take(writers*each + 1)
}

// What a crash left unsigned is not read before a writer has adopted it.
func TestFollowStopsAtTheSignedHead(t *testing.T) {
	dir := filled(t, 3, 0)
	path := segmentPath(dir, 1)
	write(t, path, append(read(t, path), []byte("not acknowledged\n")...))
	if got := len(drain(t, dir, follow(t, dir, reader.Position{}), reader.Bound{})); got != 5 {
		t.Errorf("got %d records, want 5", got)
	}
}

func TestFollowRefuses(t *testing.T) {
	end := func(t *testing.T, dir string, n int) reader.Position {
		t.Helper()
		f := follow(t, dir, reader.Position{})
		b, err := f.Next(t.Context(), reader.Bound{Records: n})
		if err != nil {
			t.Fatal(err)
		}
		return b.End
	}
	tests := []struct {
		name string
		make func(t *testing.T) (string, reader.Position)
		want error
	}{
		{"a journal that was rolled back", func(t *testing.T) (string, reader.Position) {
			dir := t.TempDir()
			j := open(t, audit.Config{Dir: dir})
			put(t, j, "d-1")
			old := files(t, dir)
			put(t, j, "d-2", "d-3")
			closeJournal(t, j)
			p := end(t, dir, 4)
			restore(t, dir, old)
			return dir, p
		}, chain.ErrShort},
		{"a journal that was rolled back and grew another end", func(t *testing.T) (string, reader.Position) {
			dir := t.TempDir()
			j := open(t, audit.Config{Dir: dir})
			put(t, j, "d-1")
			old := files(t, dir)
			put(t, j, "d-2", "d-3")
			closeJournal(t, j)
			p := end(t, dir, 4)
			restore(t, dir, old)
			j = open(t, audit.Config{Dir: dir})
			put(t, j, "x-1", "x-2", "x-3")
			closeJournal(t, j)
			return dir, p
		}, chain.ErrBroken},
		{"a segment that was removed before it was read", func(t *testing.T) (string, reader.Position) {
			dir := filled(t, 60, 2<<10)
			p := end(t, dir, 2)
			remove(t, segmentPath(dir, 1))
			return dir, p
		}, chain.ErrShort},
		{"another chain", func(t *testing.T) (string, reader.Position) {
			dir := filled(t, 3, 0)
			p := end(t, dir, 2)
			p.Chain = "other"
			return dir, p
		}, chain.ErrHead},
		{"a changed byte", func(t *testing.T) (string, reader.Position) {
			dir := filled(t, 3, 0)
			p := end(t, dir, 1)
			path := segmentPath(dir, 1)
			write(t, path, []byte(strings.Replace(string(read(t, path)), "u-osei", "u-lind", 1)))
			return dir, p
		}, chain.ErrBroken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, p := tt.make(t)
			f := follow(t, dir, p)
			for range 2 {
				if _, err := f.Next(t.Context(), reader.Bound{}); !errors.Is(err, tt.want) {
					t.Fatalf("got %v, want %v", err, tt.want)
				}
			}
			if f.Position() != p {
				t.Errorf("got position %v, want %v", f.Position(), p)
			}
		})
	}
}

// A new follower of a journal whose oldest segments are gone begins with what
// is left.
func TestFollowBeginsWithTheOldestSegment(t *testing.T) {
	dir := filled(t, 60, 2<<10)
	all := drain(t, dir, follow(t, dir, reader.Position{}), reader.Bound{})
	remove(t, segmentPath(dir, 1))
	got := drain(t, dir, follow(t, dir, reader.Position{}), reader.Bound{})
	if len(got) == 0 || len(got) >= len(all) || got[len(got)-1].Seq != all[len(all)-1].Seq {
		t.Errorf("got %d of %d records, want the later ones", len(got), len(all))
	}
	if _, err := os.Stat(filepath.Join(dir, "head")); err != nil {
		t.Fatal(err)
	}
}

// What is whole before a fault is handed out; the fault comes next, and stays.
func TestFollowHandsOutWhatStandsBeforeAFault(t *testing.T) {
	dir := filled(t, 20, 0)
	path := segmentPath(dir, 1)
	text := string(read(t, path))
	at := strings.Index(text, `"d-11"`)
	write(t, path, []byte(text[:at]+`"d-xx"`+text[at+6:]))
	f := follow(t, dir, reader.Position{})
	batch, err := f.Next(t.Context(), reader.Bound{})
	if err != nil || len(batch.Records) != 11 { // with open
		t.Fatalf("got %d records, %v, want 11", len(batch.Records), err)
	}
	if _, err := f.Next(t.Context(), reader.Bound{}); !errors.Is(err, chain.ErrBroken) {
		t.Errorf("got %v, want %v", err, chain.ErrBroken)
	}
}

// A segment that was read to its end may be removed: its follower goes on with
// the next one. One record earlier it may not.
func TestFollowGoesOnBehindARemovedSegment(t *testing.T) {
	dir := filled(t, 60, 2<<10)
	f := follow(t, dir, reader.Position{})
	before := reader.Position{}
	for f.Position().Segment < 2 {
		before = f.Position()
		if _, err := f.Next(t.Context(), reader.Bound{Records: 1}); err != nil {
			t.Fatal(err)
		}
	}
	all := len(drain(t, dir, follow(t, dir, before), reader.Bound{}))
	early := before
	f = follow(t, dir, reader.Position{})
	for f.Position().Seq+1 < before.Seq {
		if _, err := f.Next(t.Context(), reader.Bound{Records: 1}); err != nil {
			t.Fatal(err)
		}
		early = f.Position()
	}
	remove(t, segmentPath(dir, 1))
	if got := len(drain(t, dir, follow(t, dir, before), reader.Bound{})); got != all || all == 0 {
		t.Errorf("got %d records behind the removed segment, want %d", got, all)
	}
	if _, err := follow(t, dir, early).Next(t.Context(), reader.Bound{}); !errors.Is(err, chain.ErrShort) {
		t.Errorf("got %v for a record that was removed unread, want %v", err, chain.ErrShort)
	}
}

// Package reader reads a journal's acknowledged records, beside its writer or
// without one: all of them (Read), those that a filter lets pass (Query), or as
// they come (Follow). It checks each record against the chain, never reads
// beyond the signed head, and never writes.
package reader

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/chain"
)

// A Record is one event as the journal keeps it.
type Record struct {
	Seq     uint64
	Written time.Time // by the journal's own clock; Event.Time is the caller's
	Hash    string    // of this record, hex
	Segment int
	Event   pip.Event
	JSON    json.RawMessage // as it stands in the journal, for export
}

// Read returns the acknowledged records of a folder from seq on (0 or 1 for
// all), in order. It may run beside the writer: it ends at the head that stood
// at the start, so a follower calls it again with the next seq. Every record is
// checked against the chain; at the first that does not fit the sequence ends
// with an error that is ErrBroken, and package verify tells more.
func Read(ctx context.Context, dir string, from uint64) iter.Seq2[Record, error] {
	return Query(ctx, dir, Filter{From: from})
}

// Query returns those acknowledged records that the filter lets pass. See Read.
func Query(ctx context.Context, dir string, filter Filter) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		err := query(ctx, dir, filter, func(r Record) bool { return yield(r, nil) })
		if err != nil {
			yield(Record{}, fmt.Errorf("read journal: %w", err))
		}
	}
}

func query(ctx context.Context, dir string, filter Filter, yield func(Record) bool) error {
	key, err := chain.ReadPublicKey(dir)
	if err != nil {
		return err
	}
	head, err := chain.ReadHead(dir, key)
	if err != nil {
		return err
	}
	segments, err := chain.Segments(dir)
	if err != nil {
		return err
	}
	base, err := chain.ReadBase(dir, head.Chain, key)
	if err != nil {
		return err
	}
	segments = chain.Remaining(segments, base)
	r := reader{head: head.Head, filter: filter, needles: filter.needles(), kinds: filter.kinds(), yield: yield}
	r.at.Seq, r.at.Hash = base.Seq, base.Hash
	begin, err := r.begin(segments)
	if err != nil {
		return err
	}
	for _, s := range segments[begin:] {
		if r.done || s.Number > head.Segment {
			break
		}
		if err := r.segment(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", chain.SegmentName(s.Number), err)
		}
	}
	if !r.done && head.Segment > 0 && r.at.Seq < head.Seq {
		return chain.ErrShort
	}
	return nil
}

// Around is a record from which on everything can be read that was written since
// a time, and little that was written before: the first of the newest segment
// that was begun earlier, or 0 for the beginning. A journal that does not exist
// has none.
func Around(dir string, since time.Time) (seq uint64, err error) {
	segments, err := chain.Segments(dir)
	if err != nil {
		return 0, fmt.Errorf("read journal: %w", err)
	}
	for _, s := range slices.Backward(segments) {
		h, err := chain.ReadHeader(s)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			continue // it was being begun
		}
		if err != nil {
			return 0, fmt.Errorf("read journal: %w", err)
		}
		if h.Created.Before(since) {
			return h.First, nil
		}
	}
	return 0, nil
}

type reader struct {
	head    chain.Head
	filter  Filter
	needles [][]byte
	kinds   [][]byte
	yield   func(Record) bool
	at      chain.Cursor
	done    bool // the caller wants no more
}

// begin finds the last segment that does not begin after the wanted record,
// and stands before it.
func (r *reader) begin(segments []chain.Segment) (int, error) {
	for i := len(segments) - 1; i > 0; i-- {
		if segments[i].Number > r.head.Segment {
			continue
		}
		h, err := chain.ReadHeader(segments[i])
		if err != nil {
			return 0, err
		}
		if h.First > r.filter.From {
			continue
		}
		previous, err := hex.DecodeString(h.Previous)
		if err != nil || len(previous) != len(r.at.Hash) {
			return 0, chain.ErrBroken
		}
		r.at.Seq = h.First - 1
		copy(r.at.Hash[:], previous)
		return i, nil
	}
	return 0, nil
}

func (r *reader) segment(ctx context.Context, s chain.Segment) error {
	f, err := os.Open(s.Path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	size := s.Size
	if s.Number == r.head.Segment {
		size = r.head.Offset
	}
	lines := chain.NewScanner(io.NewSectionReader(f, 0, size), 0)
	for !r.done {
		begins := lines.Offset == 0
		line, whole, err := lines.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if err := r.line(line, s.Number, begins, whole); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) line(line []byte, number int, begins, whole bool) error {
	if begins {
		if _, wrong := r.at.Enter(line, number, r.head.Chain); wrong != nil {
			return fmt.Errorf("%w: %s", chain.ErrBroken, wrong.Text)
		}
		return nil
	}
	rec, wrong := r.at.Follow(line)
	if wrong != nil || !whole {
		return fmt.Errorf("%w at record %d", chain.ErrBroken, r.at.Seq)
	}
	if rec.Seq == r.head.Seq && hex.EncodeToString(rec.Hash[:]) != r.head.Hash {
		return fmt.Errorf("%w: record %d is not the one that the head names", chain.ErrBroken, rec.Seq)
	}
	if rec.Seq < r.filter.From || !containsAll(rec.JSON, r.needles) || !containsAny(rec.JSON, r.kinds) {
		return nil
	}
	out := Record{Seq: rec.Seq, Written: time.UnixMicro(rec.Written).UTC(), Hash: hex.EncodeToString(rec.Hash[:]), Segment: number}
	if err := json.Unmarshal(rec.JSON, &out.Event); err != nil {
		return fmt.Errorf("%w: record %d is not an event", chain.ErrBroken, rec.Seq)
	}
	if !r.filter.match(&out.Event) {
		return nil
	}
	out.JSON = bytes.Clone(rec.JSON)
	r.done = !r.yield(out)
	return nil
}

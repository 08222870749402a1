package audit

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
// with an error that is ErrBroken, and Verify tells more.
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
	key, err := ReadPublicKey(dir)
	if err != nil {
		return err
	}
	head, err := readHead(dir, key)
	if err != nil {
		return err
	}
	segments, err := listSegments(dir)
	if err != nil {
		return err
	}
	base, err := readBase(dir, head.Chain, key)
	if err != nil {
		return err
	}
	segments = remaining(segments, base)
	r := reader{head: head.Head, filter: filter, needles: filter.needles(), yield: yield}
	r.at.seq, r.at.hash = base.seq, base.hash
	begin, err := r.begin(segments)
	if err != nil {
		return err
	}
	for _, s := range segments[begin:] {
		if r.done || s.number > head.Segment {
			break
		}
		if err := r.segment(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", segmentName(s.number), err)
		}
	}
	if !r.done && head.Segment > 0 && r.at.seq < head.Seq {
		return ErrShort
	}
	return nil
}

// Around is a record from which on everything can be read that was written since
// a time, and little that was written before: the first of the newest segment
// that was begun earlier, or 0 for the beginning. A journal that does not exist
// has none.
func Around(dir string, since time.Time) (seq uint64, err error) {
	segments, err := listSegments(dir)
	if err != nil {
		return 0, fmt.Errorf("read journal: %w", err)
	}
	for _, s := range slices.Backward(segments) {
		h, err := firstLine(s)
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
	head    Head
	filter  Filter
	needles [][]byte
	yield   func(Record) bool
	at      chain
	done    bool // nobody wants more
}

// begin finds the last segment that does not begin after the wanted record,
// and stands before it.
func (r *reader) begin(segments []segment) (int, error) {
	for i := len(segments) - 1; i > 0; i-- {
		if segments[i].number > r.head.Segment {
			continue
		}
		h, err := firstLine(segments[i])
		if err != nil {
			return 0, err
		}
		if h.First > r.filter.From {
			continue
		}
		previous, err := hex.DecodeString(h.Previous)
		if err != nil || len(previous) != len(r.at.hash) {
			return 0, ErrBroken
		}
		r.at.seq = h.First - 1
		copy(r.at.hash[:], previous)
		return i, nil
	}
	return 0, nil
}

func firstLine(s segment) (header, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return header{}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	line, _, err := newScanner(f, 0).next()
	if err != nil {
		return header{}, fmt.Errorf("%s: %w", segmentName(s.number), err)
	}
	_, h, err := parseHeader(line)
	if err != nil {
		return header{}, fmt.Errorf("%w: %s: %w", ErrBroken, segmentName(s.number), err)
	}
	return h, nil
}

func (r *reader) segment(ctx context.Context, s segment) error {
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	size := s.size
	if s.number == r.head.Segment {
		size = r.head.Offset
	}
	lines := newScanner(io.NewSectionReader(f, 0, size), 0)
	for !r.done {
		begins := lines.offset == 0
		line, whole, err := lines.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if err := r.line(line, s.number, begins, whole); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) line(line []byte, number int, begins, whole bool) error {
	if begins {
		if _, wrong := r.at.enter(line, number, r.head.Chain); wrong != nil {
			return fmt.Errorf("%w: %s", ErrBroken, wrong.text)
		}
		return nil
	}
	rec, wrong := r.at.follow(line)
	if wrong != nil || !whole {
		return fmt.Errorf("%w at record %d", ErrBroken, r.at.seq)
	}
	if rec.seq == r.head.Seq && hex.EncodeToString(rec.hash[:]) != r.head.Hash {
		return fmt.Errorf("%w: record %d is not the one that the head names", ErrBroken, rec.seq)
	}
	if rec.seq < r.filter.From || !containsAll(rec.json, r.needles) {
		return nil
	}
	out := Record{Seq: rec.seq, Written: time.UnixMicro(rec.written).UTC(), Hash: hex.EncodeToString(rec.hash[:]), Segment: number}
	if err := json.Unmarshal(rec.json, &out.Event); err != nil {
		return fmt.Errorf("%w: record %d is not an event", ErrBroken, rec.seq)
	}
	if !r.filter.match(&out.Event) {
		return nil
	}
	out.JSON = bytes.Clone(rec.json)
	r.done = !r.yield(out)
	return nil
}

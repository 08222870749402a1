package reader

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

// A Position is how far a reader has come: behind which record of which chain.
// It may be kept as JSON. The zero Position stands before the oldest record
// that the folder holds.
type Position struct {
	Chain   string `json:"chain"`
	Seq     uint64 `json:"seq"` // of the last record that was read; 0 for none
	Segment int    `json:"segment"`
	Offset  int64  `json:"offset"` // where that record's line ends
	Hash    string `json:"hash"`   // of that record, hex
}

func (p Position) link() (chain.Link, error) {
	return chain.Head{Segment: p.Segment, Offset: p.Offset, Seq: p.Seq, Hash: p.Hash}.At()
}

// A Bound limits what Next returns. A zero field stands for its default.
type Bound struct {
	Records int // 1000 when zero
	Bytes   int // of the records' JSON; 4 MiB when zero. One record is returned however large it is
}

const (
	boundRecords = 1000
	boundBytes   = 4 << 20
)

// A Batch is a run of acknowledged records, and where it ends.
type Batch struct {
	Records []Record
	End     Position
	Behind  uint64 // acknowledged records that followed when the batch was read
}

// A Follower reads a journal's acknowledged records as they come, without
// gaps, each once. It never reads beyond the signed head, checks every record
// against the chain, and may run beside the writer or without one. It is for
// one goroutine.
type Follower struct {
	dir   string
	key   ed25519.PublicKey
	chain string // "" until known
	at    chain.Cursor
}

// Follow begins behind a position. That the position's record still stands in
// the journal is checked when Next first reads.
func Follow(dir string, after Position) (*Follower, error) {
	f := &Follower{dir: dir, chain: after.Chain}
	if after.Seq == 0 {
		return f, nil
	}
	var err error
	if f.at.Link, err = after.link(); err != nil {
		return nil, fmt.Errorf("follow journal: the position's hash is misshapen")
	}
	return f, nil
}

// Position is behind the last record that Next returned.
func (f *Follower) Position() Position {
	if f.at.Seq == 0 {
		return Position{Chain: f.chain}
	}
	return Position{
		Chain: f.chain, Seq: f.at.Seq, Segment: f.at.Segment, Offset: f.at.Offset, Hash: hex.EncodeToString(f.at.Hash[:]),
	}
}

// followEvery is how often a follower that has read everything looks again.
const followEvery = 200 * time.Millisecond

// Next returns the records that follow, at least one. While there is none it
// waits, until the context ends. A journal that no longer holds the position's
// record, because it was rolled back or its segment was removed, is ErrShort;
// one that does not verify is ErrBroken. After an error the follower stands
// where it stood, and may be asked again.
func (f *Follower) Next(ctx context.Context, b Bound) (Batch, error) {
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	for {
		batch, err := f.read(ctx, b)
		if err != nil {
			return Batch{}, fmt.Errorf("follow journal: %w", err)
		}
		if len(batch.Records) > 0 {
			return batch, nil
		}
		select {
		case <-ctx.Done():
			return Batch{}, fmt.Errorf("follow journal: %w", ctx.Err())
		case <-ticker.C:
		}
	}
}

func (f *Follower) read(ctx context.Context, b Bound) (Batch, error) {
	head, err := f.head()
	if err != nil {
		return Batch{}, err
	}
	switch {
	case head.Seq < f.at.Seq:
		return Batch{}, fmt.Errorf("%w: record %d was read, and the head names record %d", chain.ErrShort, f.at.Seq, head.Seq)
	case head.Seq == f.at.Seq:
		return Batch{End: f.Position()}, nil
	}
	before := f.at.Link
	g := gathering{bound: b.complete()}
	r := reader{head: head, at: chain.Cursor{Link: before}, yield: g.take}
	// What stands before a fault is whole; the next call meets the fault first.
	if err := f.walk(ctx, &r, &g); err != nil && len(g.records) == 0 {
		return Batch{}, err
	}
	if len(g.records) == 0 {
		return Batch{}, chain.ErrShort
	}
	f.at = chain.Cursor{Link: g.end}
	return Batch{Records: g.records, End: f.Position(), Behind: head.Seq - g.end.Seq}, nil
}

// head returns the signed head, of the chain that is followed.
func (f *Follower) head() (chain.Head, error) {
	if f.key == nil {
		key, err := chain.ReadPublicKey(f.dir)
		if err != nil {
			return chain.Head{}, err
		}
		f.key = key
	}
	found, err := chain.ReadHead(f.dir, f.key)
	if err != nil {
		return chain.Head{}, err
	}
	if f.chain != "" && found.Chain != f.chain {
		return chain.Head{}, fmt.Errorf("%w: it is of chain %q, and %q was followed", chain.ErrHead, found.Chain, f.chain)
	}
	f.chain = found.Chain
	return found.Head, nil
}

// walk reads from the position's segment on, until the gathering is full or
// the head is reached.
func (f *Follower) walk(ctx context.Context, r *reader, g *gathering) error {
	number := r.at.Segment
	if number == 0 {
		first, err := oldest(f.dir, &r.at)
		if err != nil {
			return err
		}
		number = first
	} else if removed, err := f.removed(r.at.Link); err != nil {
		return err
	} else if removed {
		number++
	}
	for ; number <= r.head.Segment && !r.done; number++ {
		file, err := os.Open(filepath.Join(f.dir, chain.SegmentName(number)))
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %s is not there", chain.ErrShort, chain.SegmentName(number))
		}
		if err != nil {
			return err
		}
		err = g.segment(ctx, r, file, number)
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return fmt.Errorf("%s: %w", chain.SegmentName(number), err)
		}
	}
	return nil
}

// removed reports whether the segment of a position was removed after all of it
// had been read, so that the next one continues exactly behind the position.
func (f *Follower) removed(at chain.Link) (bool, error) {
	if _, err := os.Stat(filepath.Join(f.dir, chain.SegmentName(at.Segment))); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	next := chain.Segment{Number: at.Segment + 1, Path: filepath.Join(f.dir, chain.SegmentName(at.Segment+1))}
	h, err := chain.ReadHeader(next)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (h.First != at.Seq+1 || h.Previous != hex.EncodeToString(at.Hash[:])) {
		return false, nil // then the missing segment is the fault to report
	}
	return err == nil, err
}

// oldest finds the oldest segment, and stands before it. The segments before
// it may have been removed when their time was over; the signed head vouches
// for what is left, once it is reached.
func oldest(dir string, at *chain.Cursor) (int, error) {
	segments, err := chain.Segments(dir)
	if err != nil {
		return 0, err
	}
	if len(segments) == 0 {
		return 0, fmt.Errorf("%w: it has no segments", chain.ErrShort)
	}
	h, err := chain.ReadHeader(segments[0])
	if err != nil {
		return 0, err
	}
	previous, err := hex.DecodeString(h.Previous)
	if err != nil || len(previous) != len(at.Hash) {
		return 0, chain.ErrBroken
	}
	at.Seq = h.First - 1
	copy(at.Hash[:], previous)
	return segments[0].Number, nil
}

// A gathering is a batch that is being read.
type gathering struct {
	bound   Bound
	records []Record
	bytes   int
	end     chain.Link
}

func (b Bound) complete() Bound {
	if b.Records <= 0 {
		b.Records = boundRecords
	}
	if b.Bytes <= 0 {
		b.Bytes = boundBytes
	}
	return b
}

// take keeps one record and reports whether there is room for another.
func (g *gathering) take(rec Record) bool {
	g.records = append(g.records, rec)
	g.bytes += len(rec.JSON)
	return len(g.records) < g.bound.Records && g.bytes < g.bound.Bytes
}

// segment reads one segment from where the reader stands.
func (g *gathering) segment(ctx context.Context, r *reader, file *os.File, number int) error {
	start := int64(0)
	if number == r.at.Segment {
		start = r.at.Offset
		if err := chain.Confirm(file, r.at.Link); err != nil {
			return err
		}
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	if number == r.head.Segment {
		if size < r.head.Offset {
			return chain.ErrShort
		}
		size = r.head.Offset
	}
	lines := chain.NewScanner(io.NewSectionReader(file, start, size-start), start)
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
		if err := r.line(line, number, begins, whole); err != nil {
			return err
		}
		if !begins {
			g.end = r.at.Link
			g.end.Offset = lines.Offset
		}
	}
	return nil
}

// ReadHead returns the newest signed head of a folder, beside its writer or
// without one. It is checked against the public key in the folder.
func HeadOf(dir string) (chain.Head, error) {
	f := Follower{dir: dir}
	head, err := f.head()
	if err != nil {
		return chain.Head{}, fmt.Errorf("read journal: %w", err)
	}
	return head, nil
}

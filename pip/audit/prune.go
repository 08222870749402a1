package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

// A Holder reads the journal, and needs every record behind the one that Holds
// names: a shipper, say, up to its cursor.
type Holder interface {
	Holds() (seq uint64)
}

type pruneFacts struct {
	FirstSegment int    `json:"first_segment"`
	LastSegment  int    `json:"last_segment"`
	LastSeq      uint64 `json:"last_seq"`
	LastHash     string `json:"last_hash"`
}

// Prune removes the oldest segments, whole, of which every record was written
// before a time and has a seq up to upTo: what is anchored, and what everybody
// who reads the journal has read. The newest segment always stays. First a
// record says what is removed, then a signed base says where the journal now
// begins. It returns how many segments it removed.
func (j *Journal) Prune(ctx context.Context, before time.Time, upTo uint64) (removed int, err error) {
	j.pruning.Lock()
	defer j.pruning.Unlock()
	head := j.Head()
	segments, err := chain.Segments(j.writer.dir)
	if err != nil {
		return 0, fmt.Errorf("prune journal: %w", err)
	}
	last, end := -1, chain.Header{}
	for i := 0; i+1 < len(segments) && segments[i].Number < head.Segment; i++ {
		next, err := chain.ReadHeader(segments[i+1])
		if err != nil {
			return 0, fmt.Errorf("prune journal: %w", err)
		}
		if next.First-1 > upTo || !next.Created.Before(before) {
			break
		}
		last, end = i, next
	}
	if last < 0 {
		return 0, nil
	}
	gone := segments[:last+1]
	if err := j.leave(ctx, gone, end); err != nil {
		return 0, fmt.Errorf("prune journal: %w", err)
	}
	j.writer.watch.closed.removed.Store(int64(gone[last].Number))
	for _, s := range gone {
		if err := j.writer.disk.Remove(s.Path); err != nil {
			return removed, fmt.Errorf("prune journal: %w", err)
		}
		removed++
	}
	return removed, j.writer.disk.SyncDir(j.writer.dir)
}

// leave records and signs that the segments before next are removed.
func (j *Journal) leave(ctx context.Context, gone []chain.Segment, next chain.Header) error {
	of := gone[len(gone)-1]
	e, err := systemEvent(actionPrune, "", pruneFacts{gone[0].Number, of.Number, next.First - 1, next.Previous})
	if err != nil {
		return err
	}
	if err := j.Append(ctx, e); err != nil {
		return err
	}
	text, err := chain.SignBase(chain.Head{
		Chain: j.writer.name, Seq: next.First - 1, Segment: of.Number, Offset: of.Size, Hash: next.Previous, Time: time.Now().UTC(),
	}, j.writer.key)
	if err != nil {
		return err
	}
	return writeWhole(j.writer.dir, chain.BaseName, text)
}

package audit

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// baseName is the signed statement of where a journal begins whose oldest
// segments were removed.
const baseName = "base"

// A base is a head of the removed part: the journal continues behind it.
type base struct {
	Head
}

// message keeps a base's signature from ever being taken for a head's.
func (b base) message() ([]byte, error) {
	text, err := b.Head.message()
	return append([]byte("wardgate journal base 1\n"), text...), err
}

// readBase returns where the journal of a folder begins: the zero link when
// nothing was removed. A base that does not verify is ErrHead.
func readBase(dir, chain string, key ed25519.PublicKey) (link, error) {
	text, err := os.ReadFile(filepath.Join(dir, baseName))
	if errors.Is(err, fs.ErrNotExist) {
		return link{}, nil
	}
	if err != nil {
		return link{}, fmt.Errorf("read base: %w", err)
	}
	var b base
	if err := json.Unmarshal(text, &b.Head); err != nil {
		return link{}, fmt.Errorf("%w: the base is misshapen", ErrHead)
	}
	message, err := b.message()
	if err != nil || len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, message, b.Signature) || b.Chain != chain {
		return link{}, fmt.Errorf("%w: the base bears no genuine signature", ErrHead)
	}
	return b.at()
}

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
	segments, err := listSegments(j.writer.dir)
	if err != nil {
		return 0, fmt.Errorf("prune journal: %w", err)
	}
	last, end := -1, header{}
	for i := 0; i+1 < len(segments) && segments[i].number < head.Segment; i++ {
		next, err := firstLine(segments[i+1])
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
	for _, s := range gone {
		if err := j.writer.disk.Remove(s.path); err != nil {
			return removed, fmt.Errorf("prune journal: %w", err)
		}
		removed++
	}
	return removed, j.writer.disk.SyncDir(j.writer.dir)
}

// leave records and signs that the segments before next are removed.
func (j *Journal) leave(ctx context.Context, gone []segment, next header) error {
	of := gone[len(gone)-1]
	e, err := systemEvent(actionPrune, "", pruneFacts{gone[0].number, of.number, next.First - 1, next.Previous})
	if err != nil {
		return err
	}
	if err := j.Append(ctx, e); err != nil {
		return err
	}
	b := base{Head{
		Chain: j.writer.name, Seq: next.First - 1, Segment: of.number, Offset: of.size, Hash: next.Previous, Time: time.Now().UTC(),
	}}
	message, err := b.message()
	if err != nil {
		return err
	}
	b.Signature = ed25519.Sign(j.writer.key, message)
	text, err := json.Marshal(b.Head)
	if err != nil {
		return err
	}
	return writeWhole(j.writer.dir, baseName, text)
}

// remaining leaves out segments that a base says are removed: a crash may have
// come before all of them were.
func remaining(segments []segment, base link) []segment {
	for len(segments) > 0 && segments[0].number <= base.segment {
		segments = segments[1:]
	}
	return segments
}

// holdsBase reports whether an anchor is about the record that the base names.
func holdsBase(base link, a Head) bool {
	return base.segment > 0 && a.Seq == base.seq && a.Hash == hex.EncodeToString(base.hash[:])
}

package audit

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

const (
	headEvery = time.Second // the head is durable at most this long after the records
	lineRoom  = chain.HashDigits + chain.PrefixRoom + 3

	headerRoom = 400 // more than a header takes; a segment that is shorter holds next to nothing
)

// A writer holds the end of the chain. Only one goroutine uses it, save for
// the two atomics.
//
// at is always a place up to which everything is durable. A commit that fails
// leaves at where it was; the bytes behind it count for nothing, and heal cuts
// them off before anything else is written.
type writer struct {
	dir   string
	name  string // of the chain
	limit int64  // bytes of a segment
	disk  Disk
	log   *slog.Logger
	key   ed25519.PrivateKey

	at     chain.Cursor
	file   File   // the segment at.segment; nil before the first and after a failure
	stray  string // a segment that was begun and must not stay
	buffer []byte

	heads    File
	turn     uint64
	draft    *draft // of the next head; nil when none is being signed
	unsigned bool   // at is ahead of the head that was last written
	unsynced bool   // the head that was last written is not durable yet
	synced   time.Time

	reserve reserve
	full    atomic.Bool // the reserve is in use

	watch watch // for what others do to the files

	refused int       // records that were refused since the last commit that succeeded
	retried time.Time // when recovering was last tried, while there is a failure
	failure atomic.Pointer[error]
	head    atomic.Pointer[chain.Head]
}

// commit makes a batch durable and signs the head that names it. Only an entry
// whose err stays nil may be acknowledged. On a full disk it goes on with the
// reserve, without the entries that may not use it.
func (w *writer) commit(batch []*entry) {
	for {
		admitted := w.admit(batch)
		if len(admitted) == 0 {
			return
		}
		err := w.tryCommit(admitted, false)
		if err == nil {
			w.recovered()
			return
		}
		w.fail(err)
		if isFull(err) && w.giveRoom(sizeOf(admitted)) {
			continue
		}
		w.refused += len(admitted)
		for _, en := range admitted {
			en.err = err
		}
		return
	}
}

func sizeOf(batch []*entry) int {
	size := 0
	for _, en := range batch {
		size += len(en.body) + lineRoom
	}
	return size
}

// tryCommit puts a record about refused events before the batch when there
// were any: that they are missing is itself evidence.
func (w *writer) tryCommit(batch []*entry, closed bool) error {
	if w.failure.Load() != nil && w.watch.altered == nil {
		if err := w.heal(); err != nil {
			return w.alter(err)
		}
	}
	if err := w.unaltered(); err != nil {
		return err
	}
	if w.refused > 0 {
		resumed, err := systemEntry(actionResume, "", resumeFacts{w.refused})
		if err != nil {
			return err
		}
		batch = append([]*entry{resumed}, batch...)
	}
	if err := w.write(batch, time.Now()); err != nil {
		return err
	}
	w.refused = 0
	return w.sign(closed)
}

func (w *writer) fail(err error) {
	if w.failure.Swap(&err) == nil {
		w.retried = time.Now()
		w.log.Error("journal cannot be written; every append is refused until it can", "error", err)
	}
}

func (w *writer) recovered() {
	if w.failure.Swap(nil) != nil {
		w.log.Info("journal can be written again")
	}
}

// write appends the batch to the segment, or to a new one when it is full, and
// syncs. When it returns nil, w.at has moved behind the batch.
func (w *writer) write(batch []*entry, now time.Time) error {
	size := int64(sizeOf(batch))
	if w.at.Segment == 0 || w.at.Offset+size > w.limit && w.at.Offset > headerRoom {
		return w.rotate(batch, now)
	}
	next := w.compose(w.buffer[:0], w.at.Link, batch, now)
	w.draw(next)
	if _, err := w.file.WriteAt(w.buffer, w.at.Offset); err != nil {
		return fmt.Errorf("write segment: %w", err)
	}
	if err := w.file.Sync(); err != nil {
		return fmt.Errorf("sync segment: %w", err)
	}
	if err := w.written(next, w.watch.segment); err != nil {
		return err
	}
	w.unsigned = true
	return nil
}

// compose appends the batch's lines to b, which becomes w.buffer, and returns
// where the chain will stand once they are durable.
func (w *writer) compose(b []byte, from chain.Link, batch []*entry, now time.Time) chain.Link {
	start := len(b)
	for _, en := range batch {
		from.Seq++
		line := len(b)
		b = append(b, blankHash...)
		b = chain.AppendPrefix(b, from.Seq, now.UnixMicro())
		b = append(b, en.body...)
		from.Hash = w.at.Sum(from.Hash, b[line+chain.HashDigits+1:])
		hex.Encode(b[line:], from.Hash[:])
		b = append(b, '\n')
	}
	from.Offset += int64(len(b) - start)
	w.buffer = b
	return from
}

const blankHash = "0000000000000000000000000000000000000000000000000000000000000000 "

func (w *writer) segmentPath(number int) string {
	return filepath.Join(w.dir, chain.SegmentName(number))
}

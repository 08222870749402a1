package audit

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

// rotate begins the next segment with a header and the batch. Until all of it
// is durable, its name included, the old segment stays the end of the chain.
func (w *writer) rotate(batch []*entry, now time.Time) error {
	number := w.at.Segment + 1
	f, err := w.disk.Open(w.segmentPath(number), os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if errors.Is(err, fs.ErrExist) {
		return w.alter(errAltered("%s was made by something else", chain.SegmentName(number)))
	}
	if err != nil {
		return fmt.Errorf("begin segment: %w", err)
	}
	w.stray = w.segmentPath(number)
	next, err := w.fill(f, number, batch, now)
	if err == nil {
		err = w.replace(f, next)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("begin segment: %w", err), f.Close())
	}
	old := w.file
	w.file, w.stray, w.unsigned = f, "", true
	if old != nil {
		if err := old.Close(); err != nil {
			w.log.Warn("a full segment did not close cleanly", "error", err)
		}
	}
	return nil
}

// replace has the writer stand in a new segment, and the watch look at the old one
// as at one that is not written any more.
func (w *writer) replace(f File, next chain.Link) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	before, number := w.watch.segment, w.at.Segment
	if err := w.written(next, info); err != nil {
		return err
	}
	if before != nil {
		w.watch.closed.keep(number, before)
	}
	return nil
}

func (w *writer) fill(f File, number int, batch []*entry, now time.Time) (chain.Link, error) {
	text, err := json.Marshal(chain.Header{
		Format:   chain.Format,
		Chain:    w.name,
		Segment:  number,
		First:    w.at.Seq + 1,
		Previous: hex.EncodeToString(w.at.Hash[:]),
		Created:  now.UTC(),
	})
	if err != nil {
		return chain.Link{}, fmt.Errorf("encode header: %w", err)
	}
	from := chain.Link{Segment: number, Seq: w.at.Seq, Hash: w.at.Sum(w.at.Hash, text)}
	b := hex.AppendEncode(w.buffer[:0], from.Hash[:])
	b = append(append(append(b, ' '), text...), '\n')
	from.Offset = int64(len(b))
	next := w.compose(b, from, batch, now)
	if _, err := f.WriteAt(w.buffer, 0); err != nil {
		return chain.Link{}, err
	}
	if err := f.Sync(); err != nil {
		return chain.Link{}, err
	}
	return next, w.disk.SyncDir(w.dir)
}

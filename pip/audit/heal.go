package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

// retryEvery is how often a journal that cannot be written is tried.
const retryEvery = 5 * time.Second

// retry recovers from a failure without an append: where a journal that cannot
// be written keeps requests away, none would come to find out that it can. A
// disk that was full has to have room for more than a few records.
func (w *writer) retry() {
	failure := w.failure.Load()
	if failure == nil || w.watch.altered != nil || w.reserve.inUse() || time.Since(w.retried) < retryEvery {
		return
	}
	w.retried = time.Now()
	if isFull(*failure) && !w.hasRoom() {
		return
	}
	if err := w.tryCommit(nil, false); err != nil {
		w.fail(err)
		return
	}
	w.recovered()
}

// heal brings the files back to where the chain stands after a failure. After
// a failed sync the kernel may have forgotten what it could not write, so the
// segment is opened anew, its durable end is read back, and everything behind
// that end is cut off and later written again.
func (w *writer) heal() error {
	if w.stray != "" {
		if err := w.disk.Remove(w.stray); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove unfinished segment: %w", err)
		}
		if err := w.disk.SyncDir(w.dir); err != nil {
			return fmt.Errorf("remove unfinished segment: %w", err)
		}
		w.stray = ""
	}
	if err := w.reopen(); err != nil {
		return fmt.Errorf("recover segment: %w", err)
	}
	if !w.unsigned {
		return nil
	}
	if err := w.openHeads(); err != nil {
		return fmt.Errorf("recover head: %w", err)
	}
	if err := w.sign(false); err != nil {
		return err
	}
	return w.syncHead()
}

func (w *writer) reopen() error {
	if w.file != nil {
		_ = w.file.Close() // whatever it had to say, nothing behind w.at is relied upon
		w.file = nil
	}
	if w.at.Segment == 0 {
		return nil
	}
	f, err := w.disk.Open(w.segmentPath(w.at.Segment), os.O_RDWR)
	if err != nil {
		return w.watch.missing(err, w.watch.segment, chain.SegmentName(w.at.Segment))
	}
	w.file = f
	if err := w.sameEnd(f); err != nil {
		return err
	}
	if err := f.Truncate(w.at.Offset); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return w.takeUp(f)
}

func (w *writer) openHeads() error {
	if w.heads != nil {
		_ = w.heads.Close() // what it says of an earlier write is known already
		w.heads = nil
	}
	f, err := w.disk.Open(filepath.Join(w.dir, chain.HeadName), os.O_RDWR)
	if err != nil {
		return w.watch.missing(err, w.watch.head, chain.HeadName)
	}
	w.heads = f
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if w.watch.head != nil && !os.SameFile(info, w.watch.head) {
		return errAltered("%s was replaced by another file", chain.HeadName)
	}
	w.watch.head = info
	return nil
}

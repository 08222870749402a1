package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// A rank says what an event may use when the disk is full.
type rank uint8

const (
	rankKept     rank = iota // of a caller with a session, or of Wardgate itself: the whole reserve
	rankStranger             // of a caller without a session, and a denial of one with a session: half of it
	rankDenial               // a denial of a caller without a session: nothing
)

func rankOf(e *pip.Event) rank {
	switch {
	case e.Kind == pip.KindDecision && !e.Allow && e.Subject == "":
		return rankDenial
	case e.Kind == pip.KindDecision && !e.Allow:
		return rankStranger
	case e.Subject != "" || e.Kind == pip.KindSystem || e.Kind == pip.KindPolicy:
		return rankKept
	default:
		return rankStranger
	}
}

const (
	reserveName = "reserve"
	refillEvery = 5 * time.Second
	reserveStep = 64 << 10 // given back at once at least, beside what a batch takes
)

// A reserve is a file that holds space for when the disk is full. It is given
// back step by step, so that others on the disk get as little of it as may be,
// and filled again as soon as there is room.
type reserve struct {
	path    string
	size    int64 // that it should have; none is kept when zero
	left    int64
	refused int       // events while it was in use
	tried   time.Time // to fill it again
}

func (r *reserve) inUse() bool { return r.left < r.size }

// admits reports whether an event of this rank may be written now.
func (r *reserve) admits(k rank) bool {
	switch {
	case !r.inUse() || k == rankKept:
		return true
	case k == rankStranger:
		return r.left > r.size/2
	default:
		return false
	}
}

// isFull tells a disk without room from other failures.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// admit returns the entries that may be written now, and marks the others.
func (w *writer) admit(batch []*entry) []*entry {
	if !w.reserve.inUse() {
		return batch
	}
	admitted := batch[:0:0]
	for _, en := range batch {
		switch {
		case en.err != nil: // refused already
		case w.reserve.admits(en.rank):
			admitted = append(admitted, en)
		default:
			en.err = ErrFull
			w.reserve.refused++
		}
	}
	return admitted
}

// openReserve takes up the reserve as it was left, and fills it when there is
// room. A disk that is full keeps no writer from starting.
func (w *writer) openReserve(size int64) error {
	w.reserve = reserve{path: filepath.Join(w.dir, reserveName), size: size}
	if info, err := os.Stat(w.reserve.path); err == nil {
		w.reserve.left = min(info.Size(), size)
	}
	if size == 0 {
		if err := os.Remove(w.reserve.path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove reserve: %w", err)
		}
		return nil
	}
	if err := w.resizeReserve(w.reserve.left); err != nil {
		return err
	}
	if err := w.fillReserve(); err != nil && !isFull(err) {
		return err
	}
	if w.reserve.inUse() {
		w.log.Error("there is no room for the journal's reserve; strangers are refused until there is", "bytes", size)
	}
	return nil
}

// giveRoom frees a step of the reserve, for a batch of so many bytes. It
// returns false when nothing is left.
func (w *writer) giveRoom(batch int) bool {
	if w.reserve.left == 0 {
		return false
	}
	if !w.reserve.inUse() {
		w.log.Error("the disk is full: the journal writes into its reserve, and refuses what strangers ask")
	}
	step := max(int64(2*batch)+reserveStep, w.reserve.size/16)
	if err := w.resizeReserve(max(0, w.reserve.left-step)); err != nil {
		w.log.Error("the journal's reserve cannot be given back", "error", err)
		return false
	}
	w.reserve.tried = time.Now()
	return true
}

// refill makes the reserve whole when it is time to try. What was refused in
// the meantime is told by the next record.
func (w *writer) refill() {
	if !w.reserve.inUse() || w.watch.altered != nil || time.Since(w.reserve.tried) < refillEvery {
		return
	}
	w.reserve.tried = time.Now()
	if err := w.fillReserve(); err != nil {
		return // the disk is still full, which was logged
	}
	w.refused += w.reserve.refused
	w.reserve.refused = 0
	w.log.Info("there is room on the disk again; the journal's reserve is whole")
}

// fillReserve writes the missing part of the reserve and some more, which it
// gives back: a disk that is full to the last byte is not taken for one with
// room.
func (w *writer) fillReserve() error {
	if !w.reserve.inUse() {
		return nil
	}
	f, err := w.disk.Open(w.reserve.path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return fmt.Errorf("fill reserve: %w", err)
	}
	err = writeZeros(f, w.reserve.left, w.reserve.size+w.reserve.size/16+reserveStep)
	if err == nil {
		err = f.Sync()
	}
	size := w.reserve.size
	if err != nil {
		size = w.reserve.left
	}
	err = errors.Join(err, f.Truncate(size), f.Close())
	if err != nil {
		return fmt.Errorf("fill reserve: %w", err)
	}
	w.reserve.left = w.reserve.size
	return nil
}

// hasRoom reports whether there is room on the disk. With a reserve that is
// shown by its being whole; without one by a file that is removed again.
func (w *writer) hasRoom() bool {
	if w.reserve.size > 0 {
		return !w.reserve.inUse()
	}
	f, err := w.disk.Open(w.reserve.path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return false
	}
	err = writeZeros(f, 0, reserveStep)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Truncate(0), f.Close(), w.disk.Remove(w.reserve.path)) == nil
}

func writeZeros(f File, from, to int64) error {
	zeros := make([]byte, min(1<<20, to-from))
	for from < to {
		n := min(int64(len(zeros)), to-from)
		if _, err := f.WriteAt(zeros[:n], from); err != nil {
			return err
		}
		from += n
	}
	return nil
}

func (w *writer) resizeReserve(to int64) error {
	f, err := w.disk.Open(w.reserve.path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return fmt.Errorf("reserve: %w", err)
	}
	if err := errors.Join(f.Truncate(to), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("reserve: %w", err)
	}
	w.reserve.left = to
	return nil
}

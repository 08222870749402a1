package audit

import (
	"encoding/hex"
	"fmt"
	"time"
)

// sign writes a head that names everything up to w.at. From the moment that it
// returns nil, killing the process cannot lose the head; a power cut can until
// it is synced.
func (w *writer) sign(closed bool) error {
	h, err := w.signed(closed)
	if err != nil {
		return err
	}
	slot, err := h.slot()
	if err != nil {
		return err
	}
	if _, err := w.heads.WriteAt(slot, slotOffset(h.Turn)); err != nil {
		return fmt.Errorf("write head: %w", err)
	}
	w.turn = h.Turn
	w.unsigned, w.unsynced = false, true
	w.head.Store(&h)
	return nil
}

// A draft is a head that is being signed while the records that it names are
// being synced: both take about as long.
type draft struct {
	at   link
	turn uint64
	done chan signedHead // receives once
}

type signedHead struct {
	head Head
	err  error
}

// draw begins to sign the head that will name everything up to at. It counts
// for nothing until sign finds that the journal has come there.
func (w *writer) draw(at link) {
	d := &draft{at: at, turn: w.turn + 1, done: make(chan signedHead, 1)}
	w.draft = d
	head := w.headOf(at, d.turn, false)
	go func() {
		signed, err := head.sign(w.key)
		d.done <- signedHead{signed, err}
	}()
}

// signed takes the draft if it is about this very place, and signs now if not.
func (w *writer) signed(closed bool) (Head, error) {
	d := w.draft
	w.draft = nil
	if d == nil || closed || d.at != w.at.link || d.turn != w.turn+1 {
		return w.headOf(w.at.link, w.turn+1, closed).sign(w.key)
	}
	s := <-d.done
	return s.head, s.err
}

func (w *writer) headOf(at link, turn uint64, closed bool) Head {
	return Head{
		Chain:   w.name,
		Turn:    turn,
		Seq:     at.seq,
		Segment: at.segment,
		Offset:  at.offset,
		Hash:    hex.EncodeToString(at.hash[:]),
		Time:    time.Now().UTC(),
		Closed:  closed,
	}
}

// syncHead makes the newest head durable. When that fails the same turn is
// written again, so that the other slot stays as it is.
func (w *writer) syncHead() error {
	if err := w.heads.Sync(); err != nil {
		w.turn--
		w.unsigned, w.unsynced = true, false
		return fmt.Errorf("sync head: %w", err)
	}
	w.unsynced, w.synced = false, time.Now()
	return nil
}

// settle syncs the head when it is time to. Otherwise it returns how long that
// can wait, or 0 when there is nothing to sync.
func (w *writer) settle() time.Duration {
	if !w.unsynced {
		return 0
	}
	if wait := headEvery - time.Since(w.synced); wait > 0 {
		return wait
	}
	if err := w.syncHead(); err != nil {
		w.fail(err)
	}
	return 0
}

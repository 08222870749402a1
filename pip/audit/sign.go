package audit

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

// sign writes a head that names everything up to w.at. From the moment that it
// returns nil, killing the process cannot lose the head; a power cut can until
// it is synced.
func (w *writer) sign(closed bool) error {
	h, err := w.signed(closed)
	if err != nil {
		return err
	}
	slot, err := h.Slot()
	if err != nil {
		return err
	}
	if _, err := w.heads.WriteAt(slot, chain.SlotOffset(h.Turn)); err != nil {
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
	at   chain.Link
	turn uint64
	done chan signedHead // receives once
}

type signedHead struct {
	head chain.Head
	err  error
}

// draw begins to sign the head that will name everything up to at. It counts
// for nothing until sign finds that the journal has come there.
func (w *writer) draw(at chain.Link) {
	d := &draft{at: at, turn: w.turn + 1, done: make(chan signedHead, 1)}
	w.draft = d
	head := w.headOf(at, d.turn, false)
	go func() {
		signed, err := head.Sign(w.key)
		d.done <- signedHead{signed, err}
	}()
}

// signed takes the draft if it is about this very place, and signs now if not.
func (w *writer) signed(closed bool) (chain.Head, error) {
	d := w.draft
	w.draft = nil
	if d == nil || closed || d.at != w.at.Link || d.turn != w.turn+1 {
		return w.headOf(w.at.Link, w.turn+1, closed).Sign(w.key)
	}
	s := <-d.done
	return s.head, s.err
}

func (w *writer) headOf(at chain.Link, turn uint64, closed bool) chain.Head {
	return chain.Head{
		Chain:   w.name,
		Turn:    turn,
		Seq:     at.Seq,
		Segment: at.Segment,
		Offset:  at.Offset,
		Hash:    hex.EncodeToString(at.Hash[:]),
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
	if !w.unsynced || w.watch.altered != nil {
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

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
	h, err := Head{
		Chain:   w.name,
		Turn:    w.turn + 1,
		Seq:     w.at.seq,
		Segment: w.at.segment,
		Offset:  w.at.offset,
		Hash:    hex.EncodeToString(w.at.hash[:]),
		Time:    time.Now().UTC(),
		Closed:  closed,
	}.sign(w.key)
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

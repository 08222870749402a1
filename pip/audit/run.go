package audit

import (
	"errors"
	"runtime"
	"time"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

// run is the only goroutine that writes. What was queued while the last sync
// ran is the next batch; nothing ever waits for company that is not there.
func (j *Journal) run() {
	defer close(j.done)
	idle := time.NewTimer(headEvery)
	defer idle.Stop()
	var batch []*entry
	for {
		select {
		case en, open := <-j.queue:
			if !open {
				j.end = errors.Join(j.writer.close(), j.lock.Close())
				return
			}
			runtime.Gosched() // who is about to append does so first, and shares the sync
			batch = j.gather(batch[:0], en)
			j.writer.commit(batch)
			for _, en := range batch {
				en.done <- en.err
			}
			clear(batch)
		case <-idle.C:
			j.writer.look()
		}
		j.writer.refill()
		j.writer.retry()
		j.writer.full.Store(j.writer.reserve.inUse())
		wait := j.writer.settle()
		if wait == 0 || j.writer.reserve.inUse() || j.Err() != nil {
			wait = headEvery
		}
		idle.Reset(wait)
	}
}

// gather takes what is queued behind the first entry, up to a limit.
func (j *Journal) gather(batch []*entry, first *entry) []*entry {
	size := 0
	for en, open := first, true; open; {
		if en.state.CompareAndSwap(waiting, taken) {
			batch = append(batch, en)
			size += len(en.body) + lineRoom
		}
		if size >= chain.MaxBatch {
			return batch
		}
		select {
		case en, open = <-j.queue:
		default:
			return batch
		}
	}
	return batch
}

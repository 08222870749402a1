package audit

import (
	"errors"
	"fmt"
)

// close ends the chain in good order, with a record and a head that say so. A
// journal whose disk does not let it stays marked as open, so that the next
// Open looks at its end.
func (w *writer) close() error {
	err := w.closeChain()
	for _, f := range []File{w.file, w.heads} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	if err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	return nil
}

func (w *writer) closeChain() error {
	en, err := systemEntry(actionClose, "", nil)
	if err != nil {
		return err
	}
	err = w.tryCommit([]*entry{en}, true)
	if w.watch.altered != nil {
		return err // nothing more is written to what is to be looked at
	}
	if err != nil {
		return errors.Join(err, w.heal())
	}
	return w.syncHead()
}

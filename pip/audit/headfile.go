package audit

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const headName = "head"

// A foundHead is what the head file says.
type foundHead struct {
	Head
	damaged bool // the other slot bears no genuine head: a torn write, or tampering
}

// readHead returns the newest genuine head of a folder. A journal that is
// being written may change a slot while it is read, so a slot that does not
// verify is read again before it counts as damaged. A missing file is
// fs.ErrNotExist; two bad slots are ErrHead.
func readHead(dir string, key ed25519.PublicKey) (foundHead, error) {
	var found foundHead
	for try := range 4 {
		if try > 0 {
			time.Sleep(2 * time.Millisecond)
		}
		text, err := os.ReadFile(filepath.Join(dir, headName))
		if err != nil {
			return foundHead{}, fmt.Errorf("read head: %w", err)
		}
		found, err = newestHead(text, key)
		if err == nil && !found.damaged {
			return found, nil
		}
		if err != nil && try == 3 {
			return foundHead{}, err
		}
	}
	return found, nil
}

func newestHead(text []byte, key ed25519.PublicKey) (foundHead, error) {
	if len(text) != slotStride+slotSize {
		return foundHead{}, fmt.Errorf("%w: its file is %d bytes long, not %d", ErrHead, len(text), slotStride+slotSize)
	}
	first, ok := parseSlot(text[:slotSize], 0, key)
	second, also := parseSlot(text[slotStride:], 1, key)
	switch {
	case !ok && !also:
		return foundHead{}, fmt.Errorf("%w: neither slot bears a genuine signature", ErrHead)
	case ok && also && first.Chain != second.Chain:
		return foundHead{}, fmt.Errorf("%w: its slots are of different chains", ErrHead)
	case !also || ok && first.Turn > second.Turn:
		return foundHead{first, !also}, nil
	default:
		return foundHead{second, !ok}, nil
	}
}

// createHead gives a folder the head of a journal without records. It stands
// before the first segment does, so that a crash between the two cannot be
// mistaken for a head that somebody took away.
func createHead(dir, chain string, key ed25519.PrivateKey) error {
	content := make([]byte, slotStride+slotSize)
	for turn := range uint64(2) {
		h := Head{Chain: chain, Turn: turn, Hash: fmt.Sprintf("%x", digest{}), Time: time.Now().UTC()}
		signed, err := h.sign(key)
		if err != nil {
			return err
		}
		slot, err := signed.slot()
		if err != nil {
			return err
		}
		copy(content[slotOffset(turn):], slot)
	}
	if err := writeWhole(dir, headName, content); err != nil {
		return fmt.Errorf("create head: %w", err)
	}
	return nil
}

func headExists(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, headName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

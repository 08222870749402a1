package chain

import (
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// HeadName is the file that holds the signed head.
const HeadName = "head"

// A FoundHead is what the head file says.
type FoundHead struct {
	Head
	Damaged bool // the other slot bears no genuine head: a torn write, or tampering
}

// ReadHead returns the newest genuine head of a folder. A journal that is
// being written may change a slot while it is read, so a slot that does not
// verify is read again before it counts as damaged. A missing file is
// fs.ErrNotExist; two bad slots are ErrHead.
func ReadHead(dir string, key ed25519.PublicKey) (FoundHead, error) {
	var found FoundHead
	for try := range 4 {
		if try > 0 {
			time.Sleep(2 * time.Millisecond)
		}
		text, err := os.ReadFile(filepath.Join(dir, HeadName))
		if err != nil {
			return FoundHead{}, fmt.Errorf("read head: %w", err)
		}
		found, err = newestHead(text, key)
		if err == nil && !found.Damaged {
			return found, nil
		}
		if err != nil && try == 3 {
			return FoundHead{}, err
		}
	}
	return found, nil
}

func newestHead(text []byte, key ed25519.PublicKey) (FoundHead, error) {
	if len(text) != slotStride+slotSize {
		return FoundHead{}, fmt.Errorf("%w: its file is %d bytes long, not %d", ErrHead, len(text), slotStride+slotSize)
	}
	first, ok := parseSlot(text[:slotSize], 0, key)
	second, also := parseSlot(text[slotStride:], 1, key)
	switch {
	case !ok && !also:
		return FoundHead{}, fmt.Errorf("%w: neither slot bears a genuine signature", ErrHead)
	case ok && also && first.Chain != second.Chain:
		return FoundHead{}, fmt.Errorf("%w: its slots are of different chains", ErrHead)
	case !also || ok && first.Turn > second.Turn:
		return FoundHead{first, !also}, nil
	default:
		return FoundHead{second, !ok}, nil
	}
}

// firstHeads is the head file of a journal without records.
func NewHeads(chain string, key ed25519.PrivateKey) ([]byte, error) {
	content := make([]byte, slotStride+slotSize)
	for turn := range uint64(2) {
		h := Head{Chain: chain, Turn: turn, Hash: fmt.Sprintf("%x", digest{}), Time: time.Now().UTC()}
		signed, err := h.Sign(key)
		if err != nil {
			return nil, err
		}
		slot, err := signed.Slot()
		if err != nil {
			return nil, err
		}
		copy(content[SlotOffset(turn):], slot)
	}
	return content, nil
}

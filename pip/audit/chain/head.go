package chain

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"time"
)

// A Head is a signed statement of how far a journal reaches. It may be kept
// elsewhere as an anchor, as JSON, and checked later.
type Head struct {
	Chain     string    `json:"chain"`
	Turn      uint64    `json:"turn"` // counts the heads that were written
	Seq       uint64    `json:"seq"`  // of the last durable record; 0 before the first
	Segment   int       `json:"segment"`
	Offset    int64     `json:"offset"` // where that record's line ends
	Hash      string    `json:"hash"`   // of that record, hex
	Time      time.Time `json:"time"`   // when the head was signed
	Closed    bool      `json:"closed"` // the journal was closed in good order after it
	Signature []byte    `json:"signature,omitempty"`
}

// Verify reports whether the head bears a genuine signature by key.
func (h Head) Verify(key ed25519.PublicKey) bool {
	message, err := h.message()
	return err == nil && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, message, h.Signature)
}

func (h Head) Sign(key ed25519.PrivateKey) (Head, error) {
	message, err := h.message()
	if err != nil {
		return Head{}, fmt.Errorf("encode head: %w", err)
	}
	h.Signature = ed25519.Sign(key, message)
	return h, nil
}

// message is what is signed. The prefix keeps the key's signatures over heads
// from ever being taken for signatures over something else.
func (h Head) message() ([]byte, error) {
	h.Signature = nil
	body, err := json.Marshal(h)
	return append([]byte("wardgate journal head 1\n"), body...), err
}

// At is the place in the chain that the head names.
func (h Head) At() (Link, error) {
	l := Link{Segment: h.Segment, Offset: h.Offset, Seq: h.Seq}
	n, err := hex.Decode(l.Hash[:], []byte(h.Hash))
	if err != nil || n != len(l.Hash) || len(h.Hash) != HashDigits {
		return Link{}, fmt.Errorf("%w: its hash is misshapen", ErrHead)
	}
	return l, nil
}

// The head file has two slots a page apart, so that no write of one can harm
// the other. Heads take turns: an even turn goes to the first slot.
const (
	slotSize   = 512
	slotStride = 4096
)

func SlotOffset(turn uint64) int64 { return int64(turn%2) * slotStride }

// Slot is the head as it stands in the file: JSON, blanks and a newline.
func (h Head) Slot() ([]byte, error) {
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("encode head: %w", err)
	}
	if len(text) >= slotSize {
		return nil, fmt.Errorf("%w: it does not fit its slot", ErrHead)
	}
	text = append(text, bytes.Repeat([]byte{' '}, slotSize-len(text))...)
	text[slotSize-1] = '\n'
	return text, nil
}

// parseSlot reads slot number n. Only the very bytes that the journal writes
// are accepted.
func parseSlot(text []byte, n uint64, key ed25519.PublicKey) (Head, bool) {
	var h Head
	if err := json.Unmarshal(bytes.TrimRight(text, " \n"), &h); err != nil {
		return Head{}, false
	}
	again, err := h.Slot()
	if err != nil || !bytes.Equal(again, text) || h.Turn%2 != n || !h.Verify(key) {
		return Head{}, false
	}
	_, err = h.At()
	return h, err == nil
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// ValidName reports whether a chain may bear the name.
func ValidName(name string) bool { return namePattern.MatchString(name) }

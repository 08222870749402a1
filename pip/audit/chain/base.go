package chain

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// BaseName is the signed statement of where a journal begins whose oldest
// segments were removed.
const BaseName = "base"

// A base is a head of the removed part: the journal continues behind it.
type base struct {
	Head
}

// message keeps a base's signature from ever being taken for a head's.
func (b base) message() ([]byte, error) {
	text, err := b.Head.message()
	return append([]byte("wardgate journal base 1\n"), text...), err
}

// SignBase is the file that says that the journal begins behind h.
func SignBase(h Head, key ed25519.PrivateKey) ([]byte, error) {
	message, err := base{h}.message()
	if err != nil {
		return nil, err
	}
	h.Signature = ed25519.Sign(key, message)
	return json.Marshal(h)
}

// ReadBase returns where the journal of a folder begins: the zero link when
// nothing was removed. A base that does not verify is ErrHead.
func ReadBase(dir, chain string, key ed25519.PublicKey) (Link, error) {
	text, err := os.ReadFile(filepath.Join(dir, BaseName))
	if errors.Is(err, fs.ErrNotExist) {
		return Link{}, nil
	}
	if err != nil {
		return Link{}, fmt.Errorf("read base: %w", err)
	}
	var b base
	if err := json.Unmarshal(text, &b.Head); err != nil {
		return Link{}, fmt.Errorf("%w: the base is misshapen", ErrHead)
	}
	message, err := b.message()
	if err != nil || len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, message, b.Signature) || b.Chain != chain {
		return Link{}, fmt.Errorf("%w: the base bears no genuine signature", ErrHead)
	}
	return b.At()
}

// Remaining leaves out segments that a base says are removed: a crash may have
// come before all of them were.
func Remaining(segments []Segment, base Link) []Segment {
	for len(segments) > 0 && segments[0].Number <= base.Segment {
		segments = segments[1:]
	}
	return segments
}

// HoldsBase reports whether an anchor is about the record that the base names.
func HoldsBase(base Link, a Head) bool {
	return base.Segment > 0 && a.Seq == base.Seq && a.Hash == hex.EncodeToString(base.Hash[:])
}

package chain

import (
	"bytes"
	"fmt"
	"io"
)

// Confirm checks that a record stands where l says, with the hash that l says.
// It reads only that record and the one before.
func Confirm(r io.ReaderAt, l Link) error {
	line, before, err := linesBefore(r, l.Offset)
	if err != nil {
		return err
	}
	previous, err := splitLine(before)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	c := Cursor{Link: Link{Seq: l.Seq - 1, Hash: previous.Hash}}
	if _, fault := c.Follow(line); fault != nil {
		return fmt.Errorf("%w: record %d: %s", ErrBroken, l.Seq, fault.Text)
	}
	if c.Hash != l.Hash {
		return fmt.Errorf("%w: record %d is not the one that was written", ErrBroken, l.Seq)
	}
	return nil
}

// linesBefore returns the line that ends at end, and the line before it.
func linesBefore(r io.ReaderAt, end int64) (line, before []byte, err error) {
	for _, window := range []int64{16 << 10, 2 * maxLine} {
		start := max(0, end-window)
		b := make([]byte, end-start)
		if _, err := r.ReadAt(b, start); err != nil {
			return nil, nil, fmt.Errorf("read end of segment: %w", err)
		}
		if len(b) == 0 || b[len(b)-1] != '\n' {
			break
		}
		lines := bytes.Split(b[:len(b)-1], []byte{'\n'})
		// The first piece is a whole line only when it begins the segment.
		if start > 0 {
			lines = lines[1:]
		}
		if n := len(lines); n >= 2 {
			return lines[n-1], lines[n-2], nil
		}
	}
	return nil, nil, fmt.Errorf("%w: no record ends at byte %d", ErrBroken, end)
}

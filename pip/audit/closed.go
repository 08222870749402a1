package audit

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

// closedEvery is how often files are looked at that are not written any more. They
// are looked at, too, when a name in the folder has come or gone.
const closedEvery = 10 * time.Second

// closed are the files that stay as they are: segments that are full, keys, the
// statement of where the journal begins.
type closed struct {
	segments map[int]os.FileInfo
	looked   time.Time
	removed  atomic.Int64 // the last segment that Prune may have removed
}

func (c *closed) due() { c.looked = time.Time{} }

// keep takes a segment as it stands, which is not written again.
func (c *closed) keep(number int, info os.FileInfo) { c.segments[number] = info }

// same checks that they all stand, but for segments that Prune removes.
func (c *closed) same(dir string, current int, now time.Time) error {
	if since := now.Sub(c.looked); since >= 0 && since < closedEvery {
		return nil
	}
	removed := int(c.removed.Load())
	names := []string{privateName, chain.PublicName}
	if removed > 0 {
		names = append(names, chain.BaseName)
	}
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, name)); errors.Is(err, fs.ErrNotExist) {
			return errAltered("%s was removed", name)
		}
	}
	for number, was := range c.segments {
		if number <= removed {
			delete(c.segments, number)
			continue
		}
		if err := c.sameSegment(dir, number, was, current); err != nil {
			return err
		}
	}
	c.looked = now
	return nil
}

func (c *closed) sameSegment(dir string, number int, was os.FileInfo, current int) error {
	name := chain.SegmentName(number)
	info, err := sameFile(filepath.Join(dir, name), was)
	if err != nil {
		return err
	}
	if info.Size() != was.Size() {
		return errAltered("%s has %d bytes in place of %d", name, info.Size(), was.Size())
	}
	if info.ModTime().Equal(was.ModTime()) {
		return nil
	}
	if err := wholeBefore(dir, number, info.Size(), current); err != nil {
		return err
	}
	c.segments[number] = info
	return nil
}

// wholeBefore follows a closed segment to where the next one says that it ends.
func wholeBefore(dir string, number int, size int64, current int) error {
	if number >= current {
		return nil
	}
	next := chain.Segment{Number: number + 1, Path: filepath.Join(dir, chain.SegmentName(number+1))}
	h, err := chain.ReadHeader(next)
	if err != nil {
		return errAltered("%s does not begin as it was written", chain.SegmentName(number+1))
	}
	end := chain.Link{Segment: number, Offset: size, Seq: h.First - 1}
	if n, err := hex.Decode(end.Hash[:], []byte(h.Previous)); err != nil || n != len(end.Hash) {
		return errAltered("%s does not begin as it was written", chain.SegmentName(number+1))
	}
	f, err := os.Open(filepath.Join(dir, chain.SegmentName(number)))
	if err != nil {
		return fmt.Errorf("look at %s: %w", chain.SegmentName(number), err)
	}
	defer func() { _ = f.Close() }() // it was only read
	return wholeUpTo(f, end)
}

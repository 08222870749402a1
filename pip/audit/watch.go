package audit

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

// A watch knows the journal's files as the writer left them. What others do to
// them while it runs shows as a difference: a name that is gone or leads to
// another file, a size or a time of change that is not the writer's own, an end
// that is not what it wrote. It costs a few questions to the kernel, and no
// reading but of the last bytes, unless something differs.
//
// A change within what was written before, of the same length and made while the
// writer itself writes, or with the times set back, is for package verify to find.
type watch struct {
	dir     string
	folder  os.FileInfo
	segment os.FileInfo // as the last commit left it; nil before the first
	head    os.FileInfo // identity and size; its time of change says nothing
	tail    []byte      // the last bytes that were written
	closed  closed

	altered error // what was found; the writer touches nothing afterwards
}

// tailLength is how much of the segment's end is read back before each commit.
const tailLength = 64

// errAltered says what somebody did to the journal's files.
func errAltered(format string, args ...any) error {
	return fmt.Errorf("%w: %s; nothing is journalled, and so nothing allowed, until it is started again, which verifies it",
		ErrAltered, fmt.Sprintf(format, args...))
}

// alter ends the journal's service for good: what was acknowledged may be gone.
func (w *writer) alter(err error) error {
	if err == nil || w.watch.altered != nil || !errors.Is(err, ErrAltered) {
		return err
	}
	w.watch.altered = err
	w.failure.Store(&err)
	w.log.Error("journal was altered while running; every request is refused", "error", err)
	return err
}

// unaltered looks at the files before a commit. The writer has nothing under way.
func (w *writer) unaltered() error {
	if w.watch.altered != nil {
		return w.watch.altered
	}
	err := w.watch.names()
	if err == nil && w.file != nil {
		err = w.sameSegment()
	}
	if err == nil {
		err = w.watch.closed.same(w.dir, w.at.Segment, time.Now())
	}
	return w.alter(err)
}

// names checks that the folder and the head are those that were opened.
func (w *watch) names() error {
	now, err := os.Stat(w.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(now, w.folder):
		return errAltered("its folder was removed, renamed or replaced")
	case err != nil:
		return fmt.Errorf("look at folder: %w", err)
	}
	if !now.ModTime().Equal(w.folder.ModTime()) {
		w.closed.due() // names came or went
	}
	w.folder = now
	if w.head == nil {
		return nil
	}
	head, err := sameFile(filepath.Join(w.dir, chain.HeadName), w.head)
	if err == nil && head.Size() != w.head.Size() {
		err = errAltered("%s has %d bytes in place of %d", chain.HeadName, head.Size(), w.head.Size())
	}
	return err
}

// sameFile checks that a name leads to the file that it led to.
func sameFile(path string, was os.FileInfo) (os.FileInfo, error) {
	now, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errAltered("%s was removed or renamed", filepath.Base(path))
	case err != nil:
		return nil, fmt.Errorf("look at %s: %w", filepath.Base(path), err)
	case !os.SameFile(now, was):
		return nil, errAltered("%s was replaced by another file", filepath.Base(path))
	}
	return now, nil
}

// sameSegment checks that the open segment is what the last commit left.
func (w *writer) sameSegment() error {
	name := chain.SegmentName(w.at.Segment)
	now, err := sameFile(w.segmentPath(w.at.Segment), w.watch.segment)
	if err != nil {
		return err
	}
	if now.Size() != w.at.Offset {
		return errAltered("%s has %d bytes in place of %d", name, now.Size(), w.at.Offset)
	}
	if err := w.sameTail(); err != nil {
		return err
	}
	if now.ModTime().Equal(w.watch.segment.ModTime()) {
		return nil
	}
	// Somebody else wrote, or only touched it.
	if err := wholeUpTo(w.file, w.at.Link); err != nil {
		return err
	}
	w.log.Warn("something else changed the time of the journal's segment; its records are whole", "segment", w.at.Segment)
	w.watch.segment = now
	return nil
}

// sameTail checks that the last bytes stand that were written before: a file that
// was cut off and has grown again since has zeros there.
func (w *writer) sameTail() error {
	var room [tailLength]byte
	end := room[:len(w.watch.tail)]
	if _, err := w.file.ReadAt(end, w.at.Offset-int64(len(end))); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read end of segment: %w", err)
	}
	if !bytes.Equal(end, w.watch.tail) {
		return errAltered("the end of %s is not what was written", chain.SegmentName(w.at.Segment))
	}
	return nil
}

// wholeUpTo follows a segment from its header to a link.
func wholeUpTo(f io.ReaderAt, end chain.Link) error {
	name := chain.SegmentName(end.Segment)
	lines := chain.NewScanner(io.NewSectionReader(f, 0, end.Offset), 0)
	c, err := chain.Begin(lines, end.Segment)
	for err == nil && lines.Offset < end.Offset {
		var line []byte
		var whole bool
		if line, whole, err = lines.Next(); err != nil {
			break
		}
		if _, fault := c.Follow(line); fault != nil || !whole {
			return errAltered("%s does not verify before byte %d", name, lines.Offset)
		}
	}
	switch {
	case errors.Is(err, chain.ErrBroken), errors.Is(err, io.EOF):
		return errAltered("%s does not verify: %v", name, err)
	case err != nil:
		return fmt.Errorf("read %s: %w", name, err)
	case c.Hash != end.Hash || c.Seq != end.Seq:
		return errAltered("%s does not end with what was written", name)
	}
	return nil
}

// look is a look while nothing is written: readiness is to know, too.
func (w *writer) look() {
	if w.failure.Load() != nil {
		return
	}
	if err := w.unaltered(); err != nil && !errors.Is(err, ErrAltered) {
		w.log.Warn("the journal's files cannot be looked at", "error", err)
	}
}

// written moves to where a commit has come in a file: the last look before
// anything is acknowledged. What was taken away while it was written counts as
// not written.
func (w *writer) written(next chain.Link, file os.FileInfo) error {
	now, err := sameFile(w.segmentPath(next.Segment), file)
	if err == nil && now.Size() != next.Offset {
		err = errAltered("%s has %d bytes in place of %d", chain.SegmentName(next.Segment), now.Size(), next.Offset)
	}
	if err == nil && next.Segment == w.at.Segment {
		err = w.sameTail()
	}
	if err != nil {
		return w.alter(err)
	}
	w.at.Link, w.watch.segment = next, now
	w.watch.tail = append(w.watch.tail[:0], w.buffer[max(0, len(w.buffer)-tailLength):]...)
	return nil
}

// sameEnd checks that a segment that was opened again is the one that was
// written, up to where the chain stands.
func (w *writer) sameEnd(f File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	name := chain.SegmentName(w.at.Segment)
	running := w.watch.segment != nil
	switch {
	case running && !os.SameFile(info, w.watch.segment):
		return errAltered("%s was replaced by another file", name)
	case running && info.Size() < w.at.Offset:
		return errAltered("%s has %d bytes in place of %d", name, info.Size(), w.at.Offset)
	}
	err = chain.Confirm(f, w.at.Link)
	if running && errors.Is(err, chain.ErrBroken) {
		return errAltered("the end of %s is not what was written", name)
	}
	return err
}

// takeUp knows an open segment, which ends where the chain stands, from now on.
func (w *writer) takeUp(f File) (err error) {
	if w.watch.segment, err = f.Stat(); err != nil {
		return err
	}
	w.watch.tail = make([]byte, min(tailLength, w.at.Offset))
	if _, err := f.ReadAt(w.watch.tail, w.at.Offset-int64(len(w.watch.tail))); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// missing tells a file that was there, and is gone, from one that cannot be
// opened now.
func (w *watch) missing(err error, was os.FileInfo, name string) error {
	if was != nil && errors.Is(err, fs.ErrNotExist) {
		return errAltered("%s was removed or renamed", name)
	}
	return err
}

// begin knows the files of a folder that was just verified; the writer adds those
// that it opens.
func (w *watch) begin(cfg Config, key ed25519.PublicKey, segments []chain.Segment, current int) (err error) {
	w.dir = cfg.Dir
	if w.folder, err = os.Stat(cfg.Dir); err != nil {
		return err
	}
	base, err := chain.ReadBase(cfg.Dir, cfg.Chain, key)
	if err != nil {
		return refuse(err, "%s does not verify", chain.BaseName)
	}
	w.closed.segments = map[int]os.FileInfo{}
	w.closed.removed.Store(int64(base.Segment))
	for _, s := range chain.Remaining(segments, base) {
		if s.Number >= current {
			break
		}
		info, err := os.Lstat(s.Path)
		if err != nil {
			return err
		}
		w.closed.keep(s.Number, info)
	}
	return nil
}

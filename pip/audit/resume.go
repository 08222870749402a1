package audit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

// A resumption is what lies beyond the signed head of a journal that is to be
// written again.
type resumption struct {
	end     chain.Link // after the last whole record that is chained
	adopted int        // records beyond the head
	strange bool       // one of them is not the journal's about itself

	torn chain.Segment // the last segment, when something follows end
	tail []byte        // that something: bytes that were never acknowledged
	drop bool          // the whole last segment is tail, or empty
}

// resume follows the chain from the signed head to its end. It changes nothing.
func resume(segments []chain.Segment, head chain.FoundHead) (resumption, error) {
	end, err := head.At()
	if err != nil {
		return resumption{}, err
	}
	r := resumption{end: end}
	first := slices.IndexFunc(segments, func(s chain.Segment) bool { return s.Number >= max(1, head.Segment) })
	if head.Segment > 0 {
		if err := reaches(segments, first, end); err != nil {
			return r, err
		}
	}
	if first < 0 {
		first = len(segments)
	}
	for i, s := range segments[first:] {
		if want := max(1, head.Segment) + i; s.Number != want {
			return r, refuse(chain.ErrBroken, "%s is missing", chain.SegmentName(want))
		}
		if err := r.walk(s, head.Chain, first+i == len(segments)-1); err != nil {
			return r, err
		}
	}
	return r, r.plausible(head)
}

// reaches checks that the journal is as long as its head says, and that the
// very record that the head names stands there.
func reaches(segments []chain.Segment, i int, end chain.Link) error {
	if i < 0 || segments[i].Number != end.Segment {
		return refuse(chain.ErrShort, "%s is missing", chain.SegmentName(end.Segment))
	}
	s := segments[i]
	if s.Size < end.Offset {
		return refuse(chain.ErrShort, "%s is %d bytes long, the head names %d", chain.SegmentName(s.Number), s.Size, end.Offset)
	}
	f, err := os.Open(s.Path)
	if err != nil {
		return err
	}
	err = chain.Confirm(f, end)
	if closeErr := f.Close(); err == nil && closeErr != nil {
		return closeErr
	}
	if err != nil {
		return refuse(err, "%s does not hold what the head names", chain.SegmentName(s.Number))
	}
	return nil
}

// walk follows one segment from r.end, or from its beginning. Where the chain
// ends in the last segment, what follows is the tail.
func (r *resumption) walk(s chain.Segment, name string, last bool) error {
	f, err := os.Open(s.Path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	begin := r.end
	start := int64(0)
	if s.Number == r.end.Segment {
		start = r.end.Offset
	}
	c := chain.Cursor{Link: r.end}
	lines := chain.NewScanner(io.NewSectionReader(f, start, s.Size-start), start)
	for {
		from := lines.Offset
		line, whole, err := lines.Next()
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read %s: %w", chain.SegmentName(s.Number), err)
		}
		if errors.Is(err, io.EOF) && r.end.Segment == s.Number {
			return nil
		}
		if err == nil && whole && r.take(&c, line, s.Number, from == 0, name) {
			if from > 0 {
				c.Offset = lines.Offset
				r.end = c.Link
			}
			continue
		}
		if !last {
			return refuse(chain.ErrBroken, "%s does not verify after byte %d, and another segment follows", chain.SegmentName(s.Number), from)
		}
		if r.end.Segment != s.Number { // not one record of it is whole
			r.end, from, r.drop = begin, 0, true
		}
		return r.cut(f, s, from)
	}
}

// take follows one line and reports whether it is part of the chain.
func (r *resumption) take(c *chain.Cursor, line []byte, number int, begins bool, name string) bool {
	if begins {
		_, fault := c.Enter(line, number, name)
		return fault == nil
	}
	rec, fault := c.Follow(line)
	if fault != nil {
		return false
	}
	r.adopted++
	r.strange = r.strange || !chain.AboutItself(rec.JSON)
	return true
}

// cut keeps what follows the chain's end for setting aside. More than one
// batch can never be unacknowledged, so a longer tail is damage.
func (r *resumption) cut(f io.ReaderAt, s chain.Segment, from int64) error {
	length := s.Size - from
	if length > chain.MaxTail {
		return refuse(chain.ErrBroken, "%d bytes at the end of %s do not verify, more than an interrupted write can leave",
			length, chain.SegmentName(s.Number))
	}
	r.torn = s
	r.tail = make([]byte, length)
	if _, err := io.ReadFull(io.NewSectionReader(f, from, length), r.tail); err != nil {
		return fmt.Errorf("read %s: %w", chain.SegmentName(s.Number), err)
	}
	return nil
}

// plausible refuses what no crash can leave behind. Every head is written
// together with at least one new record, after it: so a torn slot is always
// followed by a record that the other slot does not name, and a journal that
// was closed is followed at most by records of an Open that did not finish.
func (r *resumption) plausible(head chain.FoundHead) error {
	if head.Damaged && !head.Closed && r.adopted == 0 {
		return refuse(chain.ErrHead, "one of its slots is damaged, and no record follows the head in the other: the newest records may be missing")
	}
	if head.Closed && !head.Damaged && r.strange {
		return refuse(chain.ErrBroken, "foreign records follow the head of a journal that was closed")
	}
	return nil
}

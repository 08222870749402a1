package audit

import (
	"fmt"
	"io"
	"os"
	"slices"
)

// A resumption is what lies beyond the signed head of a journal that is to be
// written again.
type resumption struct {
	end     link // after the last whole record that is chained
	adopted int  // records beyond the head
	strange bool // one of them is not the journal's about itself

	torn segment // the last segment, when something follows end
	tail []byte  // that something: bytes that were never acknowledged
	drop bool    // the whole last segment is tail, or empty
}

// resume follows the chain from the signed head to its end. It changes nothing.
func resume(segments []segment, head foundHead) (resumption, error) {
	end, err := head.at()
	if err != nil {
		return resumption{}, err
	}
	r := resumption{end: end}
	first := slices.IndexFunc(segments, func(s segment) bool { return s.number >= max(1, head.Segment) })
	if head.Segment > 0 {
		if err := reaches(segments, first, end); err != nil {
			return r, err
		}
	}
	if first < 0 {
		first = len(segments)
	}
	for i, s := range segments[first:] {
		if want := max(1, head.Segment) + i; s.number != want {
			return r, refuse(ErrBroken, "%s is missing", segmentName(want))
		}
		if err := r.walk(s, head.Chain, first+i == len(segments)-1); err != nil {
			return r, err
		}
	}
	return r, r.plausible(head)
}

// reaches checks that the journal is as long as its head says, and that the
// very record that the head names stands there.
func reaches(segments []segment, i int, end link) error {
	if i < 0 || segments[i].number != end.segment {
		return refuse(ErrShort, "%s is missing", segmentName(end.segment))
	}
	s := segments[i]
	if s.size < end.offset {
		return refuse(ErrShort, "%s is %d bytes long, the head names %d", segmentName(s.number), s.size, end.offset)
	}
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	err = confirm(f, end)
	if closeErr := f.Close(); err == nil && closeErr != nil {
		return closeErr
	}
	if err != nil {
		return refuse(err, "%s does not hold what the head names", segmentName(s.number))
	}
	return nil
}

// walk follows one segment from r.end, or from its beginning. Where the chain
// ends in the last segment, what follows is the tail.
func (r *resumption) walk(s segment, name string, last bool) error {
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	begin := r.end
	start := int64(0)
	if s.number == r.end.segment {
		start = r.end.offset
	}
	c := chain{link: r.end}
	lines := newScanner(io.NewSectionReader(f, start, s.size-start), start)
	for {
		from := lines.offset
		line, whole, err := lines.next()
		if err != nil && err != io.EOF {
			return fmt.Errorf("read %s: %w", segmentName(s.number), err)
		}
		if err == io.EOF && r.end.segment == s.number {
			return nil
		}
		if err == nil && whole && r.take(&c, line, s.number, from == 0, name) {
			if from > 0 {
				c.offset = lines.offset
				r.end = c.link
			}
			continue
		}
		if !last {
			return refuse(ErrBroken, "%s does not verify after byte %d, and another segment follows", segmentName(s.number), from)
		}
		if r.end.segment != s.number { // not one record of it is whole
			r.end, from, r.drop = begin, 0, true
		}
		return r.cut(f, s, from)
	}
}

// take follows one line and reports whether it is part of the chain.
func (r *resumption) take(c *chain, line []byte, number int, begins bool, name string) bool {
	if begins {
		_, fault := c.enter(line, number, name)
		return fault == nil
	}
	rec, fault := c.follow(line)
	if fault != nil {
		return false
	}
	r.adopted++
	r.strange = r.strange || !ownRecord(rec.json)
	return true
}

// cut keeps what follows the chain's end for setting aside. More than one
// batch can never be unacknowledged, so a longer tail is damage.
func (r *resumption) cut(f io.ReaderAt, s segment, from int64) error {
	length := s.size - from
	if length > maxTail {
		return refuse(ErrBroken, "%d bytes at the end of %s do not verify, more than an interrupted write can leave",
			length, segmentName(s.number))
	}
	r.torn = s
	r.tail = make([]byte, length)
	if _, err := io.ReadFull(io.NewSectionReader(f, from, length), r.tail); err != nil {
		return fmt.Errorf("read %s: %w", segmentName(s.number), err)
	}
	return nil
}

// plausible refuses what no crash can leave behind. Every head is written
// together with at least one new record, after it: so a torn slot is always
// followed by a record that the other slot does not name, and a journal that
// was closed is followed at most by records of an Open that did not finish.
func (r *resumption) plausible(head foundHead) error {
	if head.damaged && !head.Closed && r.adopted == 0 {
		return refuse(ErrHead, "one of its slots is damaged, and no record follows the head in the other: the newest records may be missing")
	}
	if head.Closed && !head.damaged && r.strange {
		return refuse(ErrBroken, "foreign records follow the head of a journal that was closed")
	}
	return nil
}

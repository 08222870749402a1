package chain

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// A Link is where a chain stands: after which line, in which file, with which
// hash. The zero link stands before the first segment.
type Link struct {
	Segment int
	Offset  int64 // end of the line within its segment
	Seq     uint64
	Hash    digest
}

// A Cursor follows a journal line by line. After a fault it goes on from what
// the line says of itself, so that one change is not reported a thousand times.
type Cursor struct {
	Link
	lost    bool // the hash of the last line could not be read
	scratch []byte
}

// A Fault is what is wrong with one line.
type Fault struct {
	Code Code
	Text string
}

// Sum is the hash of a line whose JSON follows the line with hash prev.
func (c *Cursor) Sum(prev digest, json []byte) digest {
	c.scratch = append(append(c.scratch[:0], prev[:]...), json...)
	return sha256.Sum256(c.scratch)
}

// Follow takes one record's line. It returns the record even when there is a
// fault, as far as it could be read.
func (c *Cursor) Follow(line []byte) (Line, *Fault) {
	r, err := ParseRecord(line)
	if err != nil {
		c.Seq++
		c.Hash, c.lost = r.Hash, r.Hash == digest{}
		return r, &Fault{LineMalformed, err.Error()}
	}
	want, expected, lost := c.Sum(c.Hash, r.JSON), c.Seq+1, c.lost
	c.Seq, c.Hash, c.lost = r.Seq, r.Hash, false
	switch {
	case r.Seq > expected:
		return r, &Fault{RecordOrder, fmt.Sprintf("record %d stands where record %d should: records are missing", r.Seq, expected)}
	case r.Seq < expected:
		return r, &Fault{RecordOrder, fmt.Sprintf("record %d stands where record %d should: a record was repeated, moved or inserted", r.Seq, expected)}
	case !lost && want != r.Hash:
		return r, &Fault{RecordChanged, "the hash does not fit: this record was changed, or the one before it was replaced"}
	}
	return r, nil
}

// Begin reads the header of segment number, and returns a cursor behind it that
// takes the header's word for what stands before. What is no such header is ErrBroken.
func Begin(lines *scanner, number int) (Cursor, error) {
	line, whole, err := lines.Next()
	if err != nil {
		return Cursor{}, err
	}
	r, h, err := ParseHeader(line)
	if err != nil || !whole || h.Segment != number {
		return Cursor{}, fmt.Errorf("%w: segment %d has no header", ErrBroken, number)
	}
	c := Cursor{Link: Link{Segment: number, Seq: h.First - 1, Hash: r.Hash}}
	var previous digest
	if n, err := hex.Decode(previous[:], []byte(h.Previous)); err != nil || n != len(previous) || c.Sum(previous, r.JSON) != r.Hash {
		return Cursor{}, fmt.Errorf("%w: the header of segment %d was changed", ErrBroken, number)
	}
	return c, nil
}

// Enter takes the header of segment number. An empty name accepts any chain.
func (c *Cursor) Enter(line []byte, number int, name string) (Header, *Fault) {
	r, h, err := ParseHeader(line)
	if err != nil {
		c.Segment = number
		c.Hash, c.lost = r.Hash, r.Hash == digest{}
		return h, &Fault{HeaderMalformed, err.Error()}
	}
	want, expected, previous, lost := c.Sum(c.Hash, r.JSON), c.Seq+1, hex.EncodeToString(c.Hash[:]), c.lost
	c.Segment, c.Seq, c.Hash, c.lost = number, h.First-1, r.Hash, false
	switch {
	case h.Segment != number:
		return h, &Fault{SegmentOrder, fmt.Sprintf("the file holds segment %d: segments were renamed, repeated or exchanged", h.Segment)}
	case name != "" && h.Chain != name:
		return h, &Fault{SegmentForeign, "the segment belongs to another chain"}
	case h.First != expected:
		return h, &Fault{SegmentOrder, fmt.Sprintf("the segment begins with record %d where record %d should follow", h.First, expected)}
	case !lost && h.Previous != previous:
		return h, &Fault{SegmentOrder, "the segment does not continue the one before it"}
	case !lost && want != r.Hash:
		return h, &Fault{RecordChanged, "the hash of the segment's header does not fit: the header was changed"}
	}
	return h, nil
}

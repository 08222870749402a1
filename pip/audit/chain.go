package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// A link is where a chain stands: after which line, in which file, with which
// hash. The zero link stands before the first segment.
type link struct {
	segment int
	offset  int64 // end of the line within its segment
	seq     uint64
	hash    digest
}

// A chain follows a journal line by line. After a fault it goes on from what
// the line says of itself, so that one change is not reported a thousand times.
type chain struct {
	link
	lost    bool // the hash of the last line could not be read
	scratch []byte
}

// A fault is what is wrong with one line.
type fault struct {
	code Code
	text string
}

// sum is the hash of a line whose JSON follows the line with hash prev.
func (c *chain) sum(prev digest, json []byte) digest {
	c.scratch = append(append(c.scratch[:0], prev[:]...), json...)
	return sha256.Sum256(c.scratch)
}

// follow takes one record's line. It returns the record even when there is a
// fault, as far as it could be read.
func (c *chain) follow(line []byte) (raw, *fault) {
	r, err := parseRecord(line)
	if err != nil {
		c.seq++
		c.hash, c.lost = r.hash, r.hash == digest{}
		return r, &fault{LineMalformed, err.Error()}
	}
	want, expected, lost := c.sum(c.hash, r.json), c.seq+1, c.lost
	c.seq, c.hash, c.lost = r.seq, r.hash, false
	switch {
	case r.seq > expected:
		return r, &fault{RecordOrder, fmt.Sprintf("record %d stands where record %d should: records are missing", r.seq, expected)}
	case r.seq < expected:
		return r, &fault{RecordOrder, fmt.Sprintf("record %d stands where record %d should: a record was repeated, moved or inserted", r.seq, expected)}
	case !lost && want != r.hash:
		return r, &fault{RecordChanged, "the hash does not fit: this record was changed, or the one before it was replaced"}
	}
	return r, nil
}

// enter takes the header of segment number. An empty name accepts any chain.
func (c *chain) enter(line []byte, number int, name string) (header, *fault) {
	r, h, err := parseHeader(line)
	if err != nil {
		c.segment = number
		c.hash, c.lost = r.hash, r.hash == digest{}
		return h, &fault{HeaderMalformed, err.Error()}
	}
	want, expected, previous, lost := c.sum(c.hash, r.json), c.seq+1, hex.EncodeToString(c.hash[:]), c.lost
	c.segment, c.seq, c.hash, c.lost = number, h.First-1, r.hash, false
	switch {
	case h.Segment != number:
		return h, &fault{SegmentOrder, fmt.Sprintf("the file holds segment %d: segments were renamed, repeated or exchanged", h.Segment)}
	case name != "" && h.Chain != name:
		return h, &fault{SegmentForeign, "the segment belongs to another chain"}
	case h.First != expected:
		return h, &fault{SegmentOrder, fmt.Sprintf("the segment begins with record %d where record %d should follow", h.First, expected)}
	case !lost && h.Previous != previous:
		return h, &fault{SegmentOrder, "the segment does not continue the one before it"}
	case !lost && want != r.hash:
		return h, &fault{RecordChanged, "the hash of the segment's header does not fit: the header was changed"}
	}
	return h, nil
}

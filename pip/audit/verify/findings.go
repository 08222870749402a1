package verify

import (
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

// A Finding is one thing that is wrong, and where.
type Finding struct {
	Segment string     `json:"segment,omitempty"` // file name; empty when it is not about one segment
	Seq     uint64     `json:"seq,omitempty"`     // the record that should stand there
	Offset  int64      `json:"offset"`            // byte within the segment
	Code    chain.Code `json:"code"`
	Problem string     `json:"problem"` // in plain words
}

// String returns the finding as one line.
func (f Finding) String() string {
	if f.Segment == "" {
		return f.Problem
	}
	return fmt.Sprintf("%s, record %d, byte %d: %s", f.Segment, f.Seq, f.Offset, f.Problem)
}

// maxFindings bounds a report; a journal with so many faults is lost anyway.
const maxFindings = 1000

// A Report is the result of verifying a journal.
type Report struct {
	Chain    string      `json:"chain"`
	Segments int         `json:"segments"`
	Removed  uint64      `json:"removed"` // seq up to which records were removed as their time was over
	Records  uint64      `json:"records"` // that could be read, those beyond the head included
	First    time.Time   `json:"first"`   // when the first record was written
	Last     time.Time   `json:"last"`    // when the last one was
	Head     *chain.Head `json:"head"`    // nil when no genuine head was found

	// Beyond counts whole, chained records that the head does not name: of a
	// batch that was being written, or written just before a crash.
	Beyond uint64 `json:"beyond"`
	// Tail counts the bytes after the last whole record beyond the head. They
	// were never acknowledged, and Open would set them aside. Where they are the
	// beginning of the next record, as an interrupted write leaves it, that is
	// all; anything else is a finding too.
	Tail int64 `json:"tail"`

	Findings []Finding `json:"findings"`
	Omitted  int       `json:"omitted"` // further findings that were not kept
}

// OK reports whether nothing at all is wrong. A zero Report is not OK: it has
// no head.
func (r Report) OK() bool {
	return r.Head != nil && len(r.Findings) == 0
}

func (r *Report) add(f Finding) {
	if len(r.Findings) >= maxFindings {
		r.Omitted++
		return
	}
	r.Findings = append(r.Findings, f)
}

package audit

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// segment follows one segment to its end. It returns true where the
// acknowledged part of the journal, and what is chained to it, ends.
func (v *verifier) segment(s segment, last bool) (stop bool, err error) {
	f, err := os.Open(s.path)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // it was only read
	lines := newScanner(io.NewSectionReader(f, 0, s.size), 0)
	for {
		from := lines.offset
		line, whole, err := lines.next()
		if err == io.EOF {
			if from == 0 && !v.beyond(s.number, 0) {
				v.at.segment = s.number
				v.found(s, from, &fault{HeaderMalformed, "the segment is empty"})
			}
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("read %s: %w", segmentName(s.number), err)
		}
		beyond := v.beyond(s.number, from)
		place := v.at.link
		rec, wrong := v.line(line, s.number, from == 0)
		if !whole && wrong == nil {
			wrong = &fault{LineMalformed, "the line does not end with a newline: it was cut off or joined"}
		}
		if beyond && wrong != nil {
			v.at.link = place
			v.tail(s, from, last, torn(line, whole, from == 0, place.seq+1))
			return true, nil
		}
		if wrong != nil {
			v.at.segment = s.number
			v.foundAt(s, place.seq+1, from, wrong)
		}
		v.at.offset = lines.offset
		if from > 0 {
			v.count(rec, beyond)
		}
		v.compare(s)
	}
}

// beyond reports whether a line that begins at offset is not named by the head.
func (v *verifier) beyond(segment int, offset int64) bool {
	h := v.report.Head
	return h != nil && (segment > h.Segment || segment == h.Segment && offset >= h.Offset)
}

func (v *verifier) line(line []byte, number int, begins bool) (raw, *fault) {
	if !begins {
		return v.at.follow(line)
	}
	h, wrong := v.at.enter(line, number, v.report.Chain)
	if wrong == nil {
		v.report.Chain = h.Chain
	}
	return raw{}, wrong
}

func (v *verifier) found(s segment, offset int64, wrong *fault) {
	v.foundAt(s, v.at.seq+1, offset, wrong)
}

func (v *verifier) foundAt(s segment, seq uint64, offset int64, wrong *fault) {
	v.report.add(Finding{Segment: segmentName(s.number), Seq: seq, Offset: offset, Code: wrong.code, Problem: wrong.text})
}

// tail takes note of bytes that were never acknowledged, and that no record
// follows. There can be no more of them than one batch has.
func (v *verifier) tail(s segment, from int64, last, torn bool) {
	v.report.Tail = s.size - from
	switch {
	case !last || v.report.Tail > maxTail:
		v.found(s, from, &fault{TailForeign, "the journal does not verify from here on, further than an interrupted write can reach"})
	case !torn:
		v.found(s, from, &fault{TailUnclear, fmt.Sprintf(
			"%d bytes behind the signed head are unacknowledged, and not the beginning of a record: a power cut or somebody else's hand left them", v.report.Tail)})
	}
}

// torn reports whether a line is what a killed process leaves of its last
// write: the beginning of the record, or of the segment's header, that had to
// follow. The hash of the missing rest cannot be checked.
func torn(line []byte, whole, begins bool, seq uint64) bool {
	if whole {
		return false
	}
	digits, rest := line[:min(len(line), hashDigits)], line[min(len(line), hashDigits):]
	for _, c := range digits {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	want := []byte(` {"format":`)
	if !begins {
		want = strconv.AppendUint([]byte(` {"seq":`), seq, 10)
		want = append(want, `,"written":`...)
	}
	n := min(len(rest), len(want))
	return bytes.Equal(rest[:n], want[:n]) && !bytes.ContainsFunc(rest[n:], func(r rune) bool { return r < ' ' })
}

func (v *verifier) count(rec raw, beyond bool) {
	if rec.written != 0 {
		v.report.Records++
		v.last = rec.written
		v.report.Last = time.UnixMicro(rec.written).UTC()
		if v.report.First.IsZero() {
			v.report.First = v.report.Last
		}
	}
	if !beyond {
		return
	}
	if v.report.Beyond == 0 {
		v.since = rec.written
	}
	v.report.Beyond++
	v.strange = v.strange || !ownRecord(rec.json)
}

// compare holds the line just passed against the head and the anchors.
func (v *verifier) compare(s segment) {
	hash := hex.EncodeToString(v.at.hash[:])
	if h := v.report.Head; h != nil && !v.reached && s.number == h.Segment && v.at.offset == h.Offset {
		v.reached = true
		if hash != h.Hash || v.at.seq != h.Seq {
			v.foundAt(s, v.at.seq, v.at.offset, &fault{HeadMismatch, "the record is not the one that the signed head names: the journal was rewritten"})
		}
	}
	for len(v.anchors) > 0 && v.anchors[0].Seq <= v.at.seq {
		a := v.anchors[0]
		v.anchors = v.anchors[1:]
		if a.Seq > 0 && (a.Seq != v.at.seq || a.Hash != hash) {
			v.foundAt(s, a.Seq, v.at.offset, &fault{AnchorMismatch, "the record is not the one that an anchor proves: the journal was rewritten"})
		}
	}
}

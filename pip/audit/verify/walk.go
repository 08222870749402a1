package verify

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

// segment follows one segment to its end. It returns true where the
// acknowledged part of the journal, and what is chained to it, ends.
func (v *verifier) segment(ctx context.Context, s chain.Segment, last bool) (stop bool, err error) {
	f, err := os.Open(s.Path)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // it was only read
	lines := chain.NewScanner(io.NewSectionReader(f, 0, s.Size), 0)
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		from := lines.Offset
		line, whole, err := lines.Next()
		if errors.Is(err, io.EOF) {
			if from == 0 && !v.beyond(s.Number, 0) {
				v.at.Segment = s.Number
				v.found(s, from, &chain.Fault{Code: chain.HeaderMalformed, Text: "the segment is empty"})
			}
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("read %s: %w", chain.SegmentName(s.Number), err)
		}
		beyond := v.beyond(s.Number, from)
		place := v.at.Link
		rec, wrong := v.line(line, s.Number, from == 0)
		if !whole && wrong == nil {
			wrong = &chain.Fault{Code: chain.LineMalformed, Text: "the line does not end with a newline: it was cut off or joined"}
		}
		if beyond && wrong != nil {
			v.at.Link = place
			v.tail(s, from, last, torn(line, whole, from == 0, place.Seq+1))
			return true, nil
		}
		if wrong != nil {
			v.at.Segment = s.Number
			v.foundAt(s, place.Seq+1, from, wrong)
		}
		v.at.Offset = lines.Offset
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

func (v *verifier) line(line []byte, number int, begins bool) (chain.Line, *chain.Fault) {
	if !begins {
		return v.at.Follow(line)
	}
	h, wrong := v.at.Enter(line, number, v.report.Chain)
	if wrong == nil {
		v.report.Chain = h.Chain
	}
	return chain.Line{}, wrong
}

func (v *verifier) found(s chain.Segment, offset int64, wrong *chain.Fault) {
	v.foundAt(s, v.at.Seq+1, offset, wrong)
}

func (v *verifier) foundAt(s chain.Segment, seq uint64, offset int64, wrong *chain.Fault) {
	v.report.add(Finding{Segment: chain.SegmentName(s.Number), Seq: seq, Offset: offset, Code: wrong.Code, Problem: wrong.Text})
}

// tail takes note of bytes that were never acknowledged, and that no record
// follows. There can be no more of them than one batch has.
func (v *verifier) tail(s chain.Segment, from int64, last, torn bool) {
	v.report.Tail = s.Size - from
	switch {
	case !last || v.report.Tail > chain.MaxTail:
		v.found(s, from, &chain.Fault{Code: chain.TailForeign, Text: "the journal does not verify from here on, further than an interrupted write can reach"})
	case !torn:
		v.found(s, from, &chain.Fault{Code: chain.TailUnclear, Text: fmt.Sprintf(
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
	digits, rest := line[:min(len(line), chain.HashDigits)], line[min(len(line), chain.HashDigits):]
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

func (v *verifier) count(rec chain.Line, beyond bool) {
	if rec.Written != 0 {
		v.report.Records++
		v.last = rec.Written
		v.report.Last = time.UnixMicro(rec.Written).UTC()
		if v.report.First.IsZero() {
			v.report.First = v.report.Last
		}
	}
	if !beyond {
		return
	}
	if v.report.Beyond == 0 {
		v.since = rec.Written
	}
	v.report.Beyond++
	v.strange = v.strange || !chain.AboutItself(rec.JSON)
}

// compare holds the line just passed against the head and the anchors.
func (v *verifier) compare(s chain.Segment) {
	hash := hex.EncodeToString(v.at.Hash[:])
	if h := v.report.Head; h != nil && !v.reached && s.Number == h.Segment && v.at.Offset == h.Offset {
		v.reached = true
		if hash != h.Hash || v.at.Seq != h.Seq {
			v.foundAt(s, v.at.Seq, v.at.Offset, &chain.Fault{Code: chain.HeadMismatch, Text: "the record is not the one that the signed head names: the journal was rewritten"})
		}
	}
	for len(v.anchors) > 0 && v.anchors[0].Seq <= v.at.Seq {
		a := v.anchors[0]
		v.anchors = v.anchors[1:]
		if a.Seq > 0 && (a.Seq != v.at.Seq || a.Hash != hash) {
			v.foundAt(s, a.Seq, v.at.Offset, &chain.Fault{Code: chain.AnchorMismatch, Text: "the record is not the one that an anchor proves: the journal was rewritten"})
		}
	}
}

// Package verify proves that a journal is whole, or says what is wrong with it
// and where. It needs the public key alone, and never writes.
package verify

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

// Trust is what a verifier knows from outside the folder.
type Trust struct {
	// Key is the journal's public key. When it is nil the one in the folder is
	// used, which those who hold the folder could have exchanged.
	Key ed25519.PublicKey
	// Anchors are heads that were kept elsewhere. The journal must hold every
	// one of them, which uncovers a folder that was rolled back whole.
	Anchors []chain.Head
}

// Folder checks a journal against its own head and public key. It reads the
// folder only, needs no private key, and works on a copy as on the folder of a
// running process, of which it reads what stood there at the start. (When you
// copy a live folder, copy head before the segments.) The error tells that the
// folder could not be read; what is wrong with the journal is in the report.
func Folder(dir string) (Report, error) { return Against(dir, Trust{}) }

// Against is Folder with knowledge from outside the folder.
func Against(dir string, trust Trust) (Report, error) {
	return Within(context.Background(), dir, trust)
}

// Within is Against, and ends with the context's error when the context ends: of
// a journal that was not read to its end there is nothing to say.
func Within(ctx context.Context, dir string, trust Trust) (Report, error) {
	v := verifier{}
	if err := v.loadHead(dir, trust); err != nil {
		return v.report, fmt.Errorf("verify journal: %w", err)
	}
	segments, err := chain.Segments(dir)
	if err != nil {
		return v.report, fmt.Errorf("verify journal: %w", err)
	}
	if err := v.begin(dir, trust); err != nil {
		return v.report, fmt.Errorf("verify journal: %w", err)
	}
	segments = chain.Remaining(segments, v.at.Link)
	v.report.Segments = len(segments)
	next := v.at.Segment + 1
	for i, s := range segments {
		v.missing(next, s.Number)
		next = s.Number + 1
		stop, err := v.segment(ctx, s, i == len(segments)-1)
		if err != nil {
			return v.report, fmt.Errorf("verify journal: %w", err)
		}
		if stop {
			break
		}
	}
	v.conclude()
	return v.report, nil
}

// staleAfter is how long records may be written before a head that names them
// is durable: a second, with room for a disk that stalls.
const staleAfter = 5 * time.Second

type verifier struct {
	report  Report
	at      chain.Cursor
	damaged bool // a slot of the head
	reached bool // the record that the head names was found
	strange bool // a record beyond the head is not the journal's about itself
	since   int64
	last    int64
	anchors []chain.Head // not yet passed, by seq
}

func (v *verifier) loadHead(dir string, trust Trust) error {
	key, err := chain.ReadPublicKey(dir)
	switch {
	case trust.Key == nil && err != nil:
		v.whole(chain.KeyMissing, "the public key is missing or unreadable, so that the head cannot be checked")
	case trust.Key != nil && err == nil && !trust.Key.Equal(key):
		v.whole(chain.KeyChanged, "the public key in the folder is not the one that is trusted")
	}
	if trust.Key != nil {
		key = trust.Key
	}
	head, err := chain.ReadHead(dir, key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.whole(chain.HeadMissing, "the signed head is missing, so that a cut-off tail could not be seen")
	case errors.Is(err, chain.ErrHead) && key == nil:
	case errors.Is(err, chain.ErrHead):
		v.whole(chain.HeadForged, err.Error())
	case err != nil:
		return err
	default:
		v.report.Head, v.report.Chain, v.damaged = &head.Head, head.Chain, head.Damaged
		v.reached = head.Segment == 0
	}
	if v.damaged {
		v.whole(chain.HeadDamaged, "one slot of the head bears no genuine signature: it was torn by a power cut, or altered")
	}
	for _, a := range trust.Anchors {
		if !a.Verify(key) || v.report.Head != nil && a.Chain != v.report.Chain {
			v.whole(chain.AnchorForged, fmt.Sprintf("the anchor for record %d is not this journal's", a.Seq))
			continue
		}
		v.anchors = append(v.anchors, a)
	}
	slices.SortFunc(v.anchors, func(a, b chain.Head) int { return cmp.Compare(a.Seq, b.Seq) })
	return nil
}

// begin stands behind what was removed, where a signed base says that it was.
func (v *verifier) begin(dir string, trust Trust) error {
	key := trust.Key
	if key == nil {
		key, _ = chain.ReadPublicKey(dir) // that it is missing is a finding already
	}
	base, err := chain.ReadBase(dir, v.report.Chain, key)
	if errors.Is(err, chain.ErrHead) {
		v.whole(chain.BaseForged, err.Error())
		return nil
	}
	v.at.Link, v.report.Removed = base, base.Seq
	v.at.Offset = 0
	for len(v.anchors) > 0 && base.Segment > 0 && (v.anchors[0].Seq < base.Seq || chain.HoldsBase(base, v.anchors[0])) {
		v.anchors = v.anchors[1:]
	}
	return err
}

// whole adds a finding about the journal as a whole.
func (v *verifier) whole(code chain.Code, problem string) {
	v.report.add(Finding{Code: code, Problem: problem})
}

func (v *verifier) missing(from, to int) {
	if from < to {
		v.report.add(Finding{
			Segment: chain.SegmentName(from), Seq: v.at.Seq + 1, Code: chain.SegmentMissing,
			Problem: fmt.Sprintf("%d segments are missing from here", to-from),
		})
	}
}

// conclude compares where the journal ended with where it should have.
func (v *verifier) conclude() {
	h := v.report.Head
	if h != nil && !v.reached {
		v.report.add(Finding{
			Segment: chain.SegmentName(h.Segment), Seq: h.Seq, Offset: h.Offset, Code: chain.TailMissing,
			Problem: fmt.Sprintf("the head names record %d, ending here; the journal holds no such record: its tail was cut off or moved", h.Seq),
		})
	}
	if h != nil && h.Closed && (v.strange || v.report.Tail > 0) {
		v.whole(chain.TailForeign, "something follows the head of a journal that was closed in good order")
	}
	if v.report.Beyond > 0 && time.Duration(v.last-v.since)*time.Microsecond > staleAfter {
		v.whole(chain.HeadStale, fmt.Sprintf("the head is older than the records allow: %d records over %s follow it",
			v.report.Beyond, time.Duration(v.last-v.since)*time.Microsecond))
	}
	for _, a := range v.anchors {
		v.report.add(Finding{
			Segment: chain.SegmentName(max(1, a.Segment)), Seq: a.Seq, Offset: a.Offset, Code: chain.AnchorMismatch,
			Problem: fmt.Sprintf("an anchor proves that record %d existed; the journal ends before it", a.Seq),
		})
	}
}

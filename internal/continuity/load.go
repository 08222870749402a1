package continuity

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/chain"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

// looksBack is in how many segments a digest is looked for, from the newest. Each has
// one a second after it was begun, unless the process was killed before.
const looksBack = 16

// Load folds the journal of a folder from its newest whole digest on. A journal
// without one, which is of a time before there were marks, is folded as far back as one
// is looked for.
func Load(ctx context.Context, dir string) (*Ledger, error) {
	from, err := newestDigest(dir)
	if err != nil {
		return nil, fmt.Errorf("what is in force: %w", err)
	}
	l := NewLedger()
	kinds := []pip.Kind{pip.KindSession, pip.KindAccount, pip.KindSystem}
	for r, err := range reader.Query(ctx, dir, reader.Filter{From: from, Kinds: kinds}) {
		if err != nil {
			return nil, fmt.Errorf("what is in force: %w", err)
		}
		l.Fold(&r.Event)
	}
	return l, nil
}

// newestDigest is the record with which the newest whole digest begins, or one that is
// far enough back.
func newestDigest(dir string) (uint64, error) {
	segments, err := chain.Segments(dir)
	if err != nil {
		return 0, err
	}
	whole := "" // id of the digest whose last part was found
	first := uint64(0)
	for i, s := range slices.Backward(segments) {
		if len(segments)-i > looksBack {
			break
		}
		found, err := digestsOf(s)
		if err != nil {
			return 0, err
		}
		for _, d := range slices.Backward(found) {
			if whole == "" && d.Part == d.Of {
				whole = d.ID
			}
			if d.ID == whole && d.Part == 1 {
				return d.seq, nil
			}
		}
		if h, err := chain.ReadHeader(s); err == nil {
			first = h.First
		}
	}
	return first, nil
}

// A place is where a part of a digest stands.
type place struct {
	seq uint64
	digest
}

var digestNeedle = []byte(`"action":"` + ActionDigest + `"`)

// digestsOf reads one segment without verifying it: what is folded is.
func digestsOf(s chain.Segment) (found []place, err error) {
	f, err := os.Open(s.Path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // its time was over
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	lines := chain.NewScanner(f, 0)
	for {
		line, _, err := lines.Next()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", chain.SegmentName(s.Number), err)
		}
		if !bytes.Contains(line, digestNeedle) {
			continue
		}
		r, err := chain.ParseRecord(line)
		var e struct {
			Input digest `json:"input"`
		}
		if err == nil && json.Unmarshal(r.JSON, &e) == nil && e.Input.Part > 0 {
			found = append(found, place{r.Seq, e.Input})
		}
	}
}

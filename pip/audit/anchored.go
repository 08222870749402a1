package audit

import (
	"crypto/ed25519"
	"os"
	"slices"
	"time"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

// reachesAnchor checks that the journal, which ends at end, holds the very
// record that its anchor names.
func reachesAnchor(cfg Config, key ed25519.PublicKey, segments []chain.Segment, end chain.Link) error {
	a := cfg.Anchored
	if a == nil {
		return nil
	}
	if a.Chain != cfg.Chain || !a.Verify(key) {
		return refuse(ErrAnchor, "another key signed the head that is anchored as chain %q; "+
			"when two enforcement points use this name, give each its own (journal.chain)", cfg.Chain)
	}
	at, err := a.At()
	if err != nil {
		return err
	}
	if at.Seq == 0 {
		return nil
	}
	if at.Seq > end.Seq {
		return refuse(ErrRolledBack, "record %d was anchored at %s, and the journal ends with record %d",
			at.Seq, a.Time.Format(time.RFC3339), end.Seq)
	}
	base, err := chain.ReadBase(cfg.Dir, cfg.Chain, key)
	if err != nil {
		return refuse(err, "%s cannot be believed", chain.BaseName)
	}
	if chain.HoldsBase(base, *a) {
		return nil
	}
	i := slices.IndexFunc(segments, func(s chain.Segment) bool { return s.Number == at.Segment })
	if i < 0 {
		return refuse(ErrRolledBack, "%s is missing, which holds the anchored record %d", chain.SegmentName(at.Segment), at.Seq)
	}
	f, err := os.Open(segments[i].Path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	if err := chain.Confirm(f, at); err != nil {
		return refuse(ErrRolledBack, "record %d is not the one that was anchored", at.Seq)
	}
	return nil
}

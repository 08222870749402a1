package process

import (
	"context"
	"iter"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pdp/console"
	"github.com/wardgate/wardgate/pip/audit/anchor"
	"github.com/wardgate/wardgate/pip/audit/chain"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/audit/verify"
)

// evidence is the journal of this process as the console reads it: its folder,
// beside the writer, and the head that is anchored outside of it.
type evidence struct {
	dir, chain string
	anchors    anchor.Anchor
}

func newEvidence(c *config.Config, j *journal) evidence {
	of := c.AuditConfig()
	return evidence{dir: of.Dir, chain: of.Chain, anchors: j.anchors}
}

// writtenLate is by how much the time of an event may differ from that at which
// it was written.
const writtenLate = time.Hour

// Records begins near since, and ends with the first record that was written
// long after until.
func (e evidence) Records(ctx context.Context, f console.Filter) iter.Seq2[console.Record, error] {
	return func(yield func(console.Record, error) bool) {
		from := f.After + 1
		if !f.Since.IsZero() {
			near, err := reader.Around(e.dir, f.Since.Add(-writtenLate))
			if err != nil {
				yield(console.Record{}, err)
				return
			}
			from = max(from, near)
		}
		found := reader.Query(ctx, e.dir, reader.Filter{
			From: from, Kind: f.Kind, Subject: f.Subject, Patient: f.Patient, Session: f.Session,
			Decision: f.Decision, Rule: f.Rule, Since: f.Since, // not Until: see over
		})
		for r, err := range found {
			switch {
			case err != nil:
				yield(console.Record{}, err)
				return
			case over(&r, f.Until):
				return
			case !passes(&r, &f):
				continue
			}
			if !yield(console.Record{Seq: r.Seq, Event: r.Event, JSON: r.JSON}, nil) {
				return
			}
		}
	}
}

// over reports whether no record that follows can be of an event before until.
func over(r *reader.Record, until time.Time) bool {
	return !until.IsZero() && r.Written.After(until.Add(writtenLate))
}

// passes is what the reader's own filter does not look at.
func passes(r *reader.Record, f *console.Filter) bool {
	return (f.Action == "" || r.Event.Action == f.Action) &&
		(f.Outcome == "" || r.Event.Outcome == f.Outcome) &&
		(f.Until.IsZero() || r.Event.Time.Before(f.Until))
}

// Verify holds the journal against its anchor too, which uncovers a folder that
// was rolled back whole.
func (e evidence) Verify(ctx context.Context) (bool, any, error) {
	var trust verify.Trust
	anchored, err := anchor.Latest(ctx, e.anchors, e.chain)
	if err != nil {
		return false, nil, err
	}
	if anchored != nil {
		trust.Anchors = []chain.Head{*anchored}
	}
	report, err := verify.Within(ctx, e.dir, trust)
	if err != nil {
		return false, nil, err
	}
	return report.OK(), report, nil
}

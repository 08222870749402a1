package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/pip/audit/anchor"
	"github.com/wardgate/wardgate/pip/audit/chain"
	"github.com/wardgate/wardgate/pip/audit/verify"
)

type auditVerify struct {
	journalFlags
	configFlag
	Anchors bool `help:"Also check against the heads that are anchored in the sessions' database, which uncovers a folder that was rolled back whole."`
}

// Run fails when anything is wrong with a journal. Bytes that a killed process
// was just writing are reported, and nothing is wrong with them.
func (v *auditVerify) Run(s *cli.Streams) error {
	anchored := func(string) ([]chain.Head, error) { return nil, nil }
	if v.Anchors {
		c, err := v.read(s, v.Data)
		if err != nil {
			return err
		}
		anchors, err := process.OpenAnchors(context.Background(), &c)
		if err != nil {
			return err
		}
		defer func() { _ = anchors.Close() }() // it was only read
		anchored = func(name string) ([]chain.Head, error) {
			h, err := anchors.Latest(context.Background(), name)
			if errors.Is(err, anchor.ErrNoAnchor) {
				return nil, fmt.Errorf("chain %s: %w", name, err)
			}
			return []chain.Head{h}, err
		}
	}
	whole := true
	for _, dir := range v.dirs() {
		ok, err := v.verify(s, dir, anchored)
		if err != nil {
			return err
		}
		whole = whole && ok
	}
	if !whole {
		return cli.ErrReported
	}
	return nil
}

func (v *auditVerify) verify(s *cli.Streams, dir string, anchored func(name string) ([]chain.Head, error)) (bool, error) {
	report, err := verify.Folder(dir)
	if err == nil && v.Anchors && report.Head != nil {
		var heads []chain.Head
		if heads, err = anchored(report.Chain); err == nil {
			report, err = verify.Against(dir, verify.Trust{Anchors: heads})
		}
	}
	if err != nil {
		return false, err
	}
	if v.Output == "json" {
		return report.OK(), cli.PrintJSON(s.Out, report)
	}
	printReport(s, &report)
	return report.OK(), nil
}

func printReport(s *cli.Streams, r *verify.Report) {
	fmt.Fprintf(s.Out, "chain %s: %d records in %d segments, %s to %s\n",
		r.Chain, r.Records, r.Segments, r.First.Format(time.RFC3339), r.Last.Format(time.RFC3339))
	if r.Removed > 0 {
		fmt.Fprintf(s.Out, "records up to %d were removed when their time was over, which is signed\n", r.Removed)
	}
	for _, f := range r.Findings {
		fmt.Fprintln(s.Out, f)
	}
	if r.Omitted > 0 {
		fmt.Fprintf(s.Out, "and %d more findings\n", r.Omitted)
	}
	if r.Beyond > 0 {
		fmt.Fprintf(s.Out, "%d records behind the signed head: chained, not yet signed\n", r.Beyond)
	}
	if r.Tail > 0 {
		fmt.Fprintf(s.Out, "%d bytes behind the signed head: unacknowledged\n", r.Tail)
	}
	if r.OK() {
		fmt.Fprintln(s.Out, "the chain is whole")
	} else {
		fmt.Fprintln(s.Out, "the journal is NOT whole")
	}
}

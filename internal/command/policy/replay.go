package policy

import (
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pep/route"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

type replayCommand struct {
	Journal      string    `help:"Folder of the journal: DATA/journal of a data folder." required:"" placeholder:"DIR"`
	Candidate    string    `help:"Rule book to ask: a folder, or BASE+OVERLAY (default: the built-in one)." placeholder:"DIR"`
	Recorded     []string  `help:"Rule book that was in force then, a folder, BASE+OVERLAY or bundle: routes and texts are compared with its own. May be given several times; the built-in one and the bundles of the data folder are known." sep:"none" placeholder:"BOOK"`
	Since        time.Time `help:"From this time on (RFC 3339)." placeholder:"TIME"`
	Until        time.Time `help:"Before this time (RFC 3339)." placeholder:"TIME"`
	Approve      string    `help:"YAML file that lists the flips which are meant." type:"existingfile" placeholder:"FILE"`
	WriteApprove string    `help:"Write such a file with all flips of this run." type:"path" placeholder:"FILE"`
	Output       string    `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// Run fails when the candidate answers a decision otherwise and no approval
// says that this is meant.
func (c *replayCommand) Run(s *cli.Streams) error {
	approved, err := readApprovals(c.Approve)
	if err != nil {
		return err
	}
	book, err := OpenBook(c.Candidate)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	begun := time.Now()
	routes, err := route.Recorded(book.House())
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	formerly, err := c.formerly(s)
	if err != nil {
		return err
	}
	report, err := book.Replay(ctx, c.events(ctx), analysis.ReplayConfig{Progress: progress(s.Err, begun), Router: routes, Formerly: formerly})
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	if c.WriteApprove != "" {
		if err := writeApprovals(c.WriteApprove, report); err != nil {
			return err
		}
	}
	unmeant := approved.unmeant(report)
	if c.Output == "json" {
		err = cli.PrintJSON(s.Out, struct {
			*analysis.ReplayReport
			Unapproved []analysis.Flip `json:"unapproved"`
			Stale      []approval      `json:"stale_approvals"`
		}{report, append([]analysis.Flip{}, unmeant...), append([]approval{}, approved.stale(report)...)})
	} else {
		printReplay(s.Out, report, approved, time.Since(begun))
	}
	if err != nil {
		return err
	}
	if len(unmeant) > 0 {
		return cli.ErrReported
	}
	return nil
}

func (c *replayCommand) events(ctx context.Context) iter.Seq2[pip.Event, error] {
	return func(yield func(pip.Event, error) bool) {
		for r, err := range reader.Query(ctx, c.Journal, reader.Filter{Kinds: analysis.ReplayedKinds(), Since: c.Since, Until: c.Until}) {
			if !yield(r.Event, err) {
				return
			}
		}
	}
}

// progress tells a person how far long work is, once a second.
func progress(w io.Writer, begun time.Time) func(int) {
	if !cli.IsTerminal(w) {
		return nil
	}
	last := begun
	return func(read int) {
		if now := time.Now(); now.Sub(last) >= time.Second {
			last = now
			fmt.Fprintf(w, "\r%d records, %.0f a second ", read, float64(read)/now.Sub(begun).Seconds())
		}
	}
}

func printReplay(w io.Writer, r *analysis.ReplayReport, approved approvals, took time.Duration) {
	fmt.Fprintf(w, "%s asked again of %.12s in %s (%s; recorded under %s)\n",
		counted(r.Decisions, "decision"), r.Candidate, took.Round(time.Millisecond),
		counted(r.Asked, "different input"), shortRevisions(r.Recorded))
	fmt.Fprintf(w, "%d the same, %d denied for other reasons, %d without a policy's answer\n", r.Same, r.Reworded, r.Without)
	for _, table := range slices.Sorted(maps.Keys(r.CouldNotTell)) {
		fmt.Fprintf(w, "could not tell by the table %s: %s, whose records do not hold what it needs\n", table, counted(r.CouldNotTell[table], "decision"))
	}
	if len(r.Flips) == 0 {
		fmt.Fprintln(w, "no flip")
	} else {
		printFlips(w, r, approved)
	}
	for _, a := range approved.stale(r) {
		fmt.Fprintf(w, "note: the approval of %s %s %s %s met no flip\n", a.Direction, a.Role, a.Action, a.Rule)
	}
}

func printFlips(w io.Writer, r *analysis.ReplayReport, approved approvals) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nCOUNT\tDIRECTION\tCLASS\tROLE\tACTION\tRULE\tWORDS\tMEANT\tEXAMPLES")
	for _, f := range r.Flips {
		meant := "NO"
		if approved.mean(f) {
			meant = "yes"
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.Count, f.Direction, f.Class, dash(f.Role), dash(f.Action), dash(f.Rule), dash(f.Words), meant, strings.Join(f.Examples, " "))
	}
	_ = table.Flush() // an error of the terminal shows itself
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func shortRevisions(revisions []string) string {
	if len(revisions) == 0 {
		return "no revision"
	}
	short := make([]string, len(revisions))
	for i, r := range revisions {
		short[i] = fmt.Sprintf("%.12s", r)
	}
	return strings.Join(short, ", ")
}

func writeApprovals(file string, r *analysis.ReplayReport) error {
	raw, err := approvalsOf(r).encode()
	if err != nil {
		return err
	}
	return durable.WriteFile(file, raw, 0o644) // #nosec G306 -- it goes into a repository
}

package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

type proveCommand struct {
	waiverFlags
	Dir      string `arg:"" optional:"" help:"Folder with the rule book, or BASE+OVERLAY (default: the built-in one)."`
	Policies string `help:"The same, as a flag." placeholder:"DIR"`
	Verbose  bool   `short:"v" help:"Name what is proved, too."`
	Output   string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

func (proveCommand) Help() string {
	return `Proves what stands in invariants/ of a rule book, and the invariants that come with
Wardgate whatever stands there, for every possible input: not by examples, but by all
ways that lead through the rules.

  invariants/never/NAME.rego     ` + "`violated`" + ` may hold for no input
  invariants/must/NAME.rego      wherever ` + "`when`" + ` holds, ` + "`then`" + ` has to
  invariants/monotone/NAME.rego  when ` + "`member`" + ` moves along ` + "`order`" + `, nothing more is
                                 allowed and no duty, mask or row condition is lost

An invariant reads the input, data.authz.tables, and of data.authz.answer the
decision, context.reasons and context.obligations. What does not hold is shown
with the smallest input that breaks it, which ` + "`opa eval`" + ` confirms:

  wardgate policy prove policies --output json | jq '.invariants[0].input' > input.json
  opa eval --data policies --input input.json data.invariants.never.NAME

Exit code 0: all is proved. 1: something is not, or cannot be. 2: misuse.`
}

// Validate refuses two folders.
func (c *proveCommand) Validate() error {
	if c.Dir != "" && c.Policies != "" && c.Dir != c.Policies {
		return fmt.Errorf("two folders are named, %s and %s: expected one", c.Dir, c.Policies)
	}
	return nil
}

// Run fails when an invariant is not proved.
func (c *proveCommand) Run(s *cli.Streams) error {
	dir := c.Dir
	if dir == "" {
		dir = c.Policies
	}
	fsys, err := bookAt(dir)
	if err != nil {
		return err
	}
	files, err := rulebook.ReadFiles(fsys)
	if err != nil {
		return err
	}
	report, _, err := proveBook(s, &c.waiverFlags, files, nil)
	if err != nil {
		return err
	}
	for i := range report.Invariants {
		report.Invariants[i].File = placeOf(dir, report.Invariants[i].File)
	}
	if c.Output == "json" {
		err = cli.PrintJSON(s.Out, report)
	} else {
		c.print(s, &report, bookName(dir))
	}
	if err == nil && !report.OK {
		err = cli.ErrReported
	}
	return err
}

// waived says what a waiver does for an invariant.
func waived(one *prove.Result) string {
	switch {
	case one.Outcome == prove.Waived:
		return "waived " + one.Waiver.String()
	case one.Outcome == prove.Proved && one.Waiver != nil:
		return "the waiver " + one.Waiver.File + " is not needed: remove it"
	}
	return ""
}

func (c *proveCommand) print(s *cli.Streams, r *prove.Report, book string) {
	count := map[prove.Outcome]int{}
	for i := range r.Invariants {
		one := &r.Invariants[i]
		count[one.Outcome]++
		if one.Outcome == prove.Proved && one.Waiver == nil && !c.Verbose {
			continue
		}
		fmt.Fprintf(s.Out, "%s:%d: %s: %s %s: %s\n", one.File, one.Line, one.Outcome, one.Kind, one.Name, one.Title)
		for _, line := range []struct{ what, text string }{
			{"", one.Problem}, {"", waived(one)}, {"where ", strings.Join(one.Situation, ", ")}, {"opa eval says ", one.Shown},
		} {
			if line.text != "" {
				fmt.Fprintf(s.Out, "    %s%s\n", line.what, line.text)
			}
		}
	}
	var parts []string
	for _, o := range []prove.Outcome{prove.Proved, prove.Waived, prove.Refuted, prove.Undecided, prove.Refused} {
		if n := count[o]; n > 0 || o == prove.Proved {
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	fmt.Fprintf(s.Out, "%s: %s in %s\n", book, strings.Join(parts, ", "), r.Duration.Round(time.Millisecond))
	if n := len(r.Missing); n > 0 {
		fmt.Fprintf(s.Out, "%d of the invariants come with Wardgate and do not stand in the rule book: they are proved all the same\n", n)
	}
	fmt.Fprintln(s.Out, "for every input of which this is so:")
	for _, a := range r.Assumptions {
		fmt.Fprintf(s.Out, "  - %s\n", a.Title)
	}
}

package policy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

type testCommand struct {
	Dir      string `arg:"" optional:"" help:"Folder with the rule book, or BASE+OVERLAY (default: the built-in one)."`
	Coverage bool   `help:"Say which lines no test reaches."`
	Filter   string `name:"run" help:"Run only tests whose full name matches." placeholder:"REGEX"`
	Watch    bool   `help:"Run again whenever a file changes, until interrupted."`
	Output   string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// watchInterval is how often a watched folder is read.
const watchInterval = 250 * time.Millisecond

// Run fails when a test fails, or when no test ran.
func (c *testCommand) Run(s *cli.Streams) error {
	if _, err := regexp.Compile(c.Filter); err != nil {
		return fmt.Errorf("--run: %w", err)
	}
	fsys, err := bookAt(c.Dir)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if c.Watch {
		return c.watch(ctx, s, fsys)
	}
	return c.once(ctx, s, fsys)
}

// watch runs the tests at once, and again after each change.
func (c *testCommand) watch(ctx context.Context, s *cli.Streams, fsys fs.FS) error {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	ran := ""
	for {
		if now := rulebook.Content(fsys); now != ran {
			ran = now
			if err := c.once(ctx, s, fsys); err != nil && !errors.Is(err, cli.ErrReported) {
				fmt.Fprintln(s.Out, err)
			}
			if cli.IsTerminal(s.Out) {
				fmt.Fprintln(s.Out, "watching; Ctrl-C ends")
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (c *testCommand) once(ctx context.Context, s *cli.Streams, fsys fs.FS) error {
	refused := c.refused(ctx, s, fsys)
	report, err := analysis.TestBook(ctx, fsys, analysis.TestOptions{Run: c.Filter, Coverage: c.Coverage})
	switch {
	case err != nil && refused:
		return cli.ErrReported // the gate has said it, with the line
	case err != nil:
		return err
	}
	for i := range report.Tests {
		report.Tests[i].File = placeOf(c.Dir, report.Tests[i].File)
	}
	for i := range report.Missed {
		report.Missed[i].File = placeOf(c.Dir, report.Missed[i].File)
	}
	if c.Output == "json" {
		err = cli.PrintJSON(s.Out, report)
	} else {
		printTests(s, &report)
	}
	switch {
	case err != nil:
		return err
	case len(report.Tests) == 0:
		return fmt.Errorf("no test matches in %s", bookName(c.Dir))
	case !report.OK(), refused:
		return cli.ErrReported
	}
	return nil
}

// refused prints why the book could not come into force, whatever its tests say.
func (c *testCommand) refused(ctx context.Context, s *cli.Streams, fsys fs.FS) bool {
	book, found := bookGate().Folder(ctx, fsys)
	if book != nil {
		return false
	}
	for _, f := range found {
		f.File = placeOf(c.Dir, f.File)
		fmt.Fprintln(s.Err, f)
	}
	return true
}

func printTests(s *cli.Streams, r *analysis.TestReport) {
	for i := range r.Tests {
		t := &r.Tests[i]
		if t.Outcome == "pass" {
			continue
		}
		fmt.Fprintf(s.Out, "%s:%d: %s %s\n", t.File, t.Line, strings.ToUpper(t.Outcome), t.Name)
		for _, name := range t.Cases {
			fmt.Fprintf(s.Out, "    case %q\n", name)
		}
		for _, text := range []string{t.Error, strings.TrimSpace(t.Output)} {
			if text != "" {
				fmt.Fprintf(s.Out, "    %s\n", strings.ReplaceAll(text, "\n", "\n    "))
			}
		}
	}
	for _, m := range r.Missed {
		fmt.Fprintf(s.Out, "%s:%d: no test reaches lines %d to %d\n", m.File, m.From, m.From, m.To)
	}
	fmt.Fprintf(s.Out, "%d passed, %d failed, %d skipped in %s\n", r.Passed, r.Failed, r.Skipped, r.Duration.Round(time.Millisecond))
	if r.Coverage != nil {
		fmt.Fprintf(s.Out, "coverage %.2f %%\n", *r.Coverage)
	}
}

package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

type policyTest struct {
	Dir      string `arg:"" optional:"" help:"Folder with the rule book (default: the built-in one)."`
	Coverage bool   `help:"Say which lines no test reaches."`
	Filter   string `name:"run" help:"Run only tests whose full name matches." placeholder:"REGEX"`
	Watch    bool   `help:"Run again whenever a file changes, until interrupted."`
	Output   string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// watchInterval is how often a watched folder is read.
const watchInterval = 250 * time.Millisecond

// Run fails when a test fails, or when no test ran.
func (c *policyTest) Run(s *streams) error {
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
func (c *policyTest) watch(ctx context.Context, s *streams, fsys fs.FS) error {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	ran := ""
	for {
		if now := rulebook.Content(fsys); now != ran {
			ran = now
			if err := c.once(ctx, s, fsys); err != nil && !errors.Is(err, errReported) {
				fmt.Fprintln(s.out, err)
			}
			if isTerminal(s.out) {
				fmt.Fprintln(s.out, "watching; Ctrl-C ends")
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (c *policyTest) once(ctx context.Context, s *streams, fsys fs.FS) error {
	report, err := analysis.TestBook(ctx, fsys, analysis.TestOptions{Run: c.Filter, Coverage: c.Coverage})
	if err != nil {
		return err
	}
	for i := range report.Tests {
		report.Tests[i].File = filepath.Join(c.Dir, report.Tests[i].File)
	}
	for i := range report.Missed {
		report.Missed[i].File = filepath.Join(c.Dir, report.Missed[i].File)
	}
	if c.Output == "json" {
		err = printJSON(s.out, report)
	} else {
		printTests(s, &report)
	}
	switch {
	case err != nil:
		return err
	case len(report.Tests) == 0:
		return fmt.Errorf("no test matches in %s", bookName(c.Dir))
	case !report.OK():
		return errReported
	}
	return nil
}

func printTests(s *streams, r *analysis.TestReport) {
	for i := range r.Tests {
		t := &r.Tests[i]
		if t.Outcome == "pass" {
			continue
		}
		fmt.Fprintf(s.out, "%s:%d: %s %s\n", t.File, t.Line, strings.ToUpper(t.Outcome), t.Name)
		for _, name := range t.Cases {
			fmt.Fprintf(s.out, "    case %q\n", name)
		}
		for _, text := range []string{t.Error, strings.TrimSpace(t.Output)} {
			if text != "" {
				fmt.Fprintf(s.out, "    %s\n", strings.ReplaceAll(text, "\n", "\n    "))
			}
		}
	}
	for _, m := range r.Missed {
		fmt.Fprintf(s.out, "%s:%d: no test reaches lines %d to %d\n", m.File, m.From, m.From, m.To)
	}
	fmt.Fprintf(s.out, "%d passed, %d failed, %d skipped in %s\n", r.Passed, r.Failed, r.Skipped, r.Duration.Round(time.Millisecond))
	if r.Coverage != nil {
		fmt.Fprintf(s.out, "coverage %.2f %%\n", *r.Coverage)
	}
}

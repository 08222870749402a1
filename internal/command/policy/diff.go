package policy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/diff"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

type diffCommand struct {
	Old string `arg:"" help:"The old rule book: a folder, BASE+OVERLAY, a bundle (.tar.gz), or the word built-in."`
	New string `arg:"" help:"The new one."`

	Allow           string   `help:"YAML file that lists the changes which are meant, each with a reason." type:"existingfile" placeholder:"FILE"`
	WriteAllow      string   `help:"Write such a file with all changes, for a person to fill in." type:"path" placeholder:"FILE"`
	VerificationKey string   `help:"Public key in PEM: bundles have to be signed by it." type:"existingfile" placeholder:"FILE"`
	KeyID           string   `help:"Name of that key." default:"wardgate" placeholder:"ID"`
	Scope           string   `help:"Scope that bundles have to be signed for, with --verification-key." placeholder:"TEXT"`
	Out             string   `help:"Write to this file instead of the terminal." type:"path" placeholder:"FILE"`
	Report          []string `help:"Write a form of the same report to a file, as text, json, markdown or sarif; may be given several times." sep:"none" placeholder:"FORM=FILE"`
	Output          string   `help:"Output format: text, json, markdown or sarif." enum:"text,json,markdown,sarif" default:"text"`
}

func (diffCommand) Help() string {
	return `Says what two rule books answer otherwise, for every possible input: for each action
and role whether the new book is equal, stricter, looser or incomparable, and every
class of situations whose answer changes, with one example that OPA confirms.
Looser means that something is allowed that was not, or loses a duty, a mask or a
row condition. Tables that no rule reads are compared cell by cell.

  wardgate policy diff built-in policies
  wardgate policy diff main.tar.gz policies --write-allow allowed.yaml
  wardgate policy diff main.tar.gz policies --allow allowed.yaml --output markdown

Exit code 0: nothing differs but what is allowed. 1: something does, or could not be
compared. 2: misuse.`
}

// Validate refuses a form that there is not.
func (c *diffCommand) Validate() error {
	for _, one := range c.Report {
		form, file, named := strings.Cut(one, "=")
		if !named || file == "" || !slices.Contains(diffForms, form) {
			return fmt.Errorf("--report %s: expected FORM=FILE, and a form of %s", one, strings.Join(diffForms, ", "))
		}
	}
	return nil
}

// diffForms are the forms of a report.
var diffForms = []string{"text", "json", "markdown", "sarif"}

// Run fails when something differs that is not allowed.
func (c *diffCommand) Run(s *cli.Streams) error {
	var allowed []diff.Allowance
	if c.Allow != "" {
		raw, err := os.ReadFile(c.Allow)
		if err != nil {
			return err
		}
		if allowed, err = diff.ReadAllowances(raw); err != nil {
			return fmt.Errorf("%s: %w", c.Allow, err)
		}
	}
	var sides [2]diff.Book
	for i, name := range []string{c.Old, c.New} {
		files, err := c.files(s, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		sides[i] = diff.Book{Name: name, Files: files}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	report, err := diff.Compare(ctx, sides[0], sides[1], points.Sections())
	if err != nil {
		return err
	}
	report.Allow(allowed)
	report.Relocate(standsAt(c.Old), standsAt(c.New))
	if c.WriteAllow != "" {
		raw, err := report.Allowances()
		if err != nil {
			return err
		}
		if err := durable.WriteFile(c.WriteAllow, raw, 0o644); err != nil { // #nosec G306 -- it goes into a repository
			return err
		}
	}
	for _, one := range c.Report {
		form, file, _ := strings.Cut(one, "=")
		if err := writeReport(file, form, report); err != nil {
			return err
		}
	}
	if err := c.print(s, report); err != nil {
		return err
	}
	if !report.OK {
		return cli.ErrReported
	}
	return nil
}

// files reads a rule book from where it is. A bundle is verified where a key is named.
func (c *diffCommand) files(s *cli.Streams, name string) (rulebook.Files, error) {
	if !config.IsBundle(name) || c.VerificationKey == "" {
		return filesAt(s, name)
	}
	packed, err := cli.ReadAtMost(name, bundle.MaxPacked+1)
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(c.VerificationKey)
	if err != nil {
		return nil, err
	}
	trust, err := bundle.NewTrust(map[string][]byte{c.KeyID: key}, c.Scope)
	if err != nil {
		return nil, fmt.Errorf("--verification-key: %w", err)
	}
	b, err := trust.Read(packed)
	if err != nil {
		return nil, err
	}
	return b.Files, nil
}

// standsAt says where a file of a rule book stands, where that is a folder.
func standsAt(name string) func(file string) string {
	return func(file string) string {
		if config.IsBundle(name) || name == builtIn {
			return file
		}
		return placeOf(name, file)
	}
}

// filesAt reads a rule book: a folder, what an overlay makes of one, the built-in one,
// or a bundle, signed by any key or none, which is said.
func filesAt(s *cli.Streams, name string) (rulebook.Files, error) {
	if !config.IsBundle(name) {
		fsys, err := bookAt(name)
		if err != nil {
			return nil, err
		}
		return rulebook.ReadFiles(fsys)
	}
	packed, err := cli.ReadAtMost(name, bundle.MaxPacked+1)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(s.Err, "note: %s: who signed it was not looked at\n", name)
	return bundle.Unverified(packed)
}

// print writes the report, to a file where one is named.
func (c *diffCommand) print(s *cli.Streams, r *diff.Report) error {
	if c.Out == "" {
		return writeForm(s.Out, c.Output, r)
	}
	if err := writeReport(c.Out, c.Output, r); err != nil {
		return err
	}
	fmt.Fprintln(s.Out, r.Summary())
	return nil
}

func writeReport(file, form string, r *diff.Report) error {
	var b bytes.Buffer
	if err := writeForm(&b, form, r); err != nil {
		return err
	}
	return durable.WriteFile(file, b.Bytes(), 0o644) // #nosec G306 -- it is published
}

func writeForm(w io.Writer, form string, r *diff.Report) error {
	switch form {
	case "json":
		return cli.PrintJSON(w, r)
	case "markdown":
		r.Markdown(w)
	case "sarif":
		return cli.PrintJSON(w, r.SARIF())
	default:
		r.Text(w)
	}
	return nil
}

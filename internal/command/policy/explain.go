package policy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/remedy"
	"github.com/wardgate/wardgate/pip"
)

type explainCommand struct {
	What     string `arg:"" name:"decision-id|file" help:"Decision id in the journal, or a JSON file: an input document or a whole record."`
	Data     string `help:"Data folder." default:"var" placeholder:"DIR"`
	Policies string `help:"Folder with the rule book, or BASE+OVERLAY (default: the built-in one)." placeholder:"DIR"`
	Output   string `help:"Output format: text or json." enum:"text,json" default:"text"`
	Language string `help:"Language of the advice: en or ar." enum:"en,ar" default:"en"`
	AsTest   bool   `help:"Write a Rego test of this decision instead, without anybody's ids."`
	Out      string `help:"File for --as-test, NAME_test.rego (default: standard output)." placeholder:"FILE"`
}

// An explained decision: what the rule book says, and what was recorded.
type explained struct {
	*analysis.Explanation
	Recorded *recordedDecision `json:"recorded,omitempty"`
}

type recordedDecision struct {
	ID            string    `json:"decision_id"`
	Time          time.Time `json:"time"`
	Allow         bool      `json:"decision"`
	Reasons       []string  `json:"reasons"`
	Rules         []string  `json:"rules,omitempty"` // that allowed it
	Right         string    `json:"right,omitempty"`
	Reach         string    `json:"reach,omitempty"`
	Revision      string    `json:"revision"`
	OtherRevision bool      `json:"other_revision"` // than the one that explains
	// BannedUntil is the end of the ban under which it was made; nil where there was none,
	// or the journal does not say.
	BannedUntil *time.Time `json:"banned_until,omitempty"`
}

// Run explains under the given rule book, whichever had decided.
func (c *explainCommand) Run(s *cli.Streams) error {
	if c.Out != "" && !c.AsTest {
		return errOutWithoutTest
	}
	r, err := c.find()
	if err != nil {
		return err
	}
	book, err := OpenBook(c.Policies)
	if err != nil {
		return err
	}
	if c.AsTest {
		return c.writeTest(s, book, &r)
	}
	var ages map[string]int64
	if r.record != nil {
		ages = r.record.Ages
	}
	x, err := book.Explain(context.Background(), r.input, ages)
	if err != nil {
		return err
	}
	out := explained{Explanation: x, Recorded: recordedAs(r.record, x.Revision)}
	if out.Recorded != nil {
		out.Recorded.BannedUntil = r.banned
	}
	if c.Output == "json" {
		return cli.PrintJSON(s.Out, out)
	}
	printExplained(s.Out, &out, c.Language)
	return nil
}

var (
	errOutWithoutTest = errors.New("--out is the file of --as-test: give both")
	errNoTestFile     = errors.New("expected a name that ends in _test.rego: any other file is a rule, and part of the revision")
)

// writeTest writes a test of what the book answers.
func (c *explainCommand) writeTest(s *cli.Streams, book *analysis.Book, r *request) error {
	if c.Out != "" && !strings.HasSuffix(c.Out, "_test.rego") {
		return fmt.Errorf("--out %s: %w", c.Out, errNoTestFile)
	}
	text, err := book.AsTest(context.Background(), r.input, r.record, c.folder())
	if err != nil {
		return err
	}
	if c.Out == "" {
		_, err := s.Out.Write(text)
		return err
	}
	if err := durable.MkdirAll(filepath.Dir(c.Out), 0o755); err != nil {
		return err
	}
	err = durable.CreateFile(c.Out, text, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already, and is not overwritten: give another name to --out", c.Out)
	}
	return err
}

// folder is where in the rule book a test is to stand: the package is named by it.
func (c *explainCommand) folder() string {
	const usual = "authz/recorded"
	if c.Out == "" || c.Policies == "" {
		return usual
	}
	tree, err := filepath.Abs(c.Policies)
	file, err2 := filepath.Abs(c.Out)
	if err != nil || err2 != nil {
		return usual
	}
	within, err := filepath.Rel(tree, filepath.Dir(file))
	if err != nil || !filepath.IsLocal(within) || within == "." {
		return usual
	}
	return filepath.ToSlash(within)
}

func (c *explainCommand) find() (request, error) {
	if info, err := os.Stat(c.What); err == nil && info.Mode().IsRegular() {
		return readRequest(c.What)
	}
	return findRequest(c.Data, c.What)
}

func recordedAs(e *pip.Event, revision string) *recordedDecision {
	if e == nil {
		return nil
	}
	return &recordedDecision{
		ID: e.Decision, Time: e.Time, Allow: e.Allow, Reasons: append([]string{}, e.Reasons...),
		Rules: e.Rules, Right: e.Right, Reach: e.Reach, Revision: e.Revision, OtherRevision: e.Revision != revision,
	}
}

func printExplained(w io.Writer, x *explained, language string) {
	if r := x.Recorded; r != nil {
		fmt.Fprintf(w, "decision %s of %s: %s %s\n", r.ID, r.Time.UTC().Format(time.RFC3339), verdict(r.Allow), strings.Join(append(r.Reasons, under(r.Rules, r.Right, r.Reach)...), ", "))
		if r.OtherRevision {
			fmt.Fprintf(w, "recorded under revision %.12s; explained under %.12s\n", r.Revision, x.Revision)
		}
		if r.Allow != x.Allow || !slices.Equal(r.Reasons, x.Reasons) {
			fmt.Fprintln(w, "this rule book answers otherwise:")
		}
	}
	if r := x.Recorded; r != nil && r.BannedUntil != nil {
		fmt.Fprintf(w, "the account was banned until %s\n", r.BannedUntil.UTC().Format(time.RFC3339))
	}
	g := &x.Grounds
	fmt.Fprintln(w, verdict(x.Allow), strings.Join(append(x.Reasons, under(g.Names(), g.Right, g.Reach)...), ", "))
	for _, code := range x.Reasons {
		if text := x.Texts[code].In(language); text != "" {
			fmt.Fprintf(w, "  %s: %s\n", code, text)
		}
	}
	fmt.Fprintln(w, "\nwhich rules spoke")
	for _, s := range x.Rules {
		fmt.Fprintf(w, "  %-6s %s: %s (%s)\n         %s:%d\n", s.Verb, s.Code, s.Title, s.Package, s.File, s.Line)
	}
	if len(x.Rules) == 0 {
		fmt.Fprintln(w, "  none: silence denies")
	}
	printFacts(w, x.Facts)
	printRemedies(w, x, language)
}

// under says under which rules and which right something is allowed.
func under(rules []string, right, reach string) []string {
	if len(rules) == 0 {
		return nil
	}
	text := "under " + strings.Join(rules, ", ")
	if right != "" {
		text += fmt.Sprintf(" (%s)", strings.TrimSuffix(right+": "+reach, ": "))
	}
	return []string{text}
}

func printFacts(w io.Writer, facts []analysis.Fact) {
	fmt.Fprintln(w, "\nwhich facts they read")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range facts {
		value := "undefined"
		if f.Value != nil {
			value = fmt.Sprintf("%#v", f.Value)
		}
		fmt.Fprintf(table, "  %s\t%s\tfrom %s\t%s\n", f.Path, value, f.Source, freshness(&f))
	}
	_ = table.Flush() // an error of the terminal shows itself
}

func freshness(f *analysis.Fact) string {
	text := f.State
	if f.Age != nil {
		text = strings.TrimSpace(fmt.Sprintf("%s %s old", text, time.Duration(*f.Age)*time.Microsecond))
	}
	return text
}

// printRemedies says what would allow, and who has the right where that is the
// matter.
func printRemedies(w io.Writer, x *explained, language string) {
	a := x.Advice
	if x.Allow || a == nil {
		return
	}
	fmt.Fprintln(w, "\nwhat would allow")
	for _, set := range a.Sets {
		fmt.Fprintf(w, "  %s\n", set.Text.In(language))
	}
	if a.More > 0 {
		fmt.Fprintf(w, "  and %d further sets of as many changes\n", a.More)
	}
	if a.Outcome != remedy.Changes {
		fmt.Fprintf(w, "  %s\n", a.Text.In(language))
	}
	if !a.Proved {
		fmt.Fprintf(w, "  (%s: %s)\n", a.Doubt.In(language), a.Unproved)
	}
	if r := x.Right; r != nil && (r.Missing || a.Outcome == remedy.Nothing) {
		fmt.Fprintf(w, "  %s\n", r.Text.In(language))
	}
}

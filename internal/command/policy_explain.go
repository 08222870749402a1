package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pip"
)

type policyExplain struct {
	What     string `arg:"" name:"decision-id|file" help:"Decision id in the journal, or a JSON file: an input document or a whole record."`
	Data     string `help:"Data folder." default:"var" placeholder:"DIR"`
	Policies string `help:"Folder with the rule book (default: the built-in one)." placeholder:"DIR"`
	Output   string `help:"Output format: text or json." enum:"text,json" default:"text"`
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
}

// Run explains under the given rule book, whichever had decided.
func (c *policyExplain) Run(s *streams) error {
	r, err := c.find()
	if err != nil {
		return err
	}
	book, err := openBook(c.Policies)
	if err != nil {
		return err
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
	if c.Output == "json" {
		return printJSON(s.out, out)
	}
	printExplained(s.out, &out)
	return nil
}

func (c *policyExplain) find() (request, error) {
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

func printExplained(w io.Writer, x *explained) {
	if r := x.Recorded; r != nil {
		fmt.Fprintf(w, "decision %s of %s: %s %s\n", r.ID, r.Time.UTC().Format(time.RFC3339), verdict(r.Allow), strings.Join(append(r.Reasons, under(r.Rules, r.Right, r.Reach)...), ", "))
		if r.OtherRevision {
			fmt.Fprintf(w, "recorded under revision %.12s; explained under %.12s\n", r.Revision, x.Revision)
		}
		if r.Allow != x.Allow || !slices.Equal(r.Reasons, x.Reasons) {
			fmt.Fprintln(w, "this rule book answers otherwise:")
		}
	}
	g := &x.Grounds
	fmt.Fprintln(w, verdict(x.Allow), strings.Join(append(x.Reasons, under(g.Names(), g.Right, g.Reach)...), ", "))
	fmt.Fprintln(w, "\nwhich rules spoke")
	for _, s := range x.Rules {
		fmt.Fprintf(w, "  %-6s %s: %s (%s)\n         %s:%d\n", s.Verb, s.Code, s.Title, s.Package, s.File, s.Line)
	}
	if len(x.Rules) == 0 {
		fmt.Fprintln(w, "  none: silence denies")
	}
	printFacts(w, x.Facts)
	printRemedies(w, x)
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

func printRemedies(w io.Writer, x *explained) {
	switch {
	case x.Allow:
	case len(x.Remedies) == 0:
		fmt.Fprintln(w, "\nno permitted change would allow")
	default:
		fmt.Fprintln(w, "\nwhat would allow")
		for _, set := range x.Remedies {
			fmt.Fprintf(w, "  %s\n", strings.Join(set, ", and "))
		}
	}
}

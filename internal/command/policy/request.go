package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

// errNoInput says that a record was made without asking any policy.
var errNoInput = errors.New("no policy was asked: the request was refused before")

// A request is what a policy is asked about: an input document, and the record
// that it stands in when there is one.
type request struct {
	input  json.RawMessage
	record *pip.Event
	banned *time.Time // the end of the ban under which it was decided; nil for none that is known
}

// readRequest reads a file that holds an input document or a whole record of
// the journal.
func readRequest(file string) (request, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return request{}, err
	}
	var event pip.Event
	var probe struct {
		Kind  string          `json:"kind"`
		Input json.RawMessage `json:"input"`
	}
	if err := json.Unmarshal(raw, &probe); err != nil {
		return request{}, fmt.Errorf("%s: %w", file, input.ErrInput)
	}
	if probe.Kind == "" {
		return request{input: raw}, nil
	}
	if err := json.Unmarshal(raw, &event); err != nil {
		return request{}, fmt.Errorf("%s: not a record of the journal", file)
	}
	if len(event.Input) == 0 {
		return request{}, fmt.Errorf("%s: %w", file, errNoInput)
	}
	return request{input: event.Input, record: &event}, nil
}

// findRequest finds a decision in the journal of a data folder.
func findRequest(data, id string) (request, error) {
	seen := false
	for r, err := range reader.Query(context.Background(), filepath.Join(data, "journal"), reader.Filter{Decision: id}) {
		if err != nil {
			return request{}, err
		}
		seen = true
		if len(r.Event.Input) > 0 {
			found := request{input: r.Event.Input, record: &r.Event}
			found.banned, err = banOf(data, &r.Event)
			return found, err
		}
	}
	if seen {
		return request{}, fmt.Errorf("decision %s: %w", id, errNoInput)
	}
	return request{}, fmt.Errorf("no decision %s in the journal of %s, and no file of that name", id, data)
}

// banOf is the end of the ban that held its subject when a decision was made, as the
// journal of the same folder says; nil where it says of none.
func banOf(data string, decision *pip.Event) (*time.Time, error) {
	document, err := input.Parse(decision.Input)
	if err != nil || input.At(document, "/context/revocation/subject") != "banned" {
		return nil, nil
	}
	var until time.Time
	for r, err := range reader.Query(context.Background(), filepath.Join(data, "journal"), reader.Filter{Until: decision.Time.Add(time.Nanosecond)}) {
		if err != nil {
			return nil, err
		}
		change := r.Event.Change
		if change == nil || change.Of != decision.Subject {
			continue
		}
		switch change.What {
		case pip.ChangeBan:
			until = change.Until
		case pip.ChangeRestrict:
			if change.Until.After(until) {
				until = change.Until
			}
		case pip.ChangeLift:
			until = time.Time{}
		}
	}
	if !until.After(decision.Time) {
		return nil, nil
	}
	return &until, nil
}

type evalCommand struct {
	File     string `arg:"" help:"JSON file: an input document, or a whole record of the journal."`
	Policies string `help:"Folder with the rule book, or BASE+OVERLAY (default: the built-in one)." placeholder:"DIR"`
	Output   string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// An evaluation is an answer in AuthZEN's shape.
type evaluation struct {
	Decision bool `json:"decision"`
	Context  struct {
		Reasons     []string         `json:"reasons"`
		Obligations []pdp.Obligation `json:"obligations"`
		Grounds     *pdp.Grounds     `json:"grounds,omitempty"`
	} `json:"context"`
	Revision string `json:"revision"`
}

// Run prints the answer. A denial is an answer too, and no failure.
func (c *evalCommand) Run(s *cli.Streams) error {
	book, err := OpenBook(c.Policies)
	if err != nil {
		return err
	}
	r, err := readRequest(c.File)
	if err != nil {
		return err
	}
	d, err := book.Ask(context.Background(), r.input)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		e := evaluation{Decision: d.Allow, Revision: d.Revision}
		e.Context.Reasons = append([]string{}, d.Reasons...)
		e.Context.Obligations = append([]pdp.Obligation{}, d.Obligations...)
		if d.Allow {
			e.Context.Grounds = &d.Grounds
		}
		return cli.PrintJSON(s.Out, e)
	}
	fmt.Fprintln(s.Out, verdict(d.Allow))
	for _, code := range d.Reasons {
		fmt.Fprintf(s.Out, "  reason      %s\n", code)
	}
	printGrounds(s.Out, &d.Grounds)
	for _, o := range d.Obligations {
		fmt.Fprintf(s.Out, "  obligation  %s %s %s\n", o.ID, o.Type, o.Properties)
	}
	fmt.Fprintf(s.Out, "  revision    %.12s\n", d.Revision)
	return nil
}

// printGrounds says under which rules something is allowed.
func printGrounds(w io.Writer, g *pdp.Grounds) {
	for _, rule := range g.Names() {
		fmt.Fprintf(w, "  rule        %s\n", rule)
	}
	if g.Right != "" {
		fmt.Fprintf(w, "  right       %s %s\n", g.Right, g.Reach)
	}
}

func verdict(allow bool) string {
	if allow {
		return "allow"
	}
	return "deny"
}

// OpenBook opens the rule book of a folder or BASE+OVERLAY, or with "" the built-in one, to be
// asked about inputs.
func OpenBook(dir string) (*analysis.Book, error) {
	fsys, err := bookAt(dir)
	if err != nil {
		return nil, err
	}
	book, err := analysis.Open(fsys, points.Sections())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", bookName(dir), err)
	}
	return book, nil
}

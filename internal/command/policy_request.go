package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

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
			return request{input: r.Event.Input, record: &r.Event}, nil
		}
	}
	if seen {
		return request{}, fmt.Errorf("decision %s: %w", id, errNoInput)
	}
	return request{}, fmt.Errorf("no decision %s in the journal of %s, and no file of that name", id, data)
}

type policyEval struct {
	File     string `arg:"" help:"JSON file: an input document, or a whole record of the journal."`
	Policies string `help:"Folder with the rule book (default: the built-in one)." placeholder:"DIR"`
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
func (c *policyEval) Run(s *streams) error {
	book, err := openBook(c.Policies)
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
		return printJSON(s.out, e)
	}
	fmt.Fprintln(s.out, verdict(d.Allow))
	for _, code := range d.Reasons {
		fmt.Fprintf(s.out, "  reason      %s\n", code)
	}
	printGrounds(s.out, &d.Grounds)
	for _, o := range d.Obligations {
		fmt.Fprintf(s.out, "  obligation  %s %s %s\n", o.ID, o.Type, o.Properties)
	}
	fmt.Fprintf(s.out, "  revision    %.12s\n", d.Revision)
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

func openBook(dir string) (*analysis.Book, error) {
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

package engine

import (
	"context"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pip"
)

// A Candidate is a rule book that was loaded and checked, ready to be asked. It
// decides nothing for an engine before it is Put. It may be asked in parallel.
type Candidate struct {
	book   *rulebook.Book
	layout *input.Layout // what every input looks like
	scope  input.Scope
	narrow bool // single members are all that the rules read
	memory memory
}

// Prepare takes a rule book through the gate, which every book passes that comes
// into force. Its tests are not run.
func Prepare(ctx context.Context, gate rulebook.Gate, files rulebook.Files) (*Candidate, error) {
	book, err := gate.Admit(ctx, files)
	if err != nil {
		return nil, err
	}
	return newCandidate(book), nil
}

// Load makes a candidate of a book that is to be asked and not to be put in
// force, or that has been through the gate: the built-in one has, when the
// program was built.
func Load(files rulebook.Files, points []pip.Section) (*Candidate, error) {
	book, err := rulebook.Load(files, points)
	if err != nil {
		return nil, err
	}
	return newCandidate(book), nil
}

func newCandidate(book *rulebook.Book) *Candidate {
	c := &Candidate{book: book, layout: book.Layout}
	if book.Compiled != nil {
		c.scope = input.NewScope(book.Compiled.Program, c.layout.Blank())
		c.scope.Add(book.Rows.Reads())
		c.narrow = !c.scope.Whole
	}
	return c
}

// Revision is the digest of the candidate's rules.
func (c *Candidate) Revision() string { return c.book.Digest }

// Book is what was loaded.
func (c *Candidate) Book() *rulebook.Book { return c.book }

// Form reads back the inputs that engines write under this rule book.
func (c *Candidate) Form() *input.Form { return input.NewForm(c.layout.Blank()) }

// Narrow reports whether single members are all that the rules read, so that a
// key need not hold the whole input.
func (c *Candidate) Narrow() bool { return c.narrow }

// AppendKey appends all of an input that the answer can depend on. No two inputs
// that can have two answers have one key.
func (c *Candidate) AppendKey(b []byte, in *input.Document) []byte {
	if c.narrow {
		return c.scope.AppendKey(b, in)
	}
	return in.AppendExact(b)
}

// Ask evaluates an input. With an error the decision is the zero one.
func (c *Candidate) Ask(ctx context.Context, in *input.Document) (pdp.Decision, error) {
	if !c.narrow {
		return c.book.Ask(ctx, in.Value())
	}
	term, err := c.book.Compiled.Run(ctx, c.scope.Values(in))
	if err != nil {
		return pdp.Decision{}, err
	}
	d, err := answer.Decode(term)
	if err != nil {
		return pdp.Decision{}, err
	}
	if err := c.book.Rows.Fill(ctx, &d, c.scope.Member(in)); err != nil {
		return pdp.Decision{}, err
	}
	return d, nil
}

// Places are the paths of an input's members by their places in a document.
func (c *Candidate) Places() []string {
	numbers := input.Places(c.layout.Blank())
	paths := make([]string, len(numbers))
	for path, place := range numbers {
		paths[place] = path
	}
	return paths
}

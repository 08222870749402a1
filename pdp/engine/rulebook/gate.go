package rulebook

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/internal/effort"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// gateTimeout bounds the gate. A book that it could not look through whole in
// this time is refused.
const gateTimeout = time.Minute

// A Gate decides which rule books may come into force. There is one: what
// `policy check` refuses is refused by `policy test`, by `policy bundle`, by a
// folder that is watched and by a bundle that is delivered, and the other way
// round. Without Check it asks the book alone.
type Gate struct {
	Points []pip.Section // of all information points: they are the input's sections
	// Check refuses tables that the rest of the house could not read; nil
	// accepts all.
	Check func(*pdp.Tables) error
	// Applications are the names that routes may name beside Wardgate's own; nil
	// for any, where it is not known who will serve the book.
	Applications []string
	// Hosted are those of them that have hosts of their own, whose rows tie with no
	// other application's.
	Hosted []string
	// TestsLeftOut is for a book whose tests were run before it was signed, and
	// are not among its files.
	TestsLeftOut bool
}

// Examine looks through a book and returns every fault, by file and line. The
// book is nil when some fault refuses it; notes do not.
func (g Gate) Examine(ctx context.Context, files Files) (*Book, []Finding) {
	ctx, cancel := effort.Within(ctx, gateTimeout)
	defer cancel()
	c := &checker{ctx: ctx, gate: g}
	c.parsed = true
	tests := map[string][]byte{}
	for name, content := range files {
		if !decides(name) {
			tests[name] = content
		}
	}
	c.modules, c.tests = c.parse(files.rules()), c.parse(tests)
	book, err := (*Book)(nil), error(nil)
	if c.parsed {
		book, err = loadWithin(ctx, files.rules(), g.Points)
	}
	c.book, c.unloaded = book, err
	c.checkTwice(files.rules())
	c.look()
	if err == nil && book != nil && g.Check != nil {
		if err := g.Check(book.Tables.House); err != nil {
			c.addTableFaults("refused", err)
		}
	}
	if ctx.Err() != nil {
		c.add(&ast.Location{File: "."}, "deadline", "some rule takes too long: look for nested loops over numbers.range, and for products of large tables",
			"the rule book was not looked through within %v", gateTimeout)
	}
	if err != nil && !refuses(c.list) {
		c.addMany("authz/authz.rego", "refused", err)
	}
	found := c.sorted()
	if refuses(found) {
		book = nil
	}
	return book, found
}

// Admit returns a book that the gate lets in, or a *Refused.
func (g Gate) Admit(ctx context.Context, files Files) (*Book, error) {
	book, found := g.Examine(ctx, files)
	if book == nil {
		return nil, &Refused{found}
	}
	return book, nil
}

// Folder examines the rule book in fsys.
func (g Gate) Folder(ctx context.Context, fsys fs.FS) (*Book, []Finding) {
	files, err := ReadFiles(fsys)
	if refused := (*Refused)(nil); errors.As(err, &refused) {
		return nil, refused.Findings
	}
	if err != nil {
		var unread findings
		unread.add(&ast.Location{File: "."}, "unreadable", "", "%s", err)
		return nil, unread.list
	}
	return g.Examine(ctx, files)
}

// Check returns every fault of the rule book in fsys, as a Gate of these points
// finds them.
func Check(ctx context.Context, fsys fs.FS, points []pip.Section) []Finding {
	_, found := Gate{Points: points}.Folder(ctx, fsys)
	return found
}

// refuses reports whether a fault is among the findings.
func refuses(found []Finding) bool {
	return slices.ContainsFunc(found, func(f Finding) bool { return !f.Note })
}

// Refused is why a rule book is not let in.
type Refused struct{ Findings []Finding }

// shown is how many faults an error lists.
const shown = 20

// Error lists the faults that refuse, one a line.
func (r *Refused) Error() string {
	var lines []string
	for _, f := range r.Findings {
		if f.Note {
			continue
		}
		line := f.String()
		if f.Hint != "" {
			line += " (" + f.Hint + ")"
		}
		lines = append(lines, line)
	}
	if n := len(lines); n > shown {
		lines = append(lines[:shown], fmt.Sprintf("and %d more; `wardgate policy check` prints all", n-shown))
	}
	return strings.Join(lines, "\n")
}

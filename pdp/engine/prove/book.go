// Package prove answers for every possible input of a rule book: what it decides,
// which reasons, duties, rows, columns and verdicts it gives where. It loads a book
// as serving does, and asks package symbolic about the closures that decide.
package prove

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/machine"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
	"github.com/wardgate/wardgate/pip"
)

// A Book is a rule book that is ready to be analysed.
type Book struct {
	loaded  *rulebook.Book
	program *machine.Program
	shape   shape
	asker   *asker
	assumed []rulebook.Assumption
}

// Open loads a rule book. A book that serving would refuse is refused, and so is
// one that only OPA's interpreter runs.
func Open(ctx context.Context, files rulebook.Files, points []pip.Section) (*Book, error) {
	loaded, err := rulebook.Load(files, points)
	if err != nil {
		return nil, err
	}
	return Of(ctx, loaded)
}

// Of makes a book ready to be analysed that was loaded before.
func Of(ctx context.Context, loaded *rulebook.Book) (*Book, error) {
	b, err := bare(loaded)
	if err != nil {
		return nil, err
	}
	compiler, err := rulebook.Compile(loaded.Files)
	if err != nil {
		return nil, err
	}
	if b.shape, err = shapeOf(compiler); err != nil {
		return nil, err
	}
	return b.with(ctx, nil, nil)
}

// bare is a book of which the shape and the program are still missing.
func bare(loaded *rulebook.Book) (*Book, error) {
	if loaded.Slow != nil {
		return nil, fmt.Errorf("the rule book cannot be analysed, because only OPA's interpreter runs it: %w", loaded.Slow)
	}
	return &Book{loaded: loaded, asker: &asker{}, assumed: loaded.Assumptions()}, nil
}

// with is the book with modules that serving does not load, and documents that
// they define.
func (b *Book) with(ctx context.Context, more map[string]*ast.Module, documents []string) (*Book, error) {
	modules, err := rulebook.Parse(b.loaded.Files)
	if err != nil {
		return nil, err
	}
	maps.Copy(modules, more)
	other := *b
	other.program, err = compile(ctx, modules, append(b.documents(), documents...))
	return &other, err
}

// documents are those of the answer, those beside it, and what is assumed.
func (b *Book) documents() []string {
	list := b.shape.documents()
	for _, one := range b.assumed {
		list = append(list, rulebook.AssumptionDocument(one.Name))
	}
	return list
}

// Revision is the digest of the rule book.
func (b *Book) Revision() string { return b.loaded.Digest }

// roots is a package that no rule book has.
const roots = "roots_of_an_analysis"

// compile makes one program that holds all of the documents. Its own answer is
// never asked for.
func compile(ctx context.Context, modules map[string]*ast.Module, documents []string) (*machine.Program, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n\nall := [\n", roots)
	for _, name := range slices.Compact(slices.Sorted(slices.Values(documents))) {
		fmt.Fprintf(&b, "\tdata.%s,\n", name)
	}
	b.WriteString("]\n")
	m, err := ast.ParseModuleWithOpts(roots+".rego", b.String(), ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		return nil, fmt.Errorf("name the documents to analyse: %w", err)
	}
	modules[m.Package.Location.File] = m
	plan, err := machine.Plan(ctx, modules, roots+"/all", nil)
	if err != nil {
		return nil, err
	}
	return machine.Compile(plan)
}

// An Analysis holds what was found out of one or several books, over the same
// inputs: two functions of them are the same exactly when their nodes are.
type Analysis struct {
	Space    *symbolic.Space
	Diagrams *symbolic.Diagrams
	Books    []*Analysed

	work *symbolic.Analysis
}

// Analysed is one book of an analysis.
type Analysed struct {
	*Book
	found *symbolic.Book
}

// Analyse finds out everything that the books answer.
func Analyse(books ...*Book) *Analysis {
	return analyse(books, nil)
}

func analyse(books []*Book, pause func() error) *Analysis {
	a := &Analysis{Space: spaceOf(books)}
	var programs []*machine.Program
	var documents []string
	for _, b := range books {
		programs = append(programs, b.program)
		documents = append(documents, b.documents()...)
		a.Books = append(a.Books, &Analysed{Book: b})
	}
	a.work = symbolic.Analyser{Pause: pause}.Begin(a.Space, programs...)
	a.find(documents...)
	return a
}

// find finds out documents besides. Nodes of before are void then.
func (a *Analysis) find(documents ...string) {
	a.work.Find(documents...)
	a.Diagrams = a.work.Diagrams
	for i, b := range a.Books {
		b.found = a.work.Books[i]
	}
}

// errUnknown says that a book has no such document.
var errUnknown = errors.New("the rule book has no such document")

func (b *Analysed) answer(name string) (*symbolic.Answer, error) {
	a, known, err := b.found.Answer(name)
	if err == nil && !known {
		err = errUnknown
	}
	if err != nil {
		return nil, fmt.Errorf("data.%s: %w", name, err)
	}
	return a, nil
}

// Rows, columns and verdicts are documents beside the answer.
const (
	rowsDocument     = "records.rows.include"
	columnsDocument  = "records.columns.mask"
	verdictsDocument = "sentinel.verdicts"
)

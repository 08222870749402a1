package prove

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
	"github.com/wardgate/wardgate/pip"
)

// Outcome is what became of one invariant.
type Outcome string

// The outcomes. Only Proved is good.
const (
	Proved    Outcome = "proved"    // it holds for every possible input
	Refuted   Outcome = "refuted"   // it does not hold for Input
	Undecided Outcome = "undecided" // it could not be analysed
	Refused   Outcome = "refused"   // it is no invariant, or says nothing
)

// A Result is one invariant, and what became of it.
type Result struct {
	Kind    string  `json:"kind"`
	Name    string  `json:"name"`
	Base    bool    `json:"base,omitempty"` // it comes with Wardgate
	Title   string  `json:"title,omitempty"`
	File    string  `json:"file"`
	Line    int     `json:"line"`
	Outcome Outcome `json:"outcome"`
	Problem string  `json:"problem,omitempty"`
	Waiver  *Waiver `json:"waiver,omitempty"` // of an invariant that comes with Wardgate
	// Situation is how Input differs from an input about which nothing is known.
	Situation []string `json:"situation,omitempty"`
	// Input is the smallest that refutes it: of no other do fewer members differ from
	// an input about which nothing is known. Of a monotone invariant, After is the
	// same input when its member has moved.
	Input json.RawMessage `json:"input,omitempty"`
	After json.RawMessage `json:"after,omitempty"`
	// Query is what `opa eval` has to be asked about Input.
	Query string `json:"query,omitempty"`
	Shown string `json:"shown,omitempty"` // what OPA answered
}

// A Report is a proof of a rule book, or what it lacks.
type Report struct {
	OK       bool   `json:"ok"`
	Revision string `json:"revision"`
	// Assumptions are what was taken for granted of inputs. Each that the rule book
	// makes has a result of KindAssume: the rule book denies what it excludes.
	Assumptions []Assumption `json:"assumptions"`
	Invariants  []Result     `json:"invariants"`
	// Missing are the files of invariants that come with Wardgate and do not stand in
	// the book. They are proved of it all the same.
	Missing []string `json:"missing,omitempty"`
	// Kept is how many of the invariants were proved before, of what is the same.
	Kept int `json:"-"`

	Duration time.Duration `json:"duration_ns"`
}

// ErrNoInvariants says that there is nothing to prove.
var ErrNoInvariants = errors.New("the rule book has no invariants: they stand in invariants/never, invariants/must and invariants/monotone")

// Prove proves all invariants of a rule book. each, where it is not nil, is told
// of every result as it comes. An error means that the book itself cannot be
// analysed.
func Prove(ctx context.Context, files rulebook.Files, points []pip.Section, each func(Result)) (Report, error) {
	return proveBut(ctx, task{files: files, points: points}, each)
}

// A task is a book to prove, and what is known of it. All but files and points may be
// missing.
type task struct {
	files  rulebook.Files
	points []pip.Section
	base   rulebook.Files // its invariants are known to say something, whatever the tables are
	loaded *rulebook.Book
	memory *Memory
	pause  func() error
}

// load loads the book of a task, unless it is there already.
func (t *task) load() (*rulebook.Book, error) {
	if t.loaded != nil && t.loaded.Digest == t.files.Revision() {
		return t.loaded, nil
	}
	return rulebook.Load(t.files, t.points)
}

// proveBut proves what the task's memory does not know to be proved.
func proveBut(ctx context.Context, t task, each func(Result)) (_ Report, err error) {
	defer interrupted(&err)
	begun := time.Now()
	p, err := openProver(ctx, &t)
	if err != nil {
		return Report{}, err
	}
	proved, err := p.recall(ctx, t.memory)
	if err != nil {
		return Report{}, err
	}
	if err := p.search(ctx, proved); err != nil {
		return Report{}, err
	}
	r := Report{OK: true, Revision: p.book.Revision(), Assumptions: p.book.Assumptions(), Invariants: []Result{}, Kept: len(proved)}
	note := func(one Result) {
		r.OK = r.OK && one.Outcome == Proved
		r.Invariants = append(r.Invariants, one)
		if each != nil {
			each(one)
		}
	}
	for _, one := range p.refused {
		note(one)
	}
	for i := range p.book.assumed {
		note(p.assumption(ctx, &p.book.assumed[i]))
	}
	for _, i := range p.invariants {
		if ctx.Err() != nil {
			return Report{}, ctx.Err()
		}
		if proved[i] {
			note(i.result(Proved))
			continue
		}
		one := p.prove(ctx, i)
		if one.Outcome == Proved {
			t.memory.add(i.key)
		}
		note(one)
	}
	t.memory.forget()
	r.Duration = time.Since(begun)
	return r, nil
}

// interrupted makes an error of a proof that its pause ended.
func interrupted(err *error) {
	switch p := recover().(type) {
	case nil:
	case symbolic.Interrupt:
		*err = p.Err
	default:
		panic(p)
	}
}

// A prover holds one book and its invariants.
type prover struct {
	*Analysis
	files      rulebook.Files
	book       *Analysed
	freely     *symbolic.Book              // where the answer may be anything
	freedoms   []int                       // the variables of that
	anything   map[string]*symbolic.Answer // its answers
	invariants []*invariant
	refused    []Result
	complete   symbolic.Node // the inputs of which no member is missing
	possible   symbolic.Node // those of them that are assumed to be possible
	answers    symbolic.Node // the inputs that are allowed
	roots      []Root
	written    *ast.Compiler // the rules and the invariants as they are written
	tables     tables        // of the book
	standing   func(path string) *ast.Term
	known      bool // each invariant is known to say something
}

// newProver makes one that has analysed all of a book and its invariants.
func newProver(ctx context.Context, files rulebook.Files, points []pip.Section, base rulebook.Files, pause func() error) (*prover, error) {
	p, err := openProver(ctx, &task{files: files, points: points, base: base, pause: pause})
	if err != nil {
		return nil, err
	}
	return p, p.search(ctx, nil)
}

// openProver analyses a book, and not yet what its invariants say.
func openProver(ctx context.Context, t *task) (*prover, error) {
	own := Invariants(t.files)
	maps.DeleteFunc(own, func(name string, _ []byte) bool { return strings.HasPrefix(name, Waivers) })
	if len(own) == 0 {
		return nil, ErrNoInvariants
	}
	p := &prover{files: t.files}
	loaded, err := t.load()
	if err != nil {
		return nil, err
	}
	b, err := bare(loaded)
	if err != nil {
		return nil, err
	}
	modules := p.parse(own)
	if err := p.compile(b, modules); err != nil {
		return nil, err
	}
	if b.shape, err = shapeOf(p.written); err != nil {
		return nil, err
	}
	if err := p.readTables(ctx); err != nil {
		return nil, err
	}
	more, documents := p.read(b, modules, t.base)
	book, err := b.with(ctx, more, documents)
	if err != nil {
		return nil, err
	}
	p.Analysis = analyse([]*Book{book}, t.pause)
	p.book = p.Books[0]
	p.standing = p.book.blank()
	return p, nil
}

// search finds out what the invariants say but for those that are known to be proved.
func (p *prover) search(ctx context.Context, but map[*invariant]bool) (err error) {
	var documents []string
	for _, i := range p.invariants {
		if !but[i] {
			documents = append(documents, i.documents()...)
		}
	}
	p.find(documents...)
	if p.roots, err = p.Roots(p.book); err != nil {
		return err
	}
	if err := p.free(ctx); err != nil {
		return err
	}
	p.complete, p.possible, p.answers = p.Complete(p.book), p.Possible(p.book), p.root(placeDecision)
	return nil
}

// read looks at what the invariants read. It returns those that may be analysed, and
// the documents that they consist of.
func (p *prover) read(bare *Book, modules map[string]*ast.Module, base rulebook.Files) (more map[string]*ast.Module, documents []string) {
	all, refused := readInvariants(modules)
	p.refused = append(p.refused, refused...)
	space := spaceOf([]*Book{bare})
	more = map[string]*ast.Module{}
	for _, i := range all {
		i.base = base[i.At.File] != nil
		if refusal := i.read(bare.shape, space, p.tables); refusal != nil {
			p.refused = append(p.refused, i.refused(refusal.At, "%s", refusal.Problem))
			continue
		}
		p.invariants = append(p.invariants, i)
		more[i.At.File] = i.module
		documents = append(documents, i.documents()...)
	}
	return more, documents
}

// prove proves one invariant, or finds the smallest input that refutes it.
func (p *prover) prove(ctx context.Context, i *invariant) Result {
	if i.Kind == KindMonotone {
		return p.monotone(ctx, i)
	}
	bad, err := p.bad(p.book.found, i)
	if err != nil {
		return i.undecided(err)
	}
	if !p.known {
		if refused := p.empty(ctx, i); refused != nil {
			return *refused
		}
	}
	at, found := p.Diagrams.Smallest(p.Diagrams.And(p.about(i), bad), p.cost)
	if !found {
		return i.result(Proved)
	}
	r := i.result(Refuted)
	r.Query = "data." + i.pkg
	r.Input, r.Situation = p.document(at), p.situation(at)
	p.confirm(ctx, &r)
	return r
}

// about are the inputs for which an invariant has to hold. What must never be must not
// be for impossible inputs either, which are denied. What must always be possible is
// said of inputs that are.
func (p *prover) about(i *invariant) symbolic.Node {
	if i.Kind == KindNever {
		return p.complete
	}
	return p.possible
}

func (i *invariant) undecided(err error) Result { return undecided(i.result(Undecided), err) }

func undecided(r Result, err error) Result {
	r.Outcome, r.Problem = Undecided, err.Error()
	if refusal := (*symbolic.Refusal)(nil); errors.As(err, &refusal) {
		r.File, r.Line, r.Problem = refusal.At.File, refusal.At.Row, refusal.Problem
	}
	return r
}

// bad is for which inputs an invariant does not hold, by what some book answers.
func (p *prover) bad(book *symbolic.Book, i *invariant) (symbolic.Node, error) {
	d, bad := p.Diagrams, symbolic.No
	holds := func(rule string) (symbolic.Node, error) {
		a, known, err := book.Answer(i.document(rule))
		if err != nil || !known {
			return symbolic.No, errors.Join(err, missing(i, rule, known))
		}
		bad = d.Or(bad, a.Fails)
		return a.Has(ast.BooleanTerm(true)), nil
	}
	if i.Kind == KindNever {
		violated, err := holds("violated")
		return d.Or(bad, violated), err
	}
	when, err := holds("when")
	if err != nil {
		return symbolic.No, err
	}
	then, err := holds("then")
	return d.Or(bad, d.And(when, d.Not(then))), err
}

func missing(i *invariant, rule string, known bool) error {
	if known {
		return nil
	}
	return fmt.Errorf("%s is no document", i.document(rule))
}

// cost prefers what stands in an input about which nothing is known.
func (p *prover) cost(variable, value int) int {
	v := p.Space.Variables()[variable]
	if t := v.Values[value]; t != nil {
		if blank := p.standing(v.Path); blank != nil && blank.Equal(t) {
			return 0
		}
		switch {
		case v.AnyWord() || len(v.Words) > 0:
			return 0
		case v.Other(value):
			return 2
		}
		return 1
	}
	return 0
}

// document writes an input down.
func (p *prover) document(at []int) json.RawMessage {
	plain, err := ast.JSON(p.Space.Document(at, p.standing).Value)
	if err != nil {
		return nil
	}
	raw, err := json.Marshal(plain)
	if err != nil {
		return nil
	}
	return raw
}

// situation lists the members of an input of which something is known.
func (p *prover) situation(at []int) []string {
	list := []string{}
	document := p.Space.Document(at, p.standing).Value
	for _, v := range p.Space.Variables() {
		t := symbolic.Member(document, v.Path)
		if t == nil || at[p.Space.Find(v.Path)] < 0 {
			continue
		}
		if blank := p.standing(v.Path); blank == nil || !blank.Equal(t) {
			list = append(list, fmt.Sprintf("%s = %s", v.Path, t))
		}
	}
	return list
}

// confirm asks OPA's interpreter about the rules as they are written, which is
// what `opa eval` does. A refutation that it does not share is no decision.
func (p *prover) confirm(ctx context.Context, r *Result) {
	says, err := p.eval(ctx, r.Query, r.Input)
	if err != nil {
		r.Outcome, r.Problem = Undecided, fmt.Sprintf("OPA cannot be asked about the input that refutes it: %v", err)
		return
	}
	var said struct {
		Violated bool `json:"violated,omitempty"`
		When     bool `json:"when,omitempty"`
		Then     bool `json:"then,omitempty"`
	}
	err = json.Unmarshal([]byte(says), &said)
	if shown, err := json.Marshal(said); err == nil {
		r.Shown = string(shown)
	}
	if err != nil || !said.Violated && (!said.When || said.Then) {
		r.Outcome, r.Problem = Undecided, "OPA does not share what the analysis found of this input; that is a fault of the analysis"
	}
}

// eval asks OPA about the rules as they are written.
func (p *prover) eval(ctx context.Context, query string, raw json.RawMessage) (string, error) {
	var document any
	if err := json.Unmarshal(raw, &document); err != nil {
		return "", err
	}
	results, err := rego.New(rego.Query(query), rego.Compiler(p.written), rego.Input(document), rego.StrictBuiltinErrors(true)).Eval(ctx)
	if err != nil {
		return "", err
	}
	if len(results) == 0 {
		return "undefined", nil
	}
	said, err := json.Marshal(results[0].Expressions[0].Value)
	return string(said), err
}

package analysis

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/dependencies"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/tables"
)

// An Explanation says why a rule book answers an input as it does, and what
// would have to be otherwise.
type Explanation struct {
	Revision string   `json:"revision"`
	Allow    bool     `json:"decision"`
	Reasons  []string `json:"reasons"`
	// Grounds are the rules and the right under which it allows.
	Grounds pdp.Grounds `json:"grounds,omitzero"`
	Rules   []Statement `json:"rules"` // that spoke
	Facts   []Fact      `json:"facts"` // that those rules read
	// Texts are what people are told of each reason, by language.
	Texts map[string]tables.Texts `json:"texts,omitempty"`
	// Remedies are the titles of Advice's sets, in English. Empty for a decision that
	// allows, and when no few permitted changes would allow.
	Remedies [][]string `json:"remedies"`
	Advice   *Advice    `json:"advice,omitempty"` // of a denial
	Right    *Right     `json:"right,omitempty"`  // of a denial of an action that the tables know
}

// A Statement is one rule's contribution to an answer.
type Statement struct {
	Verb    string   `json:"verb"`    // "grant", "deny" or "oblige"
	Code    string   `json:"code"`    // of an obligation its id
	Package string   `json:"package"` // title of the rule folder
	Title   string   `json:"title"`   // of the rule
	File    string   `json:"file"`
	Line    int      `json:"line"`
	Reads   []string `json:"reads"` // paths of the input
}

// A Fact is a value of the input that a rule read. Age is how old the source's
// knowledge was when it was recorded, in microseconds; nil when no record says.
type Fact struct {
	Path   string `json:"path"` // "context.device.match"
	Value  any    `json:"value"`
	Source string `json:"source"`
	State  string `json:"state,omitempty"` // "fresh", "stale", "unknown"
	Age    *int64 `json:"age_us,omitempty"`
}

// Explain asks the written form of the rules, rule by rule. ages are those of
// a journal's record, or nil.
func (b *Book) Explain(ctx context.Context, raw json.RawMessage, ages map[string]int64) (*Explanation, error) {
	document, err := input.Parse(raw)
	if err != nil {
		return nil, err
	}
	d, err := b.ask(ctx, document)
	if err != nil {
		return nil, err
	}
	x := &Explanation{Revision: d.Revision, Allow: d.Allow, Reasons: append([]string{}, d.Reasons...), Grounds: d.Grounds, Remedies: [][]string{}}
	if x.Rules, err = b.statements(ctx, document); err != nil {
		return nil, err
	}
	x.Facts = facts(document, x.Rules, ages)
	if d.Allow {
		return x, nil
	}
	x.Texts = b.texts(d.Reasons)
	return x, b.advise(ctx, x, document)
}

// statements evaluates every rule folder and notes which rules hold.
func (b *Book) statements(ctx context.Context, document map[string]any) ([]Statement, error) {
	l := &listener{}
	_, err := b.rules.Eval(ctx, rego.EvalInput(document), rego.EvalQueryTracer(l))
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	var spoke []Statement
	for _, h := range l.held {
		s := b.statement(h.rule)
		s.Code = h.code
		s.Reads = inputPaths(b.compiler, h.rule)
		if !slices.ContainsFunc(spoke, func(o Statement) bool { return o.File == s.File && o.Line == s.Line && o.Code == s.Code }) {
			spoke = append(spoke, s)
		}
	}
	order := []string{"deny", "grant", "oblige"}
	slices.SortStableFunc(spoke, func(a, b Statement) int {
		if by := slices.Index(order, a.Verb) - slices.Index(order, b.Verb); by != 0 {
			return by
		}
		if by := strings.Compare(a.Code, b.Code); by != 0 {
			return by
		}
		return strings.Compare(a.File, b.File)
	})
	return spoke, nil
}

func (b *Book) statement(r *ast.Rule) Statement {
	s := Statement{Verb: rulebook.Verb(r), File: r.Location.File, Line: r.Location.Row}
	annotations := b.compiler.GetAnnotationSet()
	s.Title = rulebook.Title(annotations.GetRuleScope(r))
	if s.Title == "" {
		s.Title = rulebook.Title(r.Annotations)
	}
	if about := annotations.GetPackageScope(r.Module.Package); about != nil {
		s.Package = about.Title
	}
	return s
}

// A listener notes which contributions are made while rules are evaluated.
type listener struct{ held []contribution }

type contribution struct {
	rule *ast.Rule
	code string
}

func (*listener) Enabled() bool               { return true }
func (*listener) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

// TraceEvent notes the end of every rule that held.
func (l *listener) TraceEvent(e topdown.Event) {
	r, ok := e.Node.(*ast.Rule)
	if !ok || e.Op != topdown.ExitOp || rulebook.Verb(r) == "" || !strings.HasPrefix(r.Module.Package.Path.String(), "data.authz.rules.") {
		return
	}
	l.held = append(l.held, contribution{r, codeOf(e.Plug(r.Head.Key))})
}

// codeOf is a code, or the id of an obligation.
func codeOf(t *ast.Term) string {
	switch v := t.Value.(type) {
	case ast.String:
		return string(v)
	case ast.Object:
		if id := v.Get(answer.KeyID); id != nil {
			return codeOf(id)
		}
	}
	return t.String()
}

// inputPaths are the values of the input that a rule reads, itself or by way
// of the rules that it uses.
func inputPaths(c *ast.Compiler, r *ast.Rule) []string {
	refs, err := dependencies.Base(c, r)
	if err != nil {
		return nil // the rule has none that can be named
	}
	var paths []string
	for _, ref := range refs {
		if !ref.HasPrefix(ast.InputRootRef) || len(ref) < 2 {
			continue
		}
		var steps []string
		for _, t := range ref.ConstantPrefix()[1:] {
			steps = append(steps, strings.Trim(t.String(), `"`))
		}
		paths = append(paths, strings.Join(steps, "."))
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// facts are the values that the statements read, with where they came from.
func facts(document map[string]any, statements []Statement, ages map[string]int64) []Fact {
	var paths []string
	for i := range statements {
		paths = append(paths, statements[i].Reads...)
	}
	slices.Sort(paths)
	var list []Fact
	for _, p := range slices.Compact(paths) {
		f := Fact{Path: p, Value: input.At(document, strings.ReplaceAll(p, ".", "/")), Source: sourceOf(p)}
		f.State, _ = input.At(document, "/context/"+f.Source+"/state").(string)
		if f.Source == "credential" {
			f.State = "" // that state is a verdict on the token, not an age
		}
		if age, ok := ages[f.Source]; ok {
			f.Age = &age
		}
		list = append(list, f)
	}
	return list
}

// sourceOf names who said what stands at a path of the input.
func sourceOf(path string) string {
	switch {
	case strings.HasPrefix(path, "context."):
		section, _, _ := strings.Cut(strings.TrimPrefix(path, "context."), ".")
		return section
	case strings.HasPrefix(path, "subject.properties"):
		return "identity"
	case strings.HasPrefix(path, "subject"):
		return "credential"
	default:
		return "route"
	}
}

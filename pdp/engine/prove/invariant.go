package prove

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/machine"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// The kinds of invariants, each a folder.
const (
	KindNever    = "never"    // `violated` must hold for no input
	KindMust     = "must"     // where `when` holds, `then` must
	KindMonotone = "monotone" // members moving along `order` must not allow more
)

// below is the folder of all invariants.
const below = "invariants/"

// An invariant is one file of them.
type invariant struct {
	Kind, Name, Title string
	At                machine.Line
	module            *ast.Module
	pkg               string // "invariants.never.strangers"
	looks             looks
	key               symbolic.Digest // of all that its proof depends on
	base              bool            // it comes with Wardgate
}

// looks is what an invariant asks about beside the input.
type looks struct {
	answer, obligations, tables, input bool
	properties                         bool            // of obligations, or what could be some
	unfilled                           bool            // a table in which no row stands yet
	documents                          map[string]bool // of the answer and beside it
}

// at notes a document of the answer, or beside it.
func (l *looks) at(document string) {
	l.answer = true
	if l.documents == nil {
		l.documents = map[string]bool{}
	}
	l.documents[document] = true
}

// rulesOf are the rules that each kind has to have.
var rulesOf = map[string][]string{KindNever: {"violated"}, KindMust: {"when", "then"}, KindMonotone: {"order"}}

// readInvariants takes the invariants among parsed files.
func readInvariants(modules map[string]*ast.Module) (list []*invariant, refused []Result) {
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		if strings.HasSuffix(name, "_test.rego") {
			continue
		}
		m := modules[name]
		i := &invariant{
			Kind: path.Base(path.Dir(name)), Name: strings.TrimSuffix(path.Base(name), ".rego"), module: m,
			At: machine.Line{File: name, Row: m.Package.Location.Row}, pkg: strings.TrimPrefix(m.Package.Path.String(), "data."),
		}
		for _, a := range m.Annotations {
			if a.Scope == "package" || a.Scope == "subpackages" {
				i.Title = a.Title
			}
		}
		if problem := i.fault(name); problem != "" {
			refused = append(refused, i.refused(i.At, "%s", problem))
			continue
		}
		if at, problem := i.truth(); at != nil {
			refused = append(refused, i.refused(machine.Line{Row: at.Row}, "%s", problem))
			continue
		}
		list = append(list, i)
	}
	return list, refused
}

// fault says what is wrong with the form of an invariant.
func (i *invariant) fault(file string) string {
	needed, known := rulesOf[i.Kind]
	if !known || strings.Count(file, "/") != 2 {
		return "invariants stand in invariants/never, invariants/must or invariants/monotone"
	}
	if want := "invariants." + i.Kind + "." + i.Name; i.pkg != want {
		return fmt.Sprintf("package %s stands in a file of package %s", i.pkg, want)
	}
	for _, rule := range needed {
		if i.rule(rule) == nil {
			return fmt.Sprintf("expected a rule `%s`: an invariant of this kind consists of %s", rule, strings.Join(needed, " and "))
		}
	}
	return ""
}

func (i *invariant) rule(name string) *ast.Rule {
	for _, r := range i.module.Rules {
		if len(r.Head.Args) == 0 && r.Head.Key == nil && r.Head.Ref().String() == name {
			return r
		}
	}
	return nil
}

// document is the path of one of its rules.
func (i *invariant) document(rule string) string { return i.pkg + "." + rule }

// documents are the paths of its rules that are asked about inputs.
func (i *invariant) documents() (list []string) {
	for _, rule := range fixed {
		if i.rule(rule) != nil {
			list = append(list, i.document(rule))
		}
	}
	return list
}

func (i *invariant) refused(at machine.Line, format string, args ...any) Result {
	r := i.result(Refused)
	r.Line, r.Problem = at.Row, fmt.Sprintf(format, args...)
	if at.File != "" {
		r.File = at.File
	}
	return r
}

func (i *invariant) result(o Outcome) Result {
	return Result{Kind: i.Kind, Name: i.Name, Title: i.Title, File: i.At.File, Line: i.At.Row, Outcome: o}
}

// A reader looks at what an invariant reads, and puts the documents of which an
// answer consists in the place of the answer.
type reader struct {
	inv     *invariant
	shape   shape
	space   *symbolic.Space
	tables  tables
	imports map[ast.Var]ast.Ref
	refusal *symbolic.Refusal
}

// read refuses what an invariant may not read, by its line.
func (i *invariant) read(s shape, space *symbolic.Space, t tables) *symbolic.Refusal {
	r := &reader{inv: i, shape: s, space: space, tables: t, imports: map[ast.Var]ast.Ref{}}
	for _, imported := range i.module.Imports {
		ref, ok := imported.Path.Value.(ast.Ref)
		if !ok || len(ref) < 2 {
			continue
		}
		name := imported.Alias
		if last, isText := ref[len(ref)-1].Value.(ast.String); name == "" && isText {
			name = ast.Var(last)
		}
		r.imports[name] = ref
	}
	ast.WalkExprs(i.module, func(e *ast.Expr) bool {
		if len(e.With) > 0 {
			r.refuse(e.Location, "an invariant is about inputs as they come: `with` is for its tests")
		}
		r.misread(e)
		return false
	})
	for _, rule := range i.module.Rules {
		ast.WalkTerms(rule, func(t *ast.Term) bool {
			switch v := t.Value.(type) {
			case ast.Ref:
				t.Value = r.ref(v, t.Location, rule)
			case ast.Object:
				v.Foreach(func(k, _ *ast.Term) { r.member(k) })
			}
			return false
		})
	}
	i.module.Imports = slices.DeleteFunc(i.module.Imports, func(imported *ast.Import) bool {
		return strings.HasPrefix(imported.Path.String(), "data.authz")
	})
	return r.refusal
}

func (r *reader) refuse(at *ast.Location, format string, args ...any) {
	if r.refusal == nil {
		r.refusal = &symbolic.Refusal{At: machine.Line{File: at.File, Row: at.Row}, Problem: fmt.Sprintf(format, args...)}
	}
}

// ref is what stands for one reference in the analysis.
func (r *reader) ref(ref ast.Ref, at *ast.Location, rule *ast.Rule) ast.Value {
	if at == nil || at.Row == 0 {
		at = rule.Location
	}
	if head, ok := ref[0].Value.(ast.Var); ok {
		if imported := r.imports[head]; imported != nil {
			ref = append(slices.Clone(imported), ref[1:]...)
		}
	}
	switch {
	case ref.HasPrefix(ast.InputRootRef):
		r.input(ref, at)
	case ref[0].Equal(ast.DefaultRootDocument):
		return r.data(ref, at)
	case ast.BuiltinMap[ref.String()] == nil:
		for _, step := range ref[1:] {
			r.member(step)
		}
	}
	return ref
}

// member notes that something beside the id of an obligation may be read.
func (r *reader) member(name *ast.Term) {
	if !name.Equal(ast.StringTerm("id")) {
		r.inv.looks.properties = true
	}
}

func (r *reader) input(ref ast.Ref, at *ast.Location) {
	r.inv.looks.input = true
	name, plain := textsOf(ref[1:])
	switch {
	case !plain:
		r.refuse(at, "%s: name the members of the input by constants", ref)
	case r.space.Find(name) < 0:
		r.refuse(at, "the input has no member %s; its schema stands at the head of authz/authz.rego", name)
	}
}

func textsOf(terms []*ast.Term) (joined string, plain bool) {
	var steps []string
	for _, t := range terms {
		step, ok := t.Value.(ast.String)
		if !ok {
			return strings.Join(steps, "."), false
		}
		steps = append(steps, string(step))
	}
	return strings.Join(steps, "."), true
}

var (
	answerRef = ast.MustParseRef("data.authz.answer")
	tablesRef = ast.MustParseRef("data.authz.tables")

	sentinelRef = ast.MustParseRef("data.sentinel.tables")
	rowsRef     = ast.MustParseRef("data." + rowsDocument)
)

func (r *reader) data(ref ast.Ref, at *ast.Location) ast.Value {
	switch {
	case ref.HasPrefix(answerRef):
		for _, place := range []string{placeDecision, placeReasons, placeObligations} {
			steps := strings.Split(place, ".")
			if name, _ := textsOf(ref[len(answerRef):min(len(ref), len(answerRef)+len(steps))]); name == place {
				r.inv.looks.at(r.shape[place])
				r.inv.looks.obligations = r.inv.looks.obligations || place == placeObligations
				return append(ast.MustParseRef("data."+r.shape[place]), ref[len(answerRef)+len(steps):]...)
			}
		}
		r.refuse(at, "%s: of the answer an invariant reads decision, context.reasons and context.obligations", ref)
	case ref.Equal(rowsRef):
		r.inv.looks.at(rowsDocument)
	case ref.HasPrefix(tablesRef), ref.HasPrefix(sentinelRef):
		r.inv.looks.tables = true
		name, there, unfilled := r.tables.find(ref)
		r.inv.looks.unfilled = r.inv.looks.unfilled || unfilled
		if !there && !r.inv.base {
			r.refuse(at, "the tables have no %s, so that nothing could break it: it is vacuous", name)
		}
	case ref.HasPrefix(ast.MustParseRef("data." + r.inv.pkg)):
	default:
		r.refuse(at, "%s: an invariant reads the input, the answer (data.authz.answer, data.records.rows.include) and tables (data.authz.tables, data.sentinel.tables), so that it holds whatever the rules are", ref)
	}
	return ref
}

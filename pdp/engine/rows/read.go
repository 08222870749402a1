package rows

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Fields are the fields of a row that services have a column for.
var Fields = []string{"patient.department", "patient.doctor", "patient.id", "session.account"}

// rowIDs are the ids of the subject that a field of a row may equal.
var rowIDs = []string{
	"subject.id", "subject.properties.department", "subject.properties.patient", "subject.properties.staff",
}

// Code names faults of row rules.
const Code = "rows_error"

// readRows finds out what the row rules and the rules that they use read of
// the input, and refuses what could not be compiled to a condition that means
// the same: a field that no row has, a comparison other than ==, an id
// that is compared with anything but a row, or that is not asked to be there.
// words are the values that may stand at a path; other paths may not be read.
func readRows(c *ast.Compiler, words map[string][]any) (reads, error) {
	reader := &rowReader{reads: reads{domain: words}}
	rules := c.GetRulesExact(ast.MustParseRef(rowsQuery))
	if len(rules) == 0 {
		return reads{}, ast.Errors{ast.NewError(Code, &ast.Location{File: "records/rows/rows.rego", Row: 1},
			"the rule book lacks %s, which says which rows a subject may touch", rowsQuery)}
	}
	seen := map[*ast.Rule]bool{}
	for len(rules) > 0 {
		r := rules[0]
		rules = rules[1:]
		if seen[r] {
			continue
		}
		seen[r] = true
		reader.rule(r)
		if r.Else != nil { // which has dependencies of its own
			rules = append(rules, r.Else)
		}
		for dependency := range c.Graph.Dependencies(r) {
			if next, ok := dependency.(*ast.Rule); ok {
				rules = append(rules, next)
			}
		}
	}
	slices.Sort(reader.reads.words)
	slices.Sort(reader.reads.ids)
	if len(reader.faults) > 0 {
		reader.faults.Sort()
		return reads{}, reader.faults
	}
	return reader.reads, nil
}

type rowReader struct {
	reads  reads
	faults ast.Errors
}

func (r *rowReader) fault(at *ast.Location, format string, args ...any) {
	r.faults = append(r.faults, ast.NewError(Code, at, format, args...))
}

func (r *rowReader) rule(rule *ast.Rule) {
	ast.WalkRefs(rule, func(ref ast.Ref) bool {
		if ref.HasPrefix(ast.InputRootRef) {
			r.ref(ref, rule)
		}
		return false
	})
	names := namesIn(rule)
	if rows, ids := names.in(rule.Head); len(rows)+len(ids) > 0 {
		r.fault(rule.Location, "a rule may not pass a row or an id on to other rules: compare them here")
	}
	guarded := map[string]bool{}
	for _, e := range rule.Body {
		if path, ok := names.guard(e); ok {
			guarded[path] = true
		}
	}
	ast.WalkExprs(rule, func(e *ast.Expr) bool {
		r.expr(e, names, guarded)
		return false
	})
}

// ref sorts one value of the input into row, id and word.
func (r *rowReader) ref(ref ast.Ref, rule *ast.Rule) {
	at := rule.Location
	if t := ref[len(ref)-1]; t.Location != nil {
		at = t.Location
	}
	path, plain := inputPath(ref)
	switch {
	case !plain:
		r.fault(at, "%s: row rules name what they read of the input by constants", ref)
	case isRow(path):
		if !slices.Contains(Fields, path) {
			r.fault(at, "%s: rows have no such field; they have %s", ref, strings.Join(Fields, ", "))
		}
	case slices.Contains(rowIDs, path):
		if !slices.Contains(r.reads.ids, path) {
			r.reads.ids = append(r.reads.ids, path)
		}
	case r.reads.domain[path] == nil:
		r.fault(at, "%s: row rules read words from a fixed list, such as input.action.name, or compare a row with an id: %s",
			ref, strings.Join(rowIDs, ", "))
	default:
		if !slices.Contains(r.reads.words, path) {
			r.reads.words = append(r.reads.words, path)
		}
	}
}

// expr holds that rows and ids stand in comparisons that can be translated.
func (r *rowReader) expr(e *ast.Expr, names localNames, guarded map[string]bool) {
	rows, ids := names.in(e)
	if len(rows)+len(ids) == 0 || names.gives(e) {
		return
	}
	if _, ok := names.guard(e); ok {
		return
	}
	left, right, ok := names.equality(e)
	switch {
	case !ok:
		r.fault(e.Location, "a row is compared by ==, in an expression of its own that is not negated")
	case len(rows) != 1 || left != rows[0] && right != rows[0]:
		r.fault(e.Location, "expected a field of the row on one side of ==, and none on the other")
	case len(ids) > 1 || len(ids) == 1 && left != ids[0] && right != ids[0]:
		r.fault(e.Location, "expected an id of the subject by itself on the other side of ==")
	case len(ids) == 1 && !guarded[ids[0]]:
		r.fault(e.Location, `who lacks that id would touch the rows that lack it too; ask first that input.%s != ""`, ids[0])
	}
}

// inputPath is "subject.id" for input.subject.id; plain when nothing in it is
// a variable.
func inputPath(ref ast.Ref) (path string, plain bool) {
	var steps []string
	for _, t := range ref[1:] {
		step, ok := t.Value.(ast.String)
		if !ok {
			return strings.Join(steps, "."), false
		}
		steps = append(steps, string(step))
	}
	return strings.Join(steps, "."), len(steps) > 0
}

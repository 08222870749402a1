package rows

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// localNames are the variables of one rule that stand for a field of a row or
// for an id: those that the rule's author chose, and those that the compiler
// puts before a comparison.
type localNames map[ast.Var]string

func namesIn(rule *ast.Rule) localNames {
	names := localNames{}
	ast.WalkExprs(rule, func(e *ast.Expr) bool {
		if v, path, ok := giving(e); ok && names[v] == "" {
			names[v] = path
		}
		return false
	})
	return names
}

// giving recognises `v = input.subject.id`.
func giving(e *ast.Expr) (v ast.Var, path string, ok bool) {
	if !isCall(e, "eq", "equal", "assign") {
		return "", "", false
	}
	for i := range 2 {
		v, isVar := e.Operand(i).Value.(ast.Var)
		ref, isRef := e.Operand(1 - i).Value.(ast.Ref)
		if isVar && isRef && ref.HasPrefix(ast.InputRootRef) {
			path, _ := inputPath(ref)
			return v, path, isRow(path) || slices.Contains(rowIDs, path)
		}
	}
	return "", "", false
}

// gives reports whether e only gives a name.
func (n localNames) gives(e *ast.Expr) bool {
	v, path, ok := giving(e)
	return ok && n[v] == path
}

// isCall reports whether e calls one of the named built-ins with two operands,
// plainly.
func isCall(e *ast.Expr, operators ...string) bool {
	return !e.Negated && len(e.With) == 0 && e.IsCall() && len(e.Operands()) == 2 &&
		slices.Contains(operators, e.Operator().String())
}

func isRow(path string) bool {
	section, _, _ := strings.Cut(path, ".")
	return section == "patient" || section == "session"
}

// path is what a term stands for: the path of a row's field or of an id, or "".
func (n localNames) path(t *ast.Term) string {
	switch v := t.Value.(type) {
	case ast.Var:
		return n[v]
	case ast.Ref:
		if v.HasPrefix(ast.InputRootRef) {
			path, _ := inputPath(v)
			return path
		}
	}
	return ""
}

// in returns the rows' fields and the ids that a part of a rule names. Nested
// expressions are not counted: those are looked at for themselves.
func (n localNames) in(part any) (rows, ids []string) {
	note := func(path string) {
		switch {
		case isRow(path):
			rows = append(rows, path)
		case slices.Contains(rowIDs, path):
			ids = append(ids, path)
		}
	}
	visit := ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Expr:
			return x != part
		case ast.Var:
			note(n[x])
		case ast.Ref:
			if x.HasPrefix(ast.InputRootRef) {
				path, _ := inputPath(x)
				note(path)
			}
		}
		return false
	})
	visit.Walk(part)
	return rows, ids
}

// equality returns what stands on both sides of `a == b`, "" for what is
// neither row nor id.
func (n localNames) equality(e *ast.Expr) (left, right string, ok bool) {
	if !isCall(e, "eq", "equal") {
		return "", "", false
	}
	return n.path(e.Operand(0)), n.path(e.Operand(1)), true
}

// guard recognises `input.subject.id != ""`.
func (n localNames) guard(e *ast.Expr) (path string, ok bool) {
	if !isCall(e, "neq") || !e.Operand(1).Equal(ast.StringTerm("")) {
		return "", false
	}
	path = n.path(e.Operand(0))
	return path, slices.Contains(rowIDs, path)
}

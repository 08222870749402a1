package rulebook

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A scope resolves the names of one rule as its author wrote them: imports,
// variables that stand for a place of the input, variables that run through a
// written list.
type scope struct {
	heads     map[ast.Var]string      // what a ref that begins so begins with
	texts     map[ast.Var][]*ast.Term // what a variable can be
	constants map[string]ast.Value
	pkg       string
}

func newScope(m *ast.Module, r *ast.Rule, constants map[string]ast.Value) *scope {
	s := &scope{heads: map[ast.Var]string{"input": "input", "data": "data"}, texts: map[ast.Var][]*ast.Term{}, constants: constants, pkg: "data." + packageName(m)}
	for _, i := range m.Imports {
		if ref, ok := i.Path.Value.(ast.Ref); ok {
			s.heads[i.Name()] = s.path(ref)
		}
	}
	ast.WalkExprs(r, func(e *ast.Expr) bool {
		s.learn(e)
		return false
	})
	return s
}

// learn notes what `x := input.a.b`, `x := "word"` and `some x in {…}` say.
func (s *scope) learn(e *ast.Expr) {
	if some, ok := e.Terms.(*ast.SomeDecl); ok {
		for _, t := range some.Symbols {
			call, ok := t.Value.(ast.Call)
			if !ok || len(call) != 3 {
				continue
			}
			if v, isVar := call[1].Value.(ast.Var); isVar {
				s.texts[v] = s.literals(call[2])
			}
		}
		return
	}
	if !e.IsCall() || e.Negated || len(e.Operands()) != 2 || !slices.Contains([]string{"assign", "eq"}, e.Operator().String()) {
		return
	}
	v, isVar := e.Operand(0).Value.(ast.Var)
	if !isVar {
		return
	}
	if path := s.termPath(e.Operand(1)); path != "" {
		s.heads[v] = path
	} else if list := s.literals(e.Operand(1)); list != nil {
		s.texts[v] = list
	}
}

// path is a ref's full path; "" when a part of it is not written as text.
func (s *scope) path(ref ast.Ref) string {
	if len(ref) == 0 {
		return ""
	}
	head, ok := ref[0].Value.(ast.Var)
	if !ok {
		return ""
	}
	begin, known := s.heads[head]
	if !known {
		begin = s.pkg + "." + string(head)
	}
	if begin == "" {
		return ""
	}
	parts := []string{begin}
	for _, t := range ref[1:] {
		part, ok := t.Value.(ast.String)
		if !ok {
			return ""
		}
		parts = append(parts, string(part))
	}
	return strings.Join(parts, ".")
}

func (s *scope) termPath(t *ast.Term) string {
	switch v := t.Value.(type) {
	case ast.Ref:
		return s.path(v)
	case ast.Var:
		return s.heads[v]
	}
	return ""
}

// literals are the texts that a term is or holds; nil when it is no such term.
func (s *scope) literals(t *ast.Term) (list []*ast.Term) {
	one := func(t *ast.Term) {
		if _, ok := t.Value.(ast.String); ok {
			list = append(list, t)
		}
	}
	switch v := t.Value.(type) {
	case ast.String:
		return []*ast.Term{t}
	case ast.Set:
		v.Foreach(one)
	case *ast.Array:
		v.Foreach(one)
	case ast.Object:
		v.Foreach(func(_, value *ast.Term) { one(value) })
	case ast.Var:
		if list, ok := s.texts[v]; ok {
			return list
		}
		return s.constant(s.pkg + "." + string(v))
	case ast.Ref:
		if path := s.path(v); path != "" {
			return s.constant(path)
		}
		// The rows of a table, whichever it is.
		if table, ok := s.constants[s.path(v[:len(v)-1])].(ast.Object); ok {
			table.Foreach(func(_, row *ast.Term) { list = append(list, s.literals(row)...) })
		}
	}
	return list
}

func (s *scope) constant(path string) []*ast.Term {
	value, ok := s.constants[path]
	if !ok {
		return nil
	}
	return s.literals(ast.NewTerm(value))
}

// A comparison is a place against texts.
type comparison struct {
	path     string
	literals []*ast.Term
	is       bool // holds when the place has one of them
}

// comparisons finds what an expression compares.
func (s *scope) comparisons(e *ast.Expr) []comparison {
	if !e.IsCall() || len(e.Operands()) != 2 {
		return nil
	}
	x, y := e.Operand(0), e.Operand(1)
	switch e.Operator().String() {
	case "equal", "eq", "neq":
		is := e.Operator().String() != "neq"
		for _, side := range [][2]*ast.Term{{x, y}, {y, x}} {
			path := s.termPath(side[0])
			if _, isList := side[1].Value.(ast.Set); path == "" || isList {
				continue
			}
			if list := s.literals(side[1]); len(list) > 0 && scalar(s, side[1]) {
				return []comparison{{path, list, is}}
			}
		}
	case "internal.member_2":
		if path := s.termPath(x); path != "" {
			return []comparison{{path, s.literals(y), true}}
		}
	}
	return nil
}

// asked are the texts that an expression compares anything with.
func (s *scope) asked(e *ast.Expr) (list []*ast.Term) {
	if !e.IsCall() || !slices.Contains([]string{"equal", "eq", "neq", "internal.member_2"}, e.Operator().String()) {
		return nil
	}
	for _, t := range e.Operands() {
		list = append(list, s.literals(t)...)
	}
	return list
}

// scalar: the term is one text, if one of several.
func scalar(s *scope, t *ast.Term) bool {
	switch v := t.Value.(type) {
	case ast.String:
		return true
	case ast.Var:
		if _, runs := s.texts[v]; runs {
			return true
		}
		_, text := s.constants[s.pkg+"."+string(v)].(ast.String)
		return text
	case ast.Ref:
		_, text := s.constants[s.path(v)].(ast.String)
		return text
	}
	return false
}

func literal(t *ast.Term) string {
	text, _ := t.Value.(ast.String)
	return string(text)
}

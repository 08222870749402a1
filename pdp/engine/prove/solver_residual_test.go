//go:build integration

package prove

import (
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// code is the variable for the element of a set, or the value of a document, in queries.
const code = ast.Var("code")

// A residual is what OPA's partial evaluation leaves of a query when the input is not
// known: conditions on it, of which one has to hold.
type residual struct {
	bodies  []ast.Body
	support map[string][]*ast.Rule // what the bodies refer to, by reference
}

// partially evaluates a query about `code` of a rule book as it is written.
func partially(t *testing.T, c *ast.Compiler, query string, unknowns ...string) residual {
	t.Helper()
	left, err := rego.New(rego.Query(query), rego.Compiler(c), rego.Unknowns(append(unknowns, "input")), rego.StrictBuiltinErrors(true)).Partial(t.Context())
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	r := residual{left.Queries, map[string][]*ast.Rule{}}
	for _, m := range left.Support {
		for _, rule := range m.Rules {
			at := m.Package.Path.String() + "." + rule.Head.Ref()[0].Value.String()
			r.support[at] = append(r.support[at], rule)
		}
	}
	return r
}

// A book as it is written, in SMT-LIB: where rules deny and grant, and which inputs
// assumptions exclude.
type written struct {
	*members
	rules      map[string]map[string][]string // "deny" and "grant": by code, where a folder does
	impossible map[string]string              // by assumption
}

// values are the formulas for each value of `code` that a residual names.
func (w *written) values(r residual) map[string]string {
	values := map[string]string{}
	for _, value := range w.named(r) {
		values[word(value)] = w.value(r, value)
	}
	return values
}

// value is where one value of `code` follows from a residual.
func (w *written) value(r residual, value *ast.Term) string {
	return (&reading{written: w, residual: r, element: code, value: value}).bodies(r.bodies)
}

// named are the values that `code` can have.
func (w *written) named(r residual) (list []*ast.Term) {
	add := func(t *ast.Term) {
		if !slices.ContainsFunc(list, t.Equal) {
			list = append(list, t)
		}
	}
	for _, body := range r.bodies {
		for _, e := range body {
			if e.IsEquality() && len(e.Operands()) == 2 {
				for i, o := range e.Operands() {
					if o.Equal(ast.NewTerm(code)) && ast.IsConstant(e.Operand(1-i).Value) {
						add(e.Operand(1 - i))
					}
				}
			}
		}
	}
	for _, rules := range r.support {
		for _, rule := range rules {
			if rule.Head.Key != nil && ast.IsConstant(rule.Head.Key.Value) {
				add(rule.Head.Key)
			}
		}
	}
	return list
}

// A reading turns bodies into formulas, for one value of one variable.
type reading struct {
	*written
	residual
	element ast.Var
	value   *ast.Term
	apart   map[ast.Var]string // which text a variable has the words of
	seen    map[ast.Var]bool   // variables that stand for any element of something
}

func (r *reading) bodies(all []ast.Body) string {
	var formulas []string
	for _, body := range all {
		formulas = append(formulas, r.body(body))
	}
	return r.some(formulas...)
}

func (r *reading) body(body ast.Body) string {
	r.apart, r.seen = map[ast.Var]string{}, map[ast.Var]bool{}
	var formulas []string
	for _, e := range body {
		formulas = append(formulas, r.expr(e))
	}
	return r.all(formulas...)
}

func (r *reading) expr(e *ast.Expr) string {
	if len(e.With) > 0 {
		return r.fault("%v: `with` is not written", e)
	}
	if e.Negated {
		return r.not(r.expr(e.Complement()))
	}
	if t, ok := e.Terms.(*ast.Term); ok {
		return r.truth(t)
	}
	var x, y *ast.Term
	if e.IsCall() && len(e.Operands()) >= 2 {
		x, y = e.Operand(0), e.Operand(1)
		switch operator := e.Operator().String(); {
		case operator == "eq" || operator == "equal":
			return r.equal(e, x, y)
		case operator == "neq":
			return r.unequal(e, x, y)
		case operator == "internal.member_2":
			return r.memberOf(e, x, y)
		case operator == "split" && len(e.Operands()) == 3 && y.Equal(ast.StringTerm(" ")):
			return r.split(e, x, e.Operand(2))
		}
	}
	return r.fault("%v: this call is not written", e)
}

// truth: a term is anything but false.
func (r *reading) truth(t *ast.Term) string {
	if t.Equal(ast.BooleanTerm(true)) {
		return "true"
	}
	if t.Equal(ast.NewTerm(r.element)) {
		return truth(r.value != nil && !r.value.Equal(ast.BooleanTerm(false)))
	}
	ref, isRef := t.Value.(ast.Ref)
	switch path, isMember := inputPath(t); {
	case isMember:
		return r.all(r.present(path), r.not(r.false(path)))
	case !isRef:
		return r.fault("%v is neither a member nor a document", t)
	case r.support[ref.String()] != nil:
		return r.rulesOf(ref.String(), nil)
	case isAny(ref, "assume") && len(ref) == 5 && ref[4].Equal(ast.StringTerm("impossible")):
		var all []string
		for _, name := range r.impossible {
			all = append(all, name)
		}
		return r.some(all...)
	}
	return r.elementOf(ref, nil)
}

// false: the member is false. Of texts none is.
func (r *reading) false(path string) string {
	if v := r.member(path); v == nil || v.Open {
		return "false"
	}
	return r.is(path, ast.BooleanTerm(false))
}

func (r *reading) equal(e *ast.Expr, x, y *ast.Term) string {
	if y.Equal(ast.NewTerm(r.element)) || ast.IsConstant(x.Value) && !ast.IsConstant(y.Value) {
		x, y = y, x
	}
	path, isMember := inputPath(x)
	v, isVar := x.Value.(ast.Var)
	switch other, isOther := inputPath(y); {
	case isVar && v == r.element && ast.IsConstant(y.Value):
		return truth(r.value.Equal(y))
	case isVar && !isOther && !ast.IsConstant(y.Value):
		return r.bound(e, v, y)
	case isMember && isOther:
		return r.same(path, other)
	case isMember && ast.IsConstant(y.Value):
		return r.is(path, y)
	case ast.IsConstant(y.Value):
		return r.eachWord(e, x, func(text string) string { return r.has(text, y) })
	}
	return r.fault("%v: this comparison is not written", e)
}

func truth(is bool) string {
	if is {
		return "true"
	}
	return "false"
}

// bound: a variable is an element of a document.
func (r *reading) bound(e *ast.Expr, v ast.Var, document *ast.Term) string {
	ref, ok := document.Value.(ast.Ref)
	if !ok {
		return r.fault("%v: this is not written", e)
	}
	if v == r.element {
		return r.elementOf(ref, r.value)
	}
	r.once(e, v)
	return r.elementOf(ref, nil)
}

// once refuses a variable that stands in two places, which would have to be the same.
func (r *reading) once(at any, v ast.Var) {
	if r.seen[v] {
		r.fault("%v: %v stands in two places", at, v)
	}
	r.seen[v] = true
}

// elementOf: a value is an element of a set of rules, any of them for nil.
func (r *reading) elementOf(ref ast.Ref, value *ast.Term) string {
	last := ref[len(ref)-1]
	if v, isVar := last.Value.(ast.Var); isVar && v == r.element {
		value = r.value
	} else if isVar {
		r.once(ref, v)
	} else {
		return r.fault("%v: this document is not written", ref)
	}
	set := ref[:len(ref)-1]
	if r.support[set.String()] != nil {
		return r.rulesOf(set.String(), value)
	}
	kind, isText := set[len(set)-1].Value.(ast.String)
	if !isAny(set, "rules") || len(set) != 5 || !isText || r.rules[string(kind)] == nil {
		return r.fault("%v: this document is not written", ref)
	}
	var all []string
	for name, folders := range r.rules[string(kind)] {
		if value == nil || word(value) == name {
			all = append(all, folders...)
		}
	}
	return r.some(all...)
}

// rulesOf: a rule of the support holds; of a set, one that gives the value.
func (r *reading) rulesOf(at string, value *ast.Term) string {
	var all []string
	for _, rule := range r.support[at] {
		inner := reading{written: r.written, residual: r.residual, value: value}
		switch key := rule.Head.Key; {
		case rule.Else != nil || rule.Default && !rule.Head.Value.Equal(ast.BooleanTerm(false)):
			return r.fault("%v: this rule is not written", rule)
		case rule.Default:
			continue
		case key == nil && value == nil && rule.Head.Value.Equal(ast.BooleanTerm(true)):
		case key == nil || value == nil:
			return r.fault("%v: this rule is not written", rule)
		default:
			if v, isVar := key.Value.(ast.Var); isVar {
				inner.element = v
			} else if !key.Equal(value) {
				continue
			}
		}
		all = append(all, inner.body(rule.Body))
	}
	return r.some(all...)
}

// unequal: two things are there, and are not the same.
func (r *reading) unequal(e *ast.Expr, x, y *ast.Term) string {
	if ast.IsConstant(x.Value) {
		x, y = y, x
	}
	path, isMember := inputPath(x)
	switch other, isOther := inputPath(y); {
	case isMember && isOther:
		return r.all(r.present(path), r.present(other), r.not(r.same(path, other)))
	case isMember && ast.IsConstant(y.Value):
		return r.all(r.present(path), r.not(r.is(path, y)))
	case ast.IsConstant(y.Value):
		return r.eachWord(e, x, func(text string) string { return r.hasBut(text, y) })
	}
	return r.fault("%v: this comparison is not written", e)
}

// memberOf: a member or a word is one of some constants.
func (r *reading) memberOf(e *ast.Expr, x, set *ast.Term) string {
	elements := constants(set)
	if !ast.IsConstant(set.Value) || len(elements) == 0 {
		return r.fault("%v: this set is not written", e)
	}
	anyOf := func(is func(*ast.Term) string) string {
		var all []string
		for _, one := range elements {
			all = append(all, is(one))
		}
		return r.some(all...)
	}
	if path, isMember := inputPath(x); isMember {
		return anyOf(func(one *ast.Term) string { return r.is(path, one) })
	}
	return r.eachWord(e, x, func(text string) string {
		return anyOf(func(one *ast.Term) string { return r.has(text, one) })
	})
}

// split: a text is there, and a variable has its words.
func (r *reading) split(e *ast.Expr, text, words *ast.Term) string {
	path, isMember := inputPath(text)
	v, isVar := words.Value.(ast.Var)
	if !isMember || !isVar {
		return r.fault("%v: this is not written", e)
	}
	r.apart[v] = path
	return r.present(path)
}

// eachWord reads `words[_]`, where words are those of a text.
func (r *reading) eachWord(e *ast.Expr, t *ast.Term, of func(text string) string) string {
	ref, ok := t.Value.(ast.Ref)
	if !ok || len(ref) != 2 {
		return r.fault("%v: %v is not written", e, t)
	}
	words, _ := ref[0].Value.(ast.Var)
	index, isVar := ref[1].Value.(ast.Var)
	text, known := r.apart[words]
	if !isVar || !known {
		return r.fault("%v: %v is not written", e, t)
	}
	r.once(e, index)
	return of(text)
}

// inputPath is the path of a member of the input.
func inputPath(t *ast.Term) (path string, ok bool) {
	ref, isRef := t.Value.(ast.Ref)
	if !isRef || len(ref) < 2 || !ref[0].Equal(ast.InputRootDocument) {
		return "", false
	}
	var steps []string
	for _, step := range ref[1:] {
		text, isText := step.Value.(ast.String)
		if !isText {
			return "", false
		}
		steps = append(steps, string(text))
	}
	return strings.Join(steps, "."), true
}

// isAny recognises data.authz.KIND[_].….
func isAny(ref ast.Ref, kind string) bool {
	if len(ref) < 5 || !ref[:3].Equal(ast.MustParseRef("data.authz."+kind)) {
		return false
	}
	_, isVar := ref[3].Value.(ast.Var)
	return isVar
}

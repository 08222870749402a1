package rulebook

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/machine"
)

// conflictSamples is how many situations a book is asked about in search of
// rules that contradict each other or fail, beside each action as each base.
const conflictSamples = 260

// checkConflicts asks the whole book about drawn situations. Whether two
// complete rules can hold at once cannot be told from their text; that they do
// in one of these situations is proof.
func (c *checker) checkConflicts(compiler *ast.Compiler) {
	s, err := c.sampler(compiler)
	if err != nil {
		c.addError("authz/authz.rego", "schema", err)
		return
	}
	// Without the tests, which stand below the same paths. Schemas were checked.
	rules := NewCompiler(false).WithUseTypeCheckAnnotations(false)
	if rules.Compile(c.modules); rules.Failed() {
		c.addError("authz/authz.rego", "refused", rules.Errors)
		return
	}
	documents := s.some(s.pairs() + conflictSamples)
	if c.checkBudget(s, documents, rules) {
		return
	}
	constant, drawn := wholeBook(rules)
	if c.contradicts(rules, constant, documents[:1]) {
		return
	}
	c.contradicts(rules, drawn, documents)
}

// contradicts asks for the documents of these rules, in each situation, until a rule
// fails in one, which it reports.
func (c *checker) contradicts(rules *ast.Compiler, refs []ast.Ref, documents []map[string]any) bool {
	query, err := rego.New(rego.ParsedQuery(said(refs)), rego.Compiler(rules),
		rego.StrictBuiltinErrors(true)).PrepareForEval(c.ctx)
	if err != nil {
		c.addError("authz/authz.rego", "refused", err)
		return true
	}
	for _, document := range documents {
		if c.ctx.Err() != nil {
			return true
		}
		meter := &machine.Meter{Limit: wholeBookBudget}
		_, err := query.Eval(c.ctx, rego.EvalInput(document), rego.EvalGenerateJSON(answer.RawTerm), rego.EvalExternalCancel(meter))
		var failure *topdown.Error
		if !errors.As(err, &failure) {
			continue
		}
		if meter.Over() {
			c.add(failure.Location, "budget", budgetHint, "all documents of the book together take more than %d steps, when asked for %v",
				wholeBookBudget, input.At(document, "/action/name"))
			return true
		}
		hint := "make one of them exclude the other, or give the value by one rule"
		if failure.Code != topdown.ConflictErr {
			hint = "test the value before the builtin sees it: the failure makes the whole answer a denial"
		}
		c.add(failure.Location, "conflict", hint, "%s, when asked for %v as %v", failure.Message,
			input.At(document, "/action/name"), input.At(document, "/subject/properties/role"))
		return true
	}
	return false
}

// wholeBook is everything that rules make: what is the same whatever is asked, as
// tables are, and what may depend on it. Each rule stands by itself, because OPA puts
// a document of many packages together once for each of them.
func wholeBook(c *ast.Compiler) (constant, drawn []ast.Ref) {
	reads := map[*ast.Rule]bool{}
	refs, varies := map[string]ast.Ref{}, map[string]bool{}
	for _, m := range c.Modules {
		for _, r := range m.Rules {
			if len(r.Head.Args) > 0 {
				continue
			}
			ref := r.Ref().GroundPrefix()
			refs[ref.String()] = ref
			varies[ref.String()] = varies[ref.String()] || readsInput(c, r, reads)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		if varies[name] {
			drawn = append(drawn, refs[name])
		} else {
			constant = append(constant, refs[name])
		}
	}
	return constant, drawn
}

// readsInput reports whether a rule, or one that it depends on, names the
// input; known is what was found before.
func readsInput(c *ast.Compiler, r *ast.Rule, known map[*ast.Rule]bool) bool {
	if reads, ok := known[r]; ok {
		return reads
	}
	reads := false
	ast.WalkTerms(r, func(t *ast.Term) bool {
		v, ok := t.Value.(ast.Var)
		reads = reads || ok && v.Equal(ast.InputRootDocument.Value)
		return reads
	})
	for part := r; part != nil; part = part.Else { // each has dependencies of its own
		for on := range c.Graph.Dependencies(part) {
			if other, ok := on.(*ast.Rule); ok && !reads {
				reads = readsInput(c, other, known)
			}
		}
	}
	known[r] = reads
	return reads
}

// said asks for lists of what each rule says, since one may say nothing.
func said(refs []ast.Ref) ast.Body {
	lists := make([]*ast.Term, len(refs))
	for i, ref := range refs {
		value := ast.VarTerm("value")
		lists[i] = ast.ArrayComprehensionTerm(value, ast.NewBody(ast.Equality.Expr(value, ast.NewTerm(ref))))
	}
	return ast.NewBody(ast.Equality.Expr(ast.VarTerm("said"), ast.ArrayTerm(lists...)))
}

func (c *checker) sampler(compiler *ast.Compiler) (*sampler, error) {
	results, err := rego.New(rego.Query(`x := {"rights": data.authz.tables.rights, "actions": object.keys(data.authz.tables.actions)}`),
		rego.Compiler(compiler)).Eval(c.ctx)
	if err != nil || len(results) != 1 {
		return nil, errors.Join(errors.New("the tables of rights and actions cannot be read"), err)
	}
	var t struct {
		Rights  map[string]map[string]string `json:"rights"`
		Actions []any                        `json:"actions"`
	}
	raw, err := json.Marshal(results[0].Bindings["x"])
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, err
	}
	roles := map[string]bool{"": true}
	for _, cells := range t.Rights {
		for role := range cells {
			roles[role] = true
		}
	}
	words := map[string][]any{"/action/name": append(t.Actions, "no.such.action")}
	for _, role := range slices.Sorted(maps.Keys(roles)) {
		words["/subject/properties/role"] = append(words["/subject/properties/role"], role)
	}
	return newSampler(c.modules, words, c.golden(compiler))
}

// golden finds whole inputs among the values of the tests, to begin from.
func (c *checker) golden(compiler *ast.Compiler) []map[string]any {
	results, err := rego.New(rego.Query("data.authz.golden_test"), rego.Compiler(compiler)).Eval(c.ctx)
	if err != nil || len(results) != 1 {
		return nil
	}
	all, _ := results[0].Expressions[0].Value.(map[string]any)
	var bases []map[string]any
	for _, name := range slices.Sorted(maps.Keys(all)) {
		document, ok := all[name].(map[string]any)
		if ok && document["subject"] != nil && document["context"] != nil {
			bases = append(bases, document)
		}
	}
	return bases
}

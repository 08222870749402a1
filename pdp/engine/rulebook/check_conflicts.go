package rulebook

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/input"
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
	query, err := rego.New(rego.ParsedQuery(c.wholeBook()), rego.Compiler(rules),
		rego.StrictBuiltinErrors(true)).PrepareForEval(c.ctx)
	if err != nil {
		c.addError("authz/authz.rego", "refused", err)
		return
	}
	for range s.pairs() + conflictSamples {
		if c.ctx.Err() != nil {
			return
		}
		document := s.next()
		_, err := query.Eval(c.ctx, rego.EvalInput(document), rego.EvalGenerateJSON(answer.RawTerm))
		var failure *topdown.Error
		if !errors.As(err, &failure) {
			continue
		}
		hint := "make one of them exclude the other, or give the value by one rule"
		if failure.Code != topdown.ConflictErr {
			hint = "test the value before the builtin sees it: the failure makes the whole answer a denial"
		}
		c.add(failure.Location, "conflict", hint, "%s, when asked for %v as %v", failure.Message,
			input.At(document, "/action/name"), input.At(document, "/subject/properties/role"))
		return
	}
}

// wholeBook asks for everything that rules make.
func (c *checker) wholeBook() ast.Body {
	roots := map[string]*ast.Term{}
	for _, m := range c.modules {
		roots[m.Package.Path[1].String()] = ast.NewTerm(m.Package.Path[:2])
	}
	var body ast.Body
	for i, name := range slices.Sorted(maps.Keys(roots)) {
		body.Append(ast.Equality.Expr(ast.VarTerm(fmt.Sprintf("root%d", i)), roots[name]))
	}
	return body
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

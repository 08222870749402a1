package prove

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/machine"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// parse reads the files of invariants. One that cannot be read is refused by its
// line, and takes no other with it.
func (p *prover) parse(own rulebook.Files) map[string]*ast.Module {
	modules := map[string]*ast.Module{}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		one, err := rulebook.Parse(rulebook.Files{name: own[name]})
		if err != nil {
			p.refuse(name, err)
			continue
		}
		maps.Copy(modules, one)
	}
	return modules
}

// compile compiles rules and invariants as they are written: that is what finds
// their faults, and what confirms a refutation. Invariants that do not compile are
// refused by their lines, and taken out of modules.
func (p *prover) compile(book *Book, modules map[string]*ast.Module) error {
	rules, err := rulebook.Parse(book.loaded.Files)
	if err != nil {
		return err
	}
	for {
		all := maps.Clone(rules)
		maps.Copy(all, modules)
		p.written = rulebook.NewCompiler(true)
		if p.written.Compile(all); !p.written.Failed() {
			return nil
		}
		left := len(modules)
		for _, fault := range p.written.Errors {
			if fault.Location != nil && modules[fault.Location.File] != nil {
				delete(modules, fault.Location.File)
				p.refuse(fault.Location.File, fault)
			}
		}
		if len(modules) == left {
			return fmt.Errorf("compile the invariants: %w", p.written.Errors)
		}
	}
}

// refuse notes a file of invariants that is none, by what OPA says of it.
func (p *prover) refuse(file string, err error) {
	kind, name, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(file, below), ".rego"), "/")
	i := &invariant{Kind: kind, Name: name, At: machine.Line{File: file, Row: 1}}
	problem, at := err.Error(), i.At
	var many ast.Errors
	if errors.As(err, &many) && len(many) > 0 {
		err = many[0]
	}
	var one *ast.Error
	if errors.As(err, &one) {
		problem = one.Message
		if one.Location != nil {
			at.Row = one.Location.Row
		}
	}
	p.refused = append(p.refused, i.refused(at, "it does not compile: %s", problem))
}

// fixed are the rules of a kind that are true or nothing.
var fixed = []string{"violated", "when", "then"}

// truth says which rule could be anything but true: what it says would be lost.
func (i *invariant) truth() (at *ast.Location, problem string) {
	for _, r := range i.module.Rules {
		name := r.Head.Ref().String()
		if !slices.Contains(fixed, name) {
			continue
		}
		if r.Default {
			return r.Location, fmt.Sprintf("`%s` has a default: it holds or is undefined", name)
		}
		for e := r; e != nil; e = e.Else {
			if e.Head.Value == nil || !e.Head.Value.Equal(ast.BooleanTerm(true)) {
				return e.Location, fmt.Sprintf("`%s` can only be true: write `%s if {…}`", name, name)
			}
		}
	}
	return nil, ""
}

// misread refuses a comparison of a member with a word that never stands there. The
// comparison is never true, and where it is negated always.
func (r *reader) misread(e *ast.Expr) {
	if !e.IsCall() || len(e.Operands()) != 2 {
		return
	}
	x, y := e.Operand(0), e.Operand(1)
	switch e.Operator().String() {
	case "equal", "neq", "eq", "internal.member_2":
		r.compared(x, y)
		r.compared(y, x)
	}
}

func (r *reader) compared(member, with *ast.Term) {
	ref, ok := member.Value.(ast.Ref)
	if !ok || !ref.HasPrefix(ast.InputRootRef) {
		return
	}
	name, _ := textsOf(ref[1:])
	n := r.space.Find(name)
	if n < 0 {
		return
	}
	table := namedBy[name]
	if r.space.Variables()[n].Open && (table == "" || r.inv.base) {
		return
	}
	if v, isVar := with.Value.(ast.Var); isVar {
		if rule := r.inv.rule(string(v)); rule != nil && rule.Head.Value != nil && len(rule.Body) == 1 && isTrue(rule.Body[0]) {
			with = rule.Head.Value
		}
	}
	for _, word := range constants(with) {
		if _, known := r.space.ValueOf(n, word); !known && table == "" {
			r.refuse(member.Location, "%s never stands at input.%s", word, name)
		} else if table != "" && !r.inv.base && !word.Equal(ast.StringTerm("")) && !r.tables.has(table, word) {
			r.refuse(member.Location, "%s has no row in the table %s, so that it says nothing of any request: it is vacuous", word, table)
		}
	}
}

// namedBy are the tables whose rows are the words of members that may be any text. An
// invariant that comes with Wardgate may name what a hospital does without.
var namedBy = map[string]string{"action.name": "actions", "subject.properties.role": "roles"}

// constants are the words that a term is, or of which a set or array consists.
func constants(t *ast.Term) []*ast.Term {
	switch v := t.Value.(type) {
	case ast.String, ast.Boolean:
		return []*ast.Term{t}
	case ast.Set:
		return onlyConstants(v.Slice())
	case *ast.Array:
		var all []*ast.Term
		v.Foreach(func(e *ast.Term) { all = append(all, e) })
		return onlyConstants(all)
	}
	return nil
}

func onlyConstants(all []*ast.Term) []*ast.Term {
	return slices.DeleteFunc(slices.Clone(all), func(t *ast.Term) bool {
		switch t.Value.(type) {
		case ast.String, ast.Boolean:
			return false
		}
		return true
	})
}

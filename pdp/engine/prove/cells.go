package prove

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp/engine/answer"
)

// tables are those of a book and of its sentinel, in an object.
type tables struct{ *ast.Term }

const allTables = `{"authz": data.authz.tables, "sentinel": data.sentinel.tables}`

func (p *prover) readTables(ctx context.Context) error {
	results, err := rego.New(rego.Query(allTables), rego.Compiler(p.written), rego.GenerateJSON(answer.RawTerm)).Eval(ctx)
	if err != nil {
		return fmt.Errorf("read the tables: %w", err)
	}
	if len(results) > 0 {
		p.tables.Term, _ = results[0].Expressions[0].Value.(*ast.Term)
	}
	if p.tables.Term == nil {
		return errors.New("read the tables: data.authz.tables or data.sentinel.tables is missing")
	}
	return nil
}

// has reports whether a table of the rules has a row of that name.
func (t tables) has(table string, name *ast.Term) bool {
	rows := t.Get(ast.StringTerm("authz")).Get(ast.StringTerm(table))
	return rows == nil || len(under(rows, name)) > 0
}

// find reports whether something stands where a reference points, and otherwise names
// what is missing. A variable stands for every row; where none stands yet, the place is
// there, and unfilled.
func (t tables) find(ref ast.Ref) (name string, there, unfilled bool) {
	at := []*ast.Term{t.Get(ref[1])}
	for n := len(tablesRef); n < len(ref); n++ {
		var next []*ast.Term
		for _, one := range at {
			next = append(next, under(one, ref[n])...)
		}
		switch {
		case len(next) > 0:
			at = next
		case !ref[n].IsGround() && !slices.ContainsFunc(at, func(one *ast.Term) bool { return !isEmpty(one) }):
			return "", true, true
		default:
			return ref[:n+1].String(), false, false
		}
	}
	return "", true, false
}

func isEmpty(t *ast.Term) bool {
	switch v := t.Value.(type) {
	case ast.Object:
		return v.Len() == 0
	case ast.Set:
		return v.Len() == 0
	case *ast.Array:
		return v.Len() == 0
	}
	return false
}

// under is what a step of a reference leads to.
func under(t, step *ast.Term) (list []*ast.Term) {
	all := ast.ValueName(step.Value) != "string" && ast.ValueName(step.Value) != "number"
	switch v := t.Value.(type) {
	case ast.Object:
		if !all {
			if one := v.Get(step); one != nil {
				list = append(list, one)
			}
			return list
		}
		v.Foreach(func(_, one *ast.Term) { list = append(list, one) })
	case ast.Set:
		if !all && v.Contains(step) {
			return []*ast.Term{step}
		}
		if all {
			return v.Slice()
		}
	case *ast.Array:
		if !all {
			if one := v.Get(step); one != nil {
				list = append(list, one)
			}
			return list
		}
		v.Foreach(func(one *ast.Term) { list = append(list, one) })
	}
	return list
}

// mostTables bounds how many changed tables are tried. Beyond it an invariant counts as
// one that can be broken: what was not found out refuses nothing.
const mostTables = 5_000

// tablesBreak reports whether a change of a table that the invariant reads breaks it.
func (p *prover) tablesBreak(ctx context.Context, i *invariant) bool {
	query, err := rego.New(rego.Query("data."+i.pkg+" with data.authz.tables as input.authz with data.sentinel.tables as input.sentinel"),
		rego.Compiler(p.written)).PrepareForEval(ctx)
	if err != nil {
		return true
	}
	tried := 0
	for changed := range i.otherTables(p.tables) {
		if tried++; tried > mostTables || ctx.Err() != nil {
			return true
		}
		results, err := query.Eval(ctx, rego.EvalParsedInput(changed.Value))
		if err != nil || len(results) == 0 {
			continue
		}
		said, _ := results[0].Expressions[0].Value.(map[string]any)
		if said["violated"] == true || said["when"] == true && said["then"] != true {
			return true
		}
	}
	return false
}

// otherTables are the book's with all numbers, words or truths the same, or with one
// table changed of those that an invariant reads.
func (i *invariant) otherTables(t tables) iter.Seq[*ast.Term] {
	numbers, words := i.made()
	for _, network := range []string{"0.0.0.0/0", "::/0"} {
		words = append(words, ast.StringTerm(network))
	}
	read := map[string]ast.Ref{}
	for _, rule := range i.module.Rules {
		ast.WalkRefs(rule, func(ref ast.Ref) bool {
			if len(ref) > len(tablesRef) && (ref.HasPrefix(tablesRef) || ref.HasPrefix(sentinelRef)) && ref[len(tablesRef)].IsGround() {
				read[ref[:len(tablesRef)+1].String()] = ref
			}
			return false
		})
	}
	c := cells{numbers: numbers, words: words}
	return func(yield func(*ast.Term) bool) {
		for _, to := range c.scalars() {
			if !yield(everywhere(t.Term, to)) {
				return
			}
		}
		for _, ref := range read {
			book, name := ref[1], ref[len(tablesRef)]
			whole := t.Get(book)
			for changed := range c.others(whole.Get(name)) {
				if !yield(with(t.Term, book, with(whole, name, changed))) {
					return
				}
			}
		}
	}
}

// with is an object with one pair put in, or left out where the value is nil.
func with(t, key, value *ast.Term) *ast.Term {
	changed := ast.NewObject()
	t.Value.(ast.Object).Foreach(func(k, v *ast.Term) {
		if !k.Equal(key) {
			changed.Insert(k, v)
		}
	})
	if value != nil {
		changed.Insert(key, value)
	}
	return ast.NewTerm(changed)
}

// cells changes tables: to the numbers and words that it has.
type cells struct{ numbers, words []*ast.Term }

// others are what could stand in the place of a table: all numbers, words or truths of it
// the same; one cell changed, left out or added; and nothing.
func (c cells) others(t *ast.Term) iter.Seq[*ast.Term] {
	return func(yield func(*ast.Term) bool) {
		if t == nil {
			return
		}
		for _, to := range c.scalars() {
			if !yield(everywhere(t, to)) {
				return
			}
		}
		for changed := range c.single(t) {
			if !yield(changed) {
				return
			}
		}
	}
}

func (c cells) scalars() []*ast.Term {
	return append(append([]*ast.Term{ast.BooleanTerm(true), ast.BooleanTerm(false)}, c.numbers...), c.words...)
}

// everywhere puts one scalar in the place of all of its kind. Names of rows stay.
func everywhere(t, to *ast.Term) *ast.Term {
	switch v := t.Value.(type) {
	case ast.Object:
		changed := ast.NewObject()
		v.Foreach(func(k, one *ast.Term) { changed.Insert(k, everywhere(one, to)) })
		return ast.NewTerm(changed)
	case ast.Set:
		changed := ast.NewSet()
		v.Foreach(func(one *ast.Term) { changed.Add(everywhere(one, to)) })
		return ast.NewTerm(changed)
	case *ast.Array:
		changed := ast.NewArray()
		v.Foreach(func(one *ast.Term) { changed = changed.Append(everywhere(one, to)) })
		return ast.NewTerm(changed)
	}
	if ast.ValueName(t.Value) == ast.ValueName(to.Value) {
		return to
	}
	return t
}

// single changes one cell.
func (c cells) single(t *ast.Term) iter.Seq[*ast.Term] {
	return func(yield func(*ast.Term) bool) {
		switch v := t.Value.(type) {
		case ast.Object:
			for _, key := range v.Keys() {
				if !yield(with(t, key, nil)) {
					return
				}
				for changed := range c.single(v.Get(key)) {
					if !yield(with(t, key, changed)) {
						return
					}
				}
			}
			if keys := v.Keys(); len(keys) > 0 {
				for _, word := range c.words {
					if !yield(with(t, word, v.Get(keys[0]))) {
						return
					}
				}
			}
			yield(ast.ObjectTerm())
		case ast.Set:
			for _, word := range c.words {
				if !yield(ast.NewTerm(v.Union(ast.NewSet(word)))) {
					return
				}
			}
			for _, one := range v.Slice() {
				if !yield(ast.NewTerm(v.Diff(ast.NewSet(one)))) {
					return
				}
			}
			yield(ast.SetTerm())
		case *ast.Array:
			for n := range v.Len() {
				for changed := range c.single(v.Elem(n)) {
					list := v.Copy()
					if list.Set(n, changed); !yield(ast.NewTerm(list)) {
						return
					}
				}
			}
			yield(ast.ArrayTerm())
		default:
			for _, to := range c.scalars() {
				if ast.ValueName(t.Value) == ast.ValueName(to.Value) && !yield(to) {
					return
				}
			}
		}
	}
}

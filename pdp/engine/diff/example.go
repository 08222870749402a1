package diff

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// example is a smallest input of a region, about which both books are asked. It is
// an error when OPA does not share what the analysis found.
func (c *comparison) example(ctx context.Context, effect string, r region) (Example, error) {
	e, _, _, err := c.ask(ctx, effect, &r)
	return e, err
}

// examples shows each change that some inputs of a region have by a smallest input, as
// few of them as show one another's. Of a region in which all inputs change alike there
// are none.
func (c *comparison) examples(ctx context.Context, effect string, r *region) (list []Shown, err error) {
	left := slices.DeleteFunc(slices.Clone(r.some), func(signed string) bool {
		return c.roots[signed[1:]] == nil // it is said in other words, and the example shows it
	})
	for len(left) > 0 {
		root := c.roots[left[0][1:]]
		side := c.d.And(root.new, c.d.Not(root.old))
		if left[0][0] == '-' {
			side = c.d.And(root.old, c.d.Not(root.new))
		}
		here := region{where: c.d.And(r.where, side), gained: r.gained, lost: r.lost}
		one, old, after, err := c.ask(ctx, effect, &here)
		if err != nil {
			return nil, err
		}
		shown, rest := Shown{Change: c.changeIn(effect, &old, &after), Example: one}, []string{}
		for _, signed := range left {
			was, is := old.Names[signed[1:]], after.Names[signed[1:]]
			if was != is && is == (signed[0] == '+') {
				shown.Shows = append(shown.Shows, signed)
			} else {
				rest = append(rest, signed)
			}
		}
		if len(rest) == len(left) {
			return nil, fmt.Errorf("OPA does not share that %s of %s: that is a fault of the analysis", left[0], one.Input)
		}
		shown.Shows = toldSome(shown.Shows)
		list, left = append(list, shown), rest
	}
	return list, nil
}

// changeIn is how two books compare for one input.
func (c *comparison) changeIn(effect string, old, after *prove.Answered) string {
	var r region
	for name := range c.roots {
		switch {
		case after.Names[name] && !old.Names[name]:
			r.gained = append(r.gained, name)
		case old.Names[name] && !after.Names[name]:
			r.lost = append(r.lost, name)
		}
	}
	if effect == DutiesLost || effect == DutiesGained || effect == DutiesChanged {
		effect = effectOf(&r)
	}
	return changeOf(effect, &r)
}

// ask asks both books about a smallest input of a region.
func (c *comparison) ask(ctx context.Context, effect string, r *region) (e Example, old, after prove.Answered, err error) {
	standing := c.standing(effect == VerdictsChanged)
	at, found := c.d.Smallest(r.where, func(variable, value int) int { return c.cost(standing, variable, value) })
	if !found {
		return e, old, after, fmt.Errorf("no input is of a class of %s: that is a fault of the analysis", effect)
	}
	input := c.Space.Document(at, standing)
	e.Situation = []string{}
	for i, v := range c.Space.Variables() {
		t := symbolic.Member(input.Value, v.Path)
		if blank := standing(v.Path); at[i] >= 0 && t != nil && (blank == nil || !blank.Equal(t)) {
			e.Situation = append(e.Situation, fmt.Sprintf("%s = %s", v.Path, t))
		}
	}
	plain, err := ast.JSON(input.Value)
	if err == nil {
		e.Input, err = json.Marshal(plain)
	}
	if err != nil {
		return e, old, after, err
	}
	if old, err = c.old.Ask(ctx, input.Value); err != nil {
		return e, old, after, fmt.Errorf("%s: %w", c.report.Old.Name, err)
	}
	if after, err = c.new.Ask(ctx, input.Value); err != nil {
		return e, old, after, fmt.Errorf("%s: %w", c.report.New.Name, err)
	}
	if name := unconfirmed(effect, r, &old, &after); name != "" {
		return e, old, after, fmt.Errorf("OPA does not share that %s of %s: that is a fault of the analysis", name, e.Input)
	}
	shown := func(a *prove.Answered) Answer {
		if effect == VerdictsChanged {
			return Answer{Verdicts: a.Verdicts}
		}
		return Answer{Answer: a.Answer, Rows: a.Rows, Columns: a.Columns}
	}
	e.Old, e.New = shown(&old), shown(&after)
	return e, old, after, nil
}

// unconfirmed is what OPA does not say of an example, "" when it says all of it.
func unconfirmed(effect string, r *region, old, after *prove.Answered) string {
	for _, a := range []*prove.Answered{old, after} {
		a.Names[reached] = a.Names["rows"] || !a.Names[condition]
	}
	for _, name := range r.gained {
		if old.Names[name] || !after.Names[name] {
			return name + " is gained"
		}
	}
	for _, name := range r.lost {
		if !old.Names[name] || after.Names[name] {
			return name + " is lost"
		}
	}
	allows := func(a *prove.Answered) bool { return a.Names["decision"] && !a.Names[prove.Failure] }
	switch {
	case effect == NewlyAllowed && (allows(old) || !allows(after)):
		return "it is newly allowed"
	case effect == NewlyDenied && (!allows(old) || allows(after)):
		return "it is newly denied"
	}
	return ""
}

// standing is what stands at a member of an input about which nothing is known: of a
// request by either book, or of the sentinel.
func (c *comparison) standing(sentinel bool) func(path string) *ast.Term {
	if !sentinel {
		old, after := c.old.Blank(), c.new.Blank()
		return func(path string) *ast.Term {
			if t := after(path); t != nil {
				return t
			}
			return old(path)
		}
	}
	first := map[string]*ast.Term{}
	for _, b := range c.Books {
		for _, m := range b.Loaded().Behaviour.Members() {
			first[m.Path] = ast.NewTerm(ast.MustInterfaceToValue(m.Values[0]))
		}
	}
	return func(path string) *ast.Term { return first[path] }
}

// cost prefers what stands in an input about which nothing is known, and then what
// a book names.
func (c *comparison) cost(standing func(string) *ast.Term, variable, value int) int {
	v := c.Space.Variables()[variable]
	t := v.Values[value]
	switch blank := standing(v.Path); {
	case t == nil, blank != nil && blank.Equal(t), v.AnyWord(), len(v.Words) > 0:
		return 0
	case v.Other(value):
		return 2
	}
	return 1
}

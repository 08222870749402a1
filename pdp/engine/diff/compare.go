package diff

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/conditions"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
	"github.com/wardgate/wardgate/pip"
)

// A Book is a rule book and how it is called.
type Book struct {
	Name  string
	Files rulebook.Files
}

// Compare finds out everything that differs between two rule books. A book that
// serving would refuse cannot be compared.
func Compare(ctx context.Context, before, after Book, points []pip.Section) (*Report, error) {
	begun := time.Now()
	var books []*prove.Book
	for _, b := range []Book{before, after} {
		opened, err := prove.Open(ctx, b.Files, points)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.Name, err)
		}
		books = append(books, opened)
	}
	c, err := compare(ctx, books, [2]string{before.Name, after.Name}, points)
	if err != nil {
		return nil, err
	}
	c.report.Duration = time.Since(begun)
	return c.report, ctx.Err()
}

func compare(ctx context.Context, books []*prove.Book, names [2]string, points []pip.Section) (*comparison, error) {
	c := &comparison{points: points, roots: map[string]*root{}, Analysis: prove.Analyse(books...)}
	c.old, c.new, c.d = c.Books[0], c.Books[1], c.Diagrams
	c.report = &Report{
		Old: Side{names[0], c.old.Revision()}, New: Side{names[1], c.new.Revision()}, Assumptions: prove.Assumptions(c.old, c.new),
		NotCompared: []NotCompared{}, Classes: []Class{}, Tables: []Cell{}, Rules: []Rule{}, Stale: []Allowance{},
	}
	// What one of the books alone takes for impossible is compared: that book denies it.
	either := c.d.Or(c.Possible(c.old), c.Possible(c.new))
	c.possible = c.d.And(c.d.And(either, c.d.And(c.Complete(c.old), c.Complete(c.new))), c.shared())
	c.behaviour = c.behaviours()
	c.say()
	c.writer = conditions.NewWriter(c.Space, c.d, c.d.And(c.possible, c.behaviour))
	for _, step := range []func(context.Context) error{c.tables, c.rules, c.classes, c.pairs} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	c.report.settle()
	return c, nil
}

// settle says whether anything differs, and whether that was allowed.
func (r *Report) settle() {
	r.OK, r.Equal = true, true
	note := func(allowed string) {
		r.Equal = false
		r.OK = r.OK && allowed != ""
	}
	for i := range r.Classes {
		note(r.Classes[i].Allowed)
	}
	for i := range r.Tables {
		if r.Tables[i].Outside {
			note(r.Tables[i].Allowed)
		}
	}
	for i := range r.NotCompared {
		note(r.NotCompared[i].Allowed)
	}
}

// A comparison is under way.
type comparison struct {
	*prove.Analysis
	d        *symbolic.Diagrams
	old, new *prove.Analysed
	points   []pip.Section

	possible  symbolic.Node // inputs of requests that can happen
	behaviour symbolic.Node // inputs of the sentinel that can happen
	roots     map[string]*root
	names     []string // of roots, in order
	terms     []*root
	oldAllows symbolic.Node
	newAllows symbolic.Node

	writer *conditions.Writer
	report *Report
	rights map[string][]string // of each action, by both books
}

// A root is one thing that the books say.
type root struct {
	name     string
	old, new symbolic.Node
}

// say gathers what both books say of the documents that both can be asked about.
func (c *comparison) say() {
	var skip []string
	for i, b := range c.Books {
		for _, u := range c.Said(b).Undecided {
			skip = append(skip, u.Name)
			c.notCompared(u.Name, "%s: %v", []string{c.report.Old.Name, c.report.New.Name}[i], u.Err)
		}
	}
	old, new := c.Said(c.old, skip...), c.Said(c.new, skip...)
	c.roots = joined(old.Roots, new.Roots)
	c.reach()
	c.names = slices.Sorted(maps.Keys(c.roots))
	for _, r := range joined(old.Terms, new.Terms) {
		if r.old != r.new {
			c.terms = append(c.terms, r)
		}
	}
	allows := func(side func(*root) symbolic.Node) symbolic.Node {
		allows := symbolic.No
		if r := c.roots["decision"]; r != nil {
			allows = side(r)
		}
		if r := c.roots[prove.Failure]; r != nil {
			allows = c.d.And(allows, c.d.Not(side(r)))
		}
		return allows
	}
	c.oldAllows = allows(func(r *root) symbolic.Node { return r.old })
	c.newAllows = allows(func(r *root) symbolic.Node { return r.new })
}

// reached is the root of the rows that are reached: those that the rules about rows
// let through, and all of them where an answer has no row condition.
const (
	reached   = "reached the row"
	condition = "obligation row_condition"
)

func (c *comparison) reach() {
	rows, duty := c.roots["rows"], c.roots[condition]
	if rows == nil {
		rows = &root{}
	}
	if duty == nil {
		duty = &root{}
	}
	c.roots[reached] = &root{
		name: reached, old: c.d.Or(rows.old, c.d.Not(duty.old)), new: c.d.Or(rows.new, c.d.Not(duty.new)),
	}
}

func joined(old, new []prove.Root) map[string]*root {
	all := map[string]*root{}
	for _, r := range old {
		all[r.Name] = &root{name: r.Name, old: r.Where}
	}
	for _, r := range new {
		if all[r.Name] == nil {
			all[r.Name] = &root{name: r.Name}
		}
		all[r.Name].new = r.Where
	}
	return all
}

func (c *comparison) notCompared(name, why string, args ...any) {
	n := NotCompared{Name: name, Why: fmt.Sprintf(why, args...)}
	n.ID = digest("not compared", n.Name, n.Why)
	c.report.NotCompared = append(c.report.NotCompared, n)
}

// shared are the inputs of which every word stands in the schemas of both books.
// What only one has is named.
func (c *comparison) shared() symbolic.Node {
	old, new := members(c.old), members(c.new)
	shared := symbolic.Yes
	for _, name := range slices.Sorted(maps.Keys(old)) {
		a, b := old[name], new[name]
		if b == nil {
			c.notCompared("input."+name, "only %s has this member; its rules are compared for everything that may stand there", c.report.Old.Name)
			continue
		}
		if a.Type == b.Type && slices.Equal(slices.Sorted(slices.Values(a.Words)), slices.Sorted(slices.Values(b.Words))) {
			continue
		}
		both := slices.DeleteFunc(slices.Clone(a.Words), func(w string) bool { return !slices.Contains(b.Words, w) })
		if a.Type != b.Type {
			both = append(slices.Clone(a.Words), b.Words...)
			c.notCompared("input."+name, "the schemas give it different types; compared where it is %v", both)
		}
		for side, lists := range map[string][2][]string{c.report.Old.Name: {a.Words, b.Words}, c.report.New.Name: {b.Words, a.Words}} {
			for _, w := range lists[0] {
				if a.Type == b.Type && !slices.Contains(lists[1], w) {
					c.notCompared(fmt.Sprintf("input.%s = %q", name, w), "only %s has this word, so that the other is never asked about it", side)
				}
			}
		}
		i := c.Space.Find(name)
		values := c.Space.Variables()[i].Values
		shared = c.d.And(shared, c.d.In(i, func(n int) bool {
			if values[n] == nil {
				return true
			}
			text, isText := values[n].Value.(ast.String)
			return !isText || slices.Contains(both, string(text))
		}))
	}
	for _, name := range slices.Sorted(maps.Keys(new)) {
		if old[name] == nil {
			c.notCompared("input."+name, "only %s has this member; its rules are compared for everything that may stand there", c.report.New.Name)
		}
	}
	slices.SortFunc(c.report.NotCompared, func(a, b NotCompared) int { return compareTexts(a.Name, b.Name, a.Why, b.Why) })
	return shared
}

func members(b *prove.Analysed) map[string]*pip.Member {
	all := map[string]*pip.Member{}
	b.Loaded().Layout.Sections(func(path string, s *pip.Section) {
		for i := range s.Members {
			all[path+"."+s.Members[i].Name] = &s.Members[i]
		}
	})
	return all
}

// behaviours are the inputs of the sentinel in which every member is there.
func (c *comparison) behaviours() symbolic.Node {
	whole := symbolic.Yes
	for _, b := range c.Books {
		for _, m := range b.Loaded().Behaviour.Members() {
			whole = c.d.And(whole, c.d.Not(c.d.Is(c.Space.Find(m.Path), 0)))
		}
	}
	return whole
}

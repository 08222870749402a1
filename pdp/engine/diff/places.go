package diff

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// placeOfCell is where a cell of a table stands: in the old book when only that
// has it.
func (c *comparison) placeOfCell(pkg string, steps []string, gone bool) Place {
	side := c.new
	if gone {
		side = c.old
	}
	at := locate(side, pkg, steps)
	at.Old = gone
	return at
}

// locate finds a cell as deep as the text of the table goes.
func locate(b *prove.Analysed, pkg string, steps []string) Place {
	modules, err := rulebook.Parse(b.Loaded().Files)
	if err != nil {
		return Place{}
	}
	for _, file := range slices.Sorted(maps.Keys(modules)) {
		m := modules[file]
		if packageOf(m) != pkg {
			continue
		}
		for _, r := range m.Rules {
			if r.Head.Ref().String() == steps[0] && r.Head.Value != nil {
				at := deepest(r, steps[1:])
				return Place{File: file, Line: at}
			}
		}
	}
	return Place{}
}

func packageOf(m *ast.Module) string { return strings.TrimPrefix(m.Package.Path.String(), "data.") }

// deepest is the line of the last step that stands in the text of a table.
func deepest(r *ast.Rule, steps []string) int {
	line, t := r.Location.Row, r.Head.Value
	for _, step := range steps {
		var next *ast.Term
		found := func(k, inner *ast.Term) {
			if textOf(k) == step {
				next = inner
				line = lineOf(k, line)
			}
		}
		switch v := t.Value.(type) {
		case ast.Object:
			v.Foreach(found)
		case ast.Set:
			v.Foreach(func(e *ast.Term) { found(e, e) })
		case *ast.Array:
			v.Foreach(func(e *ast.Term) {
				if rowName(e) == step || called(e, step) {
					next = e
					line = lineOf(e, line)
				}
			})
		}
		if next == nil {
			break
		}
		t = next
	}
	return line
}

// called: a row that a function makes of texts that are words of its name.
func called(e *ast.Term, name string) bool {
	call, ok := e.Value.(ast.Call)
	if !ok {
		return false
	}
	for _, word := range strings.Fields(name) {
		if !slices.ContainsFunc(call[1:], func(t *ast.Term) bool { return textOf(t) == word }) {
			return false
		}
	}
	return true
}

func lineOf(t *ast.Term, otherwise int) int {
	if t.Location != nil && t.Location.Row > 0 {
		return t.Location.Row
	}
	return otherwise
}

// rules finds the rules outside of tables that only one of the books has so.
func (c *comparison) rules(ctx context.Context) error {
	old, err := written(c.old)
	if err != nil {
		return err
	}
	after, err := written(c.new)
	if err != nil {
		return err
	}
	for _, side := range []struct {
		rules, others map[string]Rule
		old           bool
	}{{after, old, false}, {old, after, true}} {
		for _, key := range slices.Sorted(maps.Keys(side.rules)) {
			if _, both := side.others[key]; both {
				continue
			}
			r := side.rules[key]
			r.Place.Old = side.old
			c.report.Rules = append(c.report.Rules, r)
		}
	}
	slices.SortStableFunc(c.report.Rules, func(a, b Rule) int { return compareTexts(a.Place.File, b.Place.File) })
	return ctx.Err()
}

func written(b *prove.Analysed) (map[string]Rule, error) {
	modules, err := rulebook.Parse(b.Loaded().Files)
	if err != nil {
		return nil, err
	}
	rules := map[string]Rule{}
	for file, m := range modules {
		pkg := packageOf(m)
		if pkg == authzTables || pkg == sentinelTables {
			continue
		}
		for _, r := range m.Rules {
			one := Rule{Package: pkg, Name: r.Head.Ref().String(), Place: Place{File: file, Line: r.Location.Row}}
			ast.WalkTerms(r, func(t *ast.Term) bool {
				if text, ok := t.Value.(ast.String); ok {
					one.words = append(one.words, string(text))
				}
				return false
			})
			rules[pkg+"\x00"+r.String()] = one
		}
	}
	return rules, nil
}

// placesOf are the changed rows and rules that have most words in common with a
// class: what it changes, its actions, their rights, its roles.
func (c *comparison) placesOf(one *Class) []Place {
	words := map[string]bool{}
	for _, list := range [][]string{one.Gained, one.Lost, one.Some} {
		for _, said := range list {
			for _, w := range strings.FieldsFunc(said, func(r rune) bool { return r == ' ' || r == '+' || r == '.' }) {
				words[w] = true
			}
		}
	}
	about := func(list []string) {
		if len(list) <= 5 { // what is about all is about none
			for _, w := range list {
				words[w] = true
			}
		}
	}
	about(one.Actions)
	about(one.Roles)
	rights := map[string]bool{}
	for _, a := range one.Actions {
		for _, r := range c.rights[a] {
			rights[r] = true
		}
	}
	about(slices.Collect(maps.Keys(rights)))
	best, places := -1, []Place{}
	note := func(at Place, said ...string) {
		n := 0
		for _, w := range said {
			if words[w] {
				n++
			}
		}
		if n > best {
			best, places = n, nil
		}
		if n == best && !slices.Contains(places, at) {
			places = append(places, at)
		}
	}
	for i := range c.report.Tables {
		cell := &c.report.Tables[i]
		if !c.ruled(cell.Table) {
			continue
		}
		said := append(strings.Split(cell.Cell, "."), cell.Row, strings.Trim(string(cell.Old), `"`), strings.Trim(string(cell.New), `"`))
		note(cell.Place, said...)
	}
	for i := range c.report.Rules {
		note(c.report.Rules[i].Place, append(slices.Clone(c.report.Rules[i].words), c.report.Rules[i].Name)...)
	}
	return places[:min(len(places), maxPlaces)]
}

// maxPlaces of a class are named.
const maxPlaces = 8

// ruled reports whether some rule names a table, so that a row of it can be why a class
// changes.
func (c *comparison) ruled(table string) bool {
	short := []byte("tables." + table[strings.LastIndexByte(table, '.')+1:])
	for _, b := range c.Books {
		for file, content := range b.Loaded().Files {
			if !strings.Contains(file, "/tables/") && bytes.Contains(content, short) {
				return true
			}
		}
	}
	return false
}

// Relocate says where files of both books stand.
func (r *Report) Relocate(old, after func(file string) string) {
	moved := func(p *Place) {
		if p.Old {
			p.File = old(p.File)
		} else {
			p.File = after(p.File)
		}
	}
	for i := range r.Classes {
		for j := range r.Classes[i].Places {
			moved(&r.Classes[i].Places[j])
		}
	}
	for i := range r.Tables {
		moved(&r.Tables[i].Place)
	}
	for i := range r.Rules {
		moved(&r.Rules[i].Place)
	}
	r.entrypoint = after(entrypoint)
}

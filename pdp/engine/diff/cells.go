package diff

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/tables"
)

// The packages of tables.
const (
	authzTables    = "authz.tables"
	sentinelTables = "sentinel.tables"
)

// tables compares all tables cell by cell.
func (c *comparison) tables(ctx context.Context) error {
	var documents [2]map[string]*ast.Term
	c.rights = map[string][]string{}
	for i, b := range c.Books {
		documents[i] = map[string]*ast.Term{}
		for _, pkg := range []string{authzTables, sentinelTables} {
			t, err := tablesOf(ctx, b, pkg)
			if err != nil {
				return err
			}
			documents[i][pkg] = t
		}
		c.note(documents[i][authzTables])
	}
	for _, pkg := range []string{authzTables, sentinelTables} {
		old, after := cellsOf(documents[0][pkg]), cellsOf(documents[1][pkg])
		orders(old, after)
		all := maps.Clone(old)
		maps.Copy(all, after)
		for _, path := range slices.Sorted(maps.Keys(all)) {
			a, b := old[path], after[path]
			if a != nil && b != nil && a.Equal(b) {
				continue
			}
			cell, err := c.cell(pkg, path, a, b)
			if err != nil {
				return err
			}
			c.report.Tables = append(c.report.Tables, cell)
		}
	}
	return nil
}

func tablesOf(ctx context.Context, b *prove.Analysed, pkg string) (*ast.Term, error) {
	compiler, err := rulebook.Compile(b.Loaded().Files)
	if err != nil {
		return nil, err
	}
	results, err := rego.New(rego.Query("x := data."+pkg), rego.Compiler(compiler), rego.StrictBuiltinErrors(true),
		rego.GenerateJSON(answer.RawTerm)).Eval(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the tables of %s: %w", pkg, err)
	}
	if len(results) != 1 {
		return ast.NewTerm(ast.NewObject()), nil
	}
	found, _ := results[0].Bindings["x"].(*ast.Term)
	return found, nil
}

// note remembers which right each action needs.
func (c *comparison) note(document *ast.Term) {
	actions := document.Get(ast.StringTerm("actions"))
	if actions == nil {
		return
	}
	if o, ok := actions.Value.(ast.Object); ok {
		o.Foreach(func(k, row *ast.Term) {
			if right := row.Get(ast.StringTerm("right")); right != nil {
				c.rights[textOf(k)] = append(c.rights[textOf(k)], textOf(right))
			}
		})
	}
}

func (c *comparison) cell(pkg, path string, old, after *ast.Term) (Cell, error) {
	steps := strings.Split(path, "\x00")
	cell := Cell{Table: pkg + "." + steps[0], Outside: pkg == sentinelTables || tables.Outside(steps[0], c.points)}
	if len(steps) > 1 {
		cell.Row = steps[1]
		cell.Cell = strings.Join(steps[2:], ".")
	}
	var err error
	for _, side := range []struct {
		t    *ast.Term
		into *json.RawMessage
	}{{old, &cell.Old}, {after, &cell.New}} {
		*side.into = json.RawMessage("null")
		if side.t != nil && err == nil {
			*side.into, err = jsonOf(side.t)
		}
	}
	cell.ID = digest("cell", cell.Table, cell.Row, cell.Cell, string(cell.Old), string(cell.New))
	cell.Place = c.placeOfCell(pkg, steps, after == nil)
	return cell, err
}

func jsonOf(t *ast.Term) (json.RawMessage, error) {
	plain, err := ast.JSON(t.Value)
	if err != nil {
		return nil, err
	}
	return json.Marshal(plain)
}

// order ends the path of a cell that says in which order a list stands.
const order = "(order)"

// cellsOf are the cells of a document of tables, by their paths.
func cellsOf(document *ast.Term) map[string]*ast.Term {
	cells := map[string]*ast.Term{}
	var walk func(path string, t *ast.Term)
	below := func(path, key string) string { return strings.TrimPrefix(path+"\x00"+key, "\x00") }
	walk = func(path string, t *ast.Term) {
		switch v := t.Value.(type) {
		case ast.Object:
			if v.Len() == 0 && path != "" {
				cells[path] = t
			}
			v.Foreach(func(k, inner *ast.Term) { walk(below(path, textOf(k)), inner) })
		case ast.Set:
			if v.Len() == 0 {
				cells[path] = t
			}
			v.Foreach(func(e *ast.Term) { cells[below(path, textOf(e))] = ast.BooleanTerm(true) })
		case *ast.Array:
			list := []*ast.Term{}
			seen := map[string]int{}
			v.Foreach(func(e *ast.Term) {
				key := rowName(e)
				if seen[key]++; seen[key] > 1 {
					key = fmt.Sprintf("%s (%d)", key, seen[key])
				}
				list = append(list, ast.StringTerm(key))
				if _, isRow := e.Value.(ast.Object); isRow {
					walk(below(path, key), e)
					return
				}
				cells[below(path, key)] = ast.BooleanTerm(true)
			})
			cells[below(path, order)] = ast.ArrayTerm(list...)
		default:
			cells[path] = t
		}
	}
	walk("", document)
	return cells
}

// rowName is how a row of a list is known: a route by its method and path, another
// by its title, name or id.
func rowName(t *ast.Term) string {
	method, path := t.Get(ast.StringTerm("method")), t.Get(ast.StringTerm("path"))
	if method != nil && path != nil {
		name := textOf(method) + " " + textOf(path)
		if host := t.Get(ast.StringTerm("host")); host != nil && textOf(host) != "" {
			name = textOf(host) + " " + name
		}
		return name
	}
	for _, key := range []string{"title", "name", "id"} {
		if named := t.Get(ast.StringTerm(key)); named != nil {
			return textOf(named)
		}
	}
	return textOf(t)
}

// orders leaves out the orders of lists of which other rows differ anyway.
func orders(old, after map[string]*ast.Term) {
	for path := range old {
		if !strings.HasSuffix(path, order) {
			continue
		}
		a, b := old[path], after[path]
		if b == nil || !sorted(a).Equal(sorted(b)) {
			delete(old, path)
			delete(after, path)
		}
	}
	maps.DeleteFunc(after, func(path string, _ *ast.Term) bool { return strings.HasSuffix(path, order) && old[path] == nil })
}

func sorted(list *ast.Term) *ast.Term {
	if a, ok := list.Value.(*ast.Array); ok {
		return ast.NewTerm(a.Sorted())
	}
	return list
}

func textOf(t *ast.Term) string {
	if text, ok := t.Value.(ast.String); ok {
		return string(text)
	}
	return t.String()
}

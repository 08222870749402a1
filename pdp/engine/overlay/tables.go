package overlay

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/tables"
)

// Beside ends the name of a file of the overlay whose place in the tree is taken by
// what is left of the base's.
const Beside = "_overlay"

// An assembly is one attempt to put an overlay on a base.
type assembly struct {
	faults
	base, tree    rulebook.Files
	texts         rulebook.Files         // of the overlay
	modules, over map[string]*ast.Module // of the base and of the overlay
	written       map[string]string      // what the tree has of the overlay: by path there, the path here
}

// A table is one of an overlay's.
type table struct {
	name string
	file string
	rule *ast.Rule
	adds bool // rows to the base's
}

// tables puts the overlay's tables of one package into the tree.
func (a *assembly) tables(pkg string) {
	own := a.ownTables(pkg)
	if own == nil {
		return
	}
	standing, err := valuesOf(a.modules, pkg)
	if err != nil {
		a.add("", 0, "the tables of the base cannot be read", "run `wardgate policy check` on it: %s", err)
		return
	}
	replaced := map[string]bool{}
	var adding []table
	for _, t := range own {
		a.allow(t, standing)
		switch {
		case t.adds:
			adding = append(adding, t)
		case standing[t.name] != nil:
			replaced[t.name] = true
		}
	}
	if len(a.faults) > 0 {
		return
	}
	a.dropTests(pkg, replaced)
	a.cutBase(pkg, replaced, adding)
	a.writeTables(pkg)
}

// ownTables are the overlay's tables of a package, by name; nil for none. It finds
// what is no table.
func (a *assembly) ownTables(pkg string) map[string]table {
	var own map[string]table
	for _, file := range slices.Sorted(maps.Keys(a.over)) {
		m := a.over[file]
		if isTest(file) || strings.ReplaceAll(path.Dir(file), "/", ".") != pkg {
			continue
		}
		if own == nil {
			own = map[string]table{}
		}
		a.checkModule(file, m, pkg)
		for _, i := range m.Imports {
			a.add(file, i.Location.Row, "a table imports nothing", "write what it says")
		}
		for _, r := range m.Rules {
			name := ruleName(r)
			before, twice := own[name]
			switch {
			case private(name) && !r.Default && len(r.Head.Ref()) == 1:
			case !plain(r):
				a.add(file, r.Location.Row, fmt.Sprintf("%s is no whole table", name), "write `%s := {…}`, without a condition: an overlay replaces tables whole", name)
			case twice:
				a.add(file, r.Location.Row, fmt.Sprintf("the table %s stands in %s:%d too", name, before.file, before.rule.Location.Row), "write it once")
			default:
				own[name] = table{name: name, file: file, rule: r}
			}
		}
	}
	for name, t := range own {
		t.adds, _ = custom(t.rule)["adds_rows"].(bool)
		own[name] = t
	}
	return own
}

// plain reports whether a rule is `name := value` and nothing else.
func plain(r *ast.Rule) bool {
	return len(r.Head.Ref()) == 1 && r.Head.Key == nil && len(r.Head.Args) == 0 && r.Else == nil && !r.Default && r.Head.Value != nil &&
		r.Head.Assign && unconditional(r)
}

func unconditional(r *ast.Rule) bool {
	return r.Body.Equal(ast.NewBody(ast.NewExpr(ast.BooleanTerm(true))))
}

// allow holds a table against the one that the base has.
func (a *assembly) allow(t table, standing map[string]ast.Value) {
	base, known := standing[t.name]
	said, replaces := custom(t.rule)["replaces"].(string)
	line := t.rule.Location.Row
	digestHere := ""
	if known {
		digestHere = digest(base)
	}
	switch {
	case replaces && t.adds:
		a.add(t.file, line, fmt.Sprintf("the table %s says both replaces and adds_rows", t.name), "choose one: a table that is replaced has all of its rows")
	case !known && (replaces || t.adds):
		a.add(t.file, line, fmt.Sprintf("the base has no table %s%s", t.name, tables.Near(t.name, slices.Sorted(maps.Keys(standing)))),
			"correct the name; a table of your own names nothing that it replaces. `wardgate policy assemble BASE --digests` lists the base's tables")
	case known && !replaces && !t.adds:
		a.add(t.file, line, fmt.Sprintf("the base has a table %s, and this one does not say that it replaces it", t.name),
			"above the table, write METADATA with `custom: {replaces: %q}` if it was made from that one, or `custom: {adds_rows: true}` to add rows", digestHere)
	case replaces && said != digestHere:
		a.add(t.file, line, fmt.Sprintf("the base's table %s is not the one that this table was made from", t.name),
			"see what changed (`wardgate policy diff OLD_BASE BASE`), take over what you want, then write `replaces: %q`", digestHere)
	case t.adds:
		a.checkRows(t, base)
	}
}

// checkRows finds rows that the base has, and tables to which none can be added.
func (a *assembly) checkRows(t table, base ast.Value) {
	file, line := t.file, t.rule.Location.Row
	const hint = "rows are written out, each under a key that the base does not have; a table of another kind is replaced whole"
	written := baseRule(a.modules, packageName(a.over[file]), t.name)
	if written == nil || !plain(written) || kindOf(written.Head.Value.Value) == "" || kindOf(written.Head.Value.Value) != kindOf(t.rule.Head.Value.Value) {
		a.add(file, line, fmt.Sprintf("no rows can be added to the table %s so", t.name), hint)
		return
	}
	there := func(k *ast.Term, at *ast.Location) {
		word, isText := k.Value.(ast.String)
		switch {
		case !isText:
			a.add(file, at.Row, fmt.Sprintf("a row of %s has no name that is written as text", t.name), hint)
		case has(base, k):
			a.add(file, at.Row, fmt.Sprintf("the base's table %s has a row %q of its own", t.name, string(word)), "remove the row, or replace the table whole")
		}
	}
	switch v := t.rule.Head.Value.Value.(type) {
	case ast.Object:
		v.Foreach(func(k, _ *ast.Term) { there(k, k.Location) })
	case ast.Set:
		v.Foreach(func(k *ast.Term) { there(k, k.Location) })
	}
}

// kindOf is which of the three kinds of written tables a value is.
func kindOf(v ast.Value) string {
	switch v.(type) {
	case ast.Object:
		return "object"
	case ast.Set:
		return "set"
	case *ast.Array:
		return "array"
	}
	return ""
}

func has(table ast.Value, key *ast.Term) bool {
	switch v := table.(type) {
	case ast.Object:
		return v.Get(key) != nil
	case ast.Set:
		return v.Contains(key)
	}
	return false
}

// dropTests takes the tests of what was delivered out, with the tables that they
// are about: FILE_test.rego beside a FILE.rego of which a table is replaced.
func (a *assembly) dropTests(pkg string, replaced map[string]bool) {
	for file, m := range a.modules {
		if packageName(m) == pkg && !isTest(file) && slices.ContainsFunc(m.Rules, func(r *ast.Rule) bool { return replaced[ruleName(r)] }) {
			delete(a.tree, strings.TrimSuffix(file, ".rego")+"_test.rego")
		}
	}
}

// cutBase takes the replaced tables out of the base's files, with what only they
// were made with, and adds rows to others.
func (a *assembly) cutBase(pkg string, replaced map[string]bool, adding []table) {
	idle := a.idle(pkg, replaced)
	for _, file := range slices.Sorted(maps.Keys(a.modules)) {
		m := a.modules[file]
		if packageName(m) != pkg || isTest(file) {
			continue
		}
		var edits []edit
		left := 0
		for _, r := range m.Rules {
			name := ruleName(r)
			if replaced[name] || idle[name] {
				edits = append(edits, cut(a.base[file], r.Location))
				continue
			}
			left++
			for _, t := range adding {
				if t.name == name {
					edits = append(edits, a.addRows(file, r, t))
				}
			}
		}
		switch {
		case len(edits) == 0:
		case left == 0:
			delete(a.tree, file)
		default:
			a.tree[file] = a.formatted(file, apply(a.base[file], edits))
			a.checkAdded(file, m, adding)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(a.over)) {
		if packageName(a.over[file]) != pkg || isTest(file) {
			continue
		}
		for _, r := range a.over[file].Rules {
			if name := ruleName(r); private(name) && !idle[name] && baseRule(a.modules, pkg, name) != nil {
				a.add(file, r.Location.Row, fmt.Sprintf("the base's tables have a %s of their own", name), "give this one another name")
			}
		}
	}
}

// idle are the private rules of a package that only replaced tables need.
func (a *assembly) idle(pkg string, replaced map[string]bool) map[string]bool {
	rules := map[string][]*ast.Rule{}
	var reached []string
	for file, m := range a.modules {
		if packageName(m) != pkg || isTest(file) {
			continue
		}
		for _, r := range m.Rules {
			name := ruleName(r)
			rules[name] = append(rules[name], r)
			if !private(name) && !replaced[name] {
				reached = append(reached, name)
			}
		}
	}
	if len(replaced) == 0 {
		return nil
	}
	kept := map[string]bool{}
	own := map[string]bool{}
	for file, m := range a.over {
		if packageName(m) != pkg || isTest(file) {
			continue
		}
		for _, r := range m.Rules {
			own[ruleName(r)] = true
		}
		for _, r := range m.Rules {
			reached = append(reached, slices.DeleteFunc(names(r), func(name string) bool { return own[name] })...)
		}
	}
	for len(reached) > 0 {
		name := reached[0]
		if reached = reached[1:]; kept[name] || replaced[name] {
			continue
		}
		kept[name] = true
		for _, r := range rules[name] {
			reached = append(reached, names(r)...)
		}
	}
	idle := map[string]bool{}
	for name := range rules {
		if private(name) && !kept[name] {
			idle[name] = true
		}
	}
	return idle
}

// writeTables puts the overlay's files of a package into the tree, without the rows
// that now stand in the base's. A file whose place is taken by what is left of the
// base's stands beside it.
func (a *assembly) writeTables(pkg string) {
	titled := false // OPA wants one METADATA for a package
	for file, m := range a.modules {
		titled = titled || packageName(m) == pkg && a.tree[file] != nil && aboutPackage(m)
	}
	for _, file := range slices.Sorted(maps.Keys(a.over)) {
		m := a.over[file]
		if packageName(m) != pkg || isTest(file) {
			continue
		}
		content := a.overText(m)
		var edits []edit
		left := 0
		for _, r := range m.Rules {
			if adds, _ := custom(r)["adds_rows"].(bool); adds {
				edits = append(edits, cut(content, r.Location))
				continue
			}
			left++
		}
		if left == 0 {
			continue
		}
		if aboutPackage(m) && titled {
			edits = append(edits, comments(content, m.Package.Location.Offset))
		}
		titled = titled || aboutPackage(m)
		place := file
		if a.tree[place] != nil {
			place = strings.TrimSuffix(file, ".rego") + Beside + ".rego"
		}
		if len(edits) > 0 {
			content = a.formatted(file, apply(content, edits))
		}
		a.put(file, place, content)
	}
}

// put writes a file of the overlay into the tree, where there is none.
func (a *assembly) put(file, place string, content []byte) {
	if a.tree[place] != nil {
		a.add(file, 0, fmt.Sprintf("the base has a file %s", place), "give this one another name")
		return
	}
	a.tree[place], a.written[place] = content, file
}

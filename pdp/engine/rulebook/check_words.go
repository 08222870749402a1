package rulebook

import (
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/tables"
)

// Where words of the tables are read that no schema lists.
const (
	actionPath = "input.action.name"
	rolePath   = "input.subject.properties.role"
	typePath   = "input.resource.type"
	rightPath  = "data.authz.ask.right"
	reachPath  = "data.authz.ask.reach"
)

// schemaWord is where the words of a schema come from.
const schemaWord = "the schema of the input"

// A vocabulary is the words that a place may hold. Open ones are not all: only a
// word that is nearly one of them is a slip.
type vocabulary struct {
	words []string
	open  bool
	any   bool   // no word is a slip
	what  string // "the schema of the input", "actions"
}

// A reader of words knows what may stand where, and what is written where.
type words struct {
	*checker
	places    map[string]vocabulary // by path, of the modules below one root
	constants map[string]ast.Value  // rules that are a value, by path
	compared  map[string]bool       // every text that rules compare something with
	reaches   map[string]bool       // every text that rules compare a reach with
}

// checkWords holds every literal of the rules against the words that can be
// there: a comparison with another word is a rule that never fires, or always.
func (c *checker) checkWords(t *tables.Tables, doc *rightsTables) {
	w := &words{checker: c, constants: c.constantRules(), compared: map[string]bool{}, reaches: map[string]bool{}}
	authz := c.placesOf("authz", t, doc)
	for _, name := range slices.Sorted(maps.Keys(c.modules)) {
		m := c.modules[name]
		switch root, _, _ := strings.Cut(packageName(m), "."); root {
		case "authz", "records":
			w.places = authz
		default:
			w.places = c.placesOf(root, nil, nil)
		}
		for _, r := range m.Rules {
			w.rule(m, r)
		}
	}
	w.cells(doc)
	c.checkSlips(authz)
	c.checkRemedyWords(authz)
}

// placesOf are the places of the input that have a list of words, by the schema
// of a root package and by the tables.
func (c *checker) placesOf(root string, t *tables.Tables, doc *rightsTables) map[string]vocabulary {
	places := map[string]vocabulary{}
	schemas, err := readSchemas(c.modules, root)
	if err != nil {
		return places
	}
	var walk func(path string, at *schema)
	walk = func(path string, at *schema) {
		for name, next := range at.Properties {
			walk(path+"."+name, next)
		}
		var list []string
		for _, v := range at.Enum {
			if word, ok := v.(string); ok {
				list = append(list, word)
			}
		}
		// A place without a list may hold any word.
		places[path] = vocabulary{words: list, any: len(list) == 0, what: schemaWord}
	}
	for _, s := range schemas {
		walk("input", s)
	}
	if t == nil {
		return places
	}
	places[actionPath] = vocabulary{words: append(slices.Sorted(maps.Keys(doc.Actions)), ""), what: "actions"}
	places[rolePath] = vocabulary{words: append(t.House.Roles.Names(), ""), what: "roles"}
	places[rightPath] = vocabulary{words: slices.Sorted(maps.Keys(doc.Rights)), what: "rights"}
	reach := slices.Clone(tables.Reaches)
	types := map[string]bool{}
	for _, cells := range doc.Rights {
		reach = append(reach, slices.Sorted(maps.Values(cells))...)
	}
	for _, row := range doc.Routes {
		types[row.Resource] = true
	}
	places[reachPath] = vocabulary{words: reach, what: "rights"}
	places[typePath] = vocabulary{words: slices.Sorted(maps.Keys(types)), open: true, what: "routes"}
	return places
}

// constantRules are rules that are one value and nothing else.
func (c *checker) constantRules() map[string]ast.Value {
	found := map[string]ast.Value{}
	for _, m := range c.modules {
		for _, r := range m.Rules {
			if r.Head.Value == nil || r.Head.Key != nil || len(r.Head.Args) > 0 || !always(r) {
				continue
			}
			switch r.Head.Value.Value.(type) {
			case ast.Object, ast.Set, *ast.Array, ast.String:
				found["data."+packageName(m)+"."+ruleName(r)] = r.Head.Value.Value
			}
		}
	}
	return found
}

// always: the rule has no condition.
func always(r *ast.Rule) bool {
	return len(r.Body) == 0 || len(r.Body) == 1 && r.Body[0].Equal(ast.NewExpr(ast.BooleanTerm(true)))
}

// rule looks through all comparisons of one rule.
func (w *words) rule(m *ast.Module, r *ast.Rule) {
	s := newScope(m, r, w.constants)
	ast.WalkBodies(r, func(body ast.Body) bool {
		w.exclusive(s, body)
		return false
	})
	ast.WalkExprs(r, func(e *ast.Expr) bool {
		for _, k := range s.comparisons(e) {
			w.comparison(e.Location, k)
		}
		for _, t := range s.asked(e) {
			w.compared[literal(t)] = true
		}
		return false
	})
	ast.WalkRefs(r, func(ref ast.Ref) bool {
		w.lookup(s, ref)
		return false
	})
}

func (w *words) comparison(at *ast.Location, k comparison) {
	for _, t := range k.literals {
		if k.path == reachPath {
			w.reaches[literal(t)] = true
		}
		w.word(at, k.path, t)
	}
}

// word holds one literal against the words of its place. at is where it is
// compared, for one that has no place of its own.
func (w *words) word(at *ast.Location, path string, t *ast.Term) {
	v, known := w.places[path]
	word := literal(t)
	if !known || v.any || slices.Contains(v.words, word) || v.open && tables.Meant(word, v.words) == "" {
		return
	}
	if t.Location != nil && t.Location.File != "" {
		at = t.Location
	}
	w.add(at, "unknown_word", "write a word that can be there: with this one the rule never fires, or always",
		"%s is never %q: %s has no such word%s", path, word, v.what, tables.Near(word, v.words))
}

// lookup finds rows of a table that no value of the key can reach.
func (w *words) lookup(s *scope, ref ast.Ref) {
	for i := 1; i < len(ref); i++ {
		table, ok := w.constants[s.path(ref[:i])]
		if !ok {
			continue
		}
		path := s.termPath(ref[i])
		if path == "" {
			return
		}
		each := func(k *ast.Term) {
			if _, isText := k.Value.(ast.String); isText {
				w.word(ref[0].Location, path, k)
			}
		}
		switch table := table.(type) {
		case ast.Object:
			table.Foreach(func(k, _ *ast.Term) { each(k) })
		case ast.Set:
			table.Foreach(each)
		}
		return
	}
}

// exclusive finds members of the input that one body wants to be two things.
func (w *words) exclusive(s *scope, body ast.Body) {
	wanted := map[string][]string{}
	for _, e := range body {
		if e.Negated || len(e.With) > 0 {
			continue
		}
		for _, k := range s.comparisons(e) {
			if !k.is || len(k.literals) == 0 {
				continue
			}
			var list []string
			for _, t := range k.literals {
				list = append(list, literal(t))
			}
			before, asked := wanted[k.path]
			if both := slices.DeleteFunc(slices.Clone(list), func(x string) bool { return !slices.Contains(before, x) }); asked {
				if len(both) == 0 {
					w.add(e.Location, "exclusive", "write two rules, or ask `in {…}`: a body holds only when all of it does",
						"%s cannot be %s and %s at once: the rule never fires", k.path, either(before), either(list))
				}
				list = both
			}
			wanted[k.path] = list
		}
	}
}

func either(list []string) string { return `"` + strings.Join(list, `" or "`) + `"` }

// cells holds the words in cells of tables against the rules that compare them.
func (w *words) cells(doc *rightsTables) {
	for _, right := range slices.Sorted(maps.Keys(doc.Rights)) {
		for role, reach := range doc.Rights[right] {
			if !slices.Contains(tables.Reaches, reach) && !w.reaches[reach] {
				w.add(w.table("rights").place(right), "unknown_word", "write a word that a rule asks for",
					"rights.%s: no rule knows how far %q reaches, which %q has%s", right, reach, role, tables.Near(reach, tables.Reaches))
			}
		}
	}
	for _, right := range slices.Sorted(maps.Keys(doc.Hours)) {
		for role, need := range doc.Hours[right] {
			if !w.compared[need] {
				w.add(w.table("hours").place(right), "unknown_word", "write a word that a rule asks for: with this one nothing is limited",
					"hours.%s: no rule knows %q, which stands for %q%s", right, need, role, tables.Near(need, slices.Sorted(maps.Keys(w.compared))))
			}
		}
	}
}

// checkRemedyWords holds the paths and words of remedies against the schema.
func (c *checker) checkRemedyWords(places map[string]vocabulary) {
	at := c.table("remedies")
	for i, row := range c.remedies {
		check := func(pointer, word string) {
			v := places["input"+strings.ReplaceAll(pointer, "/", ".")]
			if len(v.words) > 0 && !slices.Contains(v.words, word) {
				c.add(at.row(i), "unknown_word", "write a word that can be there", "remedies: %s is never %q%s", pointer, word, tables.Near(word, v.words))
			}
		}
		c.checkPointers(at.row(i), &row, places)
		for _, pointer := range slices.Sorted(maps.Keys(row.When)) {
			for _, word := range row.When[pointer] {
				check(pointer, word)
			}
		}
		for _, pointer := range slices.Sorted(maps.Keys(row.Set)) {
			if word, isText := row.Set[pointer].(string); isText {
				check(pointer, word)
			}
		}
		for _, pointer := range slices.Sorted(maps.Keys(row.TurnsOut)) {
			for _, v := range row.TurnsOut[pointer] {
				if word, isText := v.(string); isText {
					check(pointer, word)
				}
			}
		}
	}
}

// checkPointers finds paths of a remedy that the input has not got: it would
// never be advised, or change nothing.
func (c *checker) checkPointers(at *ast.Location, row *tables.Remedy, places map[string]vocabulary) {
	pointers := map[string]bool{}
	for place := range places {
		pointers[strings.ReplaceAll(strings.TrimPrefix(place, "input"), ".", "/")] = true
	}
	known := slices.Sorted(maps.Keys(pointers))
	for _, pointer := range slices.Sorted(maps.Keys(row.When)) {
		if !pointers[pointer] {
			c.add(at, "unknown_word", "write a path of the input", "remedies: when: the input has no %q%s", pointer, tables.Near(pointer, known))
		}
	}
	for _, pointer := range slices.Sorted(maps.Keys(row.Set)) {
		if !pointers[pointer] {
			c.add(at, "unknown_word", "write a path of the input", "remedies: set: the input has no %q%s", pointer, tables.Near(pointer, known))
		}
	}
	for _, pointer := range slices.Sorted(maps.Keys(row.TurnsOut)) {
		if !pointers[pointer] {
			c.add(at, "unknown_word", "write a path of the input", "remedies: turns_out: the input has no %q%s", pointer, tables.Near(pointer, known))
		}
	}
}

package rulebook

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A tableText is where a table and its rows stand.
type tableText struct {
	at    *ast.Location
	value ast.Value
	rule  *ast.Rule // nil when there is no such table
}

// table finds a table of package authz.tables by name.
func (c *checker) table(name string) tableText { return c.tableIn("authz.tables", name) }

func (c *checker) tableIn(pkg, name string) tableText {
	for _, m := range c.modules {
		if packageName(m) != pkg {
			continue
		}
		for _, r := range m.Rules {
			if ruleName(r) == name && r.Head.Value != nil {
				return tableText{r.Location, r.Head.Value.Value, r}
			}
		}
	}
	return tableText{at: &ast.Location{File: strings.ReplaceAll(pkg, ".", "/")}}
}

// place is where the row of that name stands, or the table.
func (t tableText) place(key string) *ast.Location {
	found := t.at
	visit := func(k *ast.Term) {
		if s, ok := k.Value.(ast.String); ok && string(s) == key {
			found = k.Location
		}
	}
	switch v := t.value.(type) {
	case ast.Object:
		v.Foreach(func(k, _ *ast.Term) { visit(k) })
	case ast.Set:
		v.Foreach(visit)
	}
	return found
}

// row is where row i of a list stands.
func (t tableText) row(i int) *ast.Location {
	if list, ok := t.value.(*ast.Array); ok && i < list.Len() && list.Elem(i).Location != nil {
		return list.Elem(i).Location
	}
	return t.at
}

// word is where a text of the table stands, or at.
func (t tableText) word(text string, at *ast.Location) *ast.Location {
	if t.rule == nil {
		return at
	}
	var found []*ast.Location
	ast.WalkTerms(t.rule, func(term *ast.Term) bool {
		if text != "" && literal(term) == text && term.Location != nil && term.Location.Row > 0 {
			found = append(found, term.Location)
		}
		return false
	})
	for _, l := range found {
		if l.Row == at.Row { // the row says which of several
			return l
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return at
}

var quotedWord = regexp.MustCompile(`"([^"]+)"`)

// placeOf is where a fault of a table is: the text begins with the table, and
// with its row behind a full stop, and may quote the word that is wrong.
func (c *checker) placeOf(fault string) *ast.Location {
	pkg, rest, named := strings.Cut(fault, ": ")
	if !named || !strings.HasSuffix(pkg, ".tables") {
		pkg, rest = "authz.tables", fault
	}
	place, _, _ := strings.Cut(rest, ":")
	name, key, _ := strings.Cut(place, ".")
	name, _, _ = strings.Cut(name, " ") // "routes is missing"
	name, index, _ := strings.Cut(name, "[")
	t := c.tableIn(pkg, name)
	at := t.place(key)
	if i, err := strconv.Atoi(strings.TrimSuffix(index, "]")); err == nil {
		at = t.row(i)
	}
	if at == t.at { // "rights.Add patient.doctor"
		row, _, _ := strings.Cut(key, ".")
		at = t.place(row)
	}
	var words []string
	for _, q := range quotedWord.FindAllStringSubmatch(rest, -1) {
		words = append(words, q[1])
	}
	for _, word := range strings.Fields(rest) { // a route is named by its path
		if word = strings.TrimSuffix(word, ":"); strings.HasPrefix(word, "/") {
			words = append(words, word)
		}
	}
	for _, word := range words {
		if found := t.word(word, at); found != at {
			return found
		}
	}
	return at
}

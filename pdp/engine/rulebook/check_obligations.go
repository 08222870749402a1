package rulebook

import (
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/tables"
)

// neverWithheld is what to do about a rule that hides allergies.
const neverWithheld = "remove it: allergies are never withheld from those who treat a patient, for a hidden allergy kills"

// checkObligations looks at every obligation that a rule writes: whether an
// enforcement point knows it and its properties, and what it would hide.
func (c *checker) checkObligations(columns []string) {
	known := slices.Sorted(maps.Keys(pdp.ObligationWords))
	for _, name := range slices.Sorted(maps.Keys(c.modules)) {
		if !strings.HasPrefix(packageName(c.modules[name]), "authz") || packageName(c.modules[name]) == "authz.tables" {
			continue
		}
		ast.WalkTerms(c.modules[name], func(t *ast.Term) bool {
			o, ok := t.Value.(ast.Object)
			if !ok {
				return false
			}
			id, properties := o.Get(ast.StringTerm("id")), o.Get(ast.StringTerm("properties"))
			if id == nil || o.Get(ast.StringTerm("type")) == nil {
				return false
			}
			word, isText := id.Value.(ast.String)
			switch {
			case !isText:
			case !slices.Contains(known, string(word)):
				c.add(id.Location, "unknown_word", "correct the name: an obligation that is not known denies",
					"no enforcement point knows the obligation %q%s", string(word), tables.Near(string(word), known))
			case properties != nil:
				c.checkProperties(string(word), properties, columns)
			}
			return false
		})
	}
}

func (c *checker) checkProperties(id string, properties *ast.Term, columns []string) {
	o, ok := properties.Value.(ast.Object)
	if !ok {
		return
	}
	known := pdp.ObligationWords[id]
	o.Foreach(func(k, v *ast.Term) {
		name, isText := k.Value.(ast.String)
		if isText && !slices.Contains(known, string(name)) {
			c.add(k.Location, "unknown_word", "correct the name: an obligation that cannot be read whole denies",
				"the obligation %s has no property %q%s", id, string(name), tables.Near(string(name), known))
		}
		for _, text := range texts(v) {
			word := literal(text)
			switch {
			case id == "withhold" && !slices.Contains(columns, word):
				c.add(text.Location, "unknown_word", "correct the name", "%q is no column of records%s", word, tables.Near(word, columns))
			case id == "withhold" && word == tables.Allergies, id == "mask_response" && string(name) == "pointers" && tables.HidesAllergies(word):
				c.add(text.Location, "allergies", neverWithheld, "the obligation %s would withhold allergies: %q", id, word)
			}
		}
	})
}

// texts are the texts that a written list or set holds.
func texts(t *ast.Term) (list []*ast.Term) {
	ast.WalkTerms(t, func(t *ast.Term) bool {
		switch t.Value.(type) {
		case ast.String:
			list = append(list, t)
			return true
		case *ast.Array, ast.Set:
			return false
		}
		return true
	})
	return list
}

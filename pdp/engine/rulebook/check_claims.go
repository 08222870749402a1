package rulebook

import (
	"maps"
	"slices"

	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/tables"
)

// checkClaims finds claims that no rule can read: the schema of the input lacks
// them, or has other words.
func (c *checker) checkClaims(document any) {
	t, err := tables.Read(document, "", c.gate.Points)
	if err != nil {
		return // found already
	}
	roots, err := readSchemas(c.modules, "authz")
	if err != nil {
		return
	}
	for i := range t.Claims {
		one := &t.Claims[i]
		at := c.table("claims").place(one.Name)
		words, there := schemaWords(roots, "context", input.ClaimsSection, one.Name)
		switch {
		case !there:
			c.add(at, "tables", "add it to context.claims in the schema of authz/authz.rego",
				"claims.%s: the input's schema has no context.claims.%s, so that no rule can read it", one.Name, one.Name)
		case len(words) > 0 && !slices.Equal(words, wordsIn(one)):
			c.add(at, "tables", "write the same words in both places, and in the schema the word "+tables.OtherWord+" beside them",
				"claims.%s: the input's schema has other words than the table", one.Name)
		}
	}
}

// wordsIn are the words in which a claim comes to the rules, sorted.
func wordsIn(c *tables.Claim) []string {
	words := append(slices.Collect(maps.Keys(c.Words)), tables.OtherWord)
	slices.Sort(words)
	return words
}

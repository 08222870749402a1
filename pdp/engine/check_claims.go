package engine

import (
	"maps"
	"slices"
)

// checkClaims finds claims that no rule can read: the schema of the input lacks
// them, or has other words.
func (c *checker) checkClaims(document any) {
	t, err := newTables(document, "")
	if err != nil {
		return // found already
	}
	roots, err := readSchemas(c.modules)
	if err != nil {
		return
	}
	for i := range t.claims {
		one := &t.claims[i]
		at := c.table("claims").place(one.name)
		words, there := schemaWords(roots, "context", claimsSection, one.name)
		switch {
		case !there:
			c.add(at, "tables", "add it to context.claims in the schema of authz/authz.rego",
				"claims.%s: the input's schema has no context.claims.%s, so that no rule can read it", one.name, one.name)
		case len(words) > 0 && !slices.Equal(words, wordsIn(one)):
			c.add(at, "tables", "write the same words in both places, and in the schema the word "+otherWords+" beside them",
				"claims.%s: the input's schema has other words than the table", one.name)
		}
	}
}

// wordsIn are the words in which a claim comes to the rules, sorted.
func wordsIn(c *claim) []string {
	words := append(slices.Collect(maps.Keys(c.words)), otherWords)
	slices.Sort(words)
	return words
}

// schemaWords are the words that a schema gives a place of the input, sorted.
func schemaWords(roots []*schema, path ...string) (words []string, there bool) {
	for _, at := range roots {
		for _, step := range path {
			if at = at.Properties[step]; at == nil {
				break
			}
		}
		if at == nil {
			continue
		}
		there = true
		for _, v := range at.Enum {
			if word, ok := v.(string); ok {
				words = append(words, word)
			}
		}
	}
	slices.Sort(words)
	return words, there
}

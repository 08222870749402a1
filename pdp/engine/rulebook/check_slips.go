package rulebook

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/tables"
)

// slipWord is a text that programs compare, and no sentence, path or name that
// people read.
var slipWord = regexp.MustCompile(`^[a-z][a-z0-9_.]{2,}$`)

// freeKeys are tables whose words the engine reads and no rule says.
var freeKeys = []string{"authz.tables.columns", "sentinel.tables.external"}

// checkSlips finds words that stand in one place alone and are one letter away
// from a word that the book uses elsewhere. What some rule says and another one
// or a table reads stands in two places: a word of one place is read by none,
// and one that is nearly another was meant to be that one.
func (c *checker) checkSlips(places map[string]vocabulary) {
	stands, known := c.writtenWords()
	for word, at := range stands {
		known[word] = known[word] || len(at) > 1
	}
	for place, v := range places {
		known[place[strings.LastIndex(place, ".")+1:]] = true
		if v.what != schemaWord {
			continue // the tables' own words, of which one may be the slip
		}
		for _, word := range v.words {
			known[word] = true
		}
	}
	for _, word := range houseWords() {
		known[word] = true
	}
	// What begins with _ is a rule's own name, and no text means it.
	words := slices.DeleteFunc(slices.Sorted(maps.Keys(known)), func(word string) bool { return strings.HasPrefix(word, "_") })
	for _, word := range slices.Sorted(maps.Keys(stands)) {
		if known[word] || !slipWord.MatchString(word) {
			continue
		}
		if near := tables.OneOff(word, words); near != "" {
			c.add(stands[word][0].Location, "unknown_word", "correct the word, or choose one that is not so near to another",
				"%q stands nowhere else, so that nothing reads it; was %q meant?", word, near)
		}
	}
}

// writtenWords are where each text of a rule stands, and the names that the
// compiler holds against what there is.
func (c *checker) writtenWords() (stands map[string][]*ast.Term, known map[string]bool) {
	stands, known = map[string][]*ast.Term{}, map[string]bool{}
	var visit func(*ast.Term) bool
	visit = func(t *ast.Term) bool {
		switch v := t.Value.(type) {
		case ast.String:
			stands[string(v)] = append(stands[string(v)], t)
		case ast.Ref:
			for _, part := range v[1:] {
				if name, isText := part.Value.(ast.String); isText {
					known[string(name)] = true
					continue
				}
				ast.WalkTerms(part, visit)
			}
			return true
		}
		return false
	}
	for _, m := range c.modules {
		for _, part := range strings.Split(packageName(m), ".") {
			known[part] = true
		}
		for _, r := range m.Rules {
			known[ruleName(r)] = true
			if slices.Contains(freeKeys, packageName(m)+"."+ruleName(r)) {
				ast.WalkTerms(r.Head.Value, func(t *ast.Term) bool {
					known[literal(t)] = true
					return false
				})
				continue
			}
			ast.WalkTerms(r, visit)
		}
	}
	return stands, known
}

// houseWords are those that programs know without a table.
func houseWords() []string {
	words := slices.Concat(pdp.OwnApplications, tables.Reaches)
	for _, action := range pdp.VerdictActions() {
		words = append(words, string(action))
	}
	for id, properties := range pdp.ObligationWords {
		words = append(append(words, id), properties...)
	}
	return words
}

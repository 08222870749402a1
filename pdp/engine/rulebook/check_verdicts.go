package rulebook

import (
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/tables"
)

const (
	verdictTables = "sentinel.tables"
	namedVerdicts = "data.sentinel.sentence.named"
)

// checkVerdicts holds the verdicts that rules come to against the table of what
// each of them does: without a row a rule says nothing, and a row that no rule
// comes to was meant for one.
func (c *checker) checkVerdicts() {
	table := c.tableIn(verdictTables, "verdicts")
	rows, ok := table.value.(ast.Object)
	if !ok {
		return
	}
	var known []string
	rows.Foreach(func(k, _ *ast.Term) { known = append(known, literal(k)) })
	for _, name := range slices.Sorted(maps.Keys(c.modules)) {
		for _, r := range c.modules[name].Rules {
			s := newScope(c.modules[name], r, nil)
			ast.WalkRefs(r, func(ref ast.Ref) bool {
				for i := 1; i < len(ref); i++ {
					word, isText := ref[i].Value.(ast.String)
					if isText && s.path(ref[:i]) == namedVerdicts && !slices.Contains(known, string(word)) {
						c.add(ref[i].Location, "unknown_word", "add a row to verdicts, or correct the name: without one the rule says nothing",
							"the verdict %q has no row in verdicts%s", string(word), tables.Near(string(word), known))
					}
				}
				return false
			})
		}
	}
	if c.book == nil { // something else may be wrong with it, and this too
		if _, err := loadVerdicts(c.ctx, c.modules); err != nil {
			c.addTableFaults("verdicts", err)
		}
		return
	}
	for _, id := range c.book.Behaviour.Idle() {
		c.add(table.place(id), "unused_verdict", "remove the row, or write the rule that comes to it", "no rule comes to the verdict %q", id)
	}
}

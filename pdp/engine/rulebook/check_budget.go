package rulebook

import (
	"encoding/json"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/profiler"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/machine"
	"github.com/wardgate/wardgate/pdp/engine/tables"
)

const (
	// sampledBudget is how many steps a situation of the gate may take: less than
	// a decision may, because there are situations that the gate does not draw.
	sampledBudget = machine.Budget / 4

	// wholeBookBudget is for everything that a book says, which no decision asks.
	wholeBookBudget = 4 * machine.Budget

	budgetHint = "the rule is too long for a decision: loop over less, or compare with a table's key"
)

// checkBudget asks the form that decides about drawn situations, and about each
// kind of reading by those who treat. It reports whether one took too long, and
// finds answers that withhold allergies.
func (c *checker) checkBudget(s *sampler, drawn []map[string]any, rules *ast.Compiler) (tooLong bool) {
	var decides answer.Form
	if c.book != nil {
		decides = c.book.Decides
	} else if written, err := answer.Written(c.ctx, rules); err == nil {
		decides = written
	} else {
		return false
	}
	for _, document := range slices.Concat(drawn, c.readings(s)) {
		if c.ctx.Err() != nil {
			return true
		}
		value, err := ast.InterfaceToValue(document)
		if err != nil {
			continue
		}
		term, steps, err := decides.Measure(c.ctx, value)
		if steps > sampledBudget || answer.TookTooLong(err) {
			c.tooLong(document, value, steps, rules)
			return true
		}
		if err == nil && c.book != nil {
			c.hidesAllergies(document, term)
		}
	}
	return false
}

// tooLong names the expression that was evaluated most often.
func (c *checker) tooLong(document map[string]any, value ast.Value, steps int, rules *ast.Compiler) {
	at := &ast.Location{File: "authz/authz.rego", Row: 1}
	trace := profiler.New()
	query, err := rego.New(rego.Query("data.authz.answer"), rego.Compiler(rules), rego.StrictBuiltinErrors(true)).PrepareForEval(c.ctx)
	if err == nil {
		_, _ = query.Eval(c.ctx, rego.EvalParsedInput(value), rego.EvalQueryTracer(trace),
			rego.EvalExternalCancel(&machine.Meter{Limit: sampledBudget}))
		for _, one := range trace.ReportTopNResults(1, []string{"num_eval"}) {
			if one.Location != nil {
				at = one.Location
			}
		}
	}
	c.add(at, "budget", budgetHint, "a decision takes %d steps or more, and may take %d, when asked for %v as %v",
		steps, sampledBudget, input.At(document, "/action/name"), input.At(document, "/subject/properties/role"))
}

// readings are situations in which somebody who treats reads, from everywhere.
func (c *checker) readings(s *sampler) []map[string]any {
	if c.book == nil || c.book.Compiled == nil {
		return nil // the interpreter is too slow for all of them
	}
	actions := s.leaf("/action/name")
	var all []map[string]any
	for role, row := range c.book.Tables.House.Roles {
		if !tables.Treats(row) {
			continue
		}
		for _, base := range s.bases {
			if input.At(base, "/subject/properties/role") != role {
				continue
			}
			for _, action := range actions.words {
				for _, place := range []any{"on_site", "off_site", ""} {
					document := input.Clone(base)
					input.Set(document, []string{"action", "name"}, action)
					input.Set(document, []string{"context", "location", "place"}, place)
					all = append(all, document)
				}
			}
		}
	}
	return all
}

// hidesAllergies finds an answer that lets somebody who treats read a patient
// without allergies, whatever rule or table made it so.
func (c *checker) hidesAllergies(document map[string]any, term *ast.Term) {
	role, _ := input.At(document, "/subject/properties/role").(string)
	row, known := c.book.Tables.House.Roles[role]
	d, err := answer.Decode(term)
	if err != nil || !d.Allow || !known || !tables.Treats(row) {
		return
	}
	for i := range d.Obligations {
		if hides(&d.Obligations[i]) {
			c.add(&ast.Location{File: "authz/authz.rego", Row: 1}, "allergies", neverWithheld,
				"the obligation %s %s withholds allergies, when a %s asks for %v and the place is %q", d.Obligations[i].ID,
				d.Obligations[i].Properties, role, input.At(document, "/action/name"), input.At(document, "/context/location/place"))
			return
		}
	}
}

func hides(o *pdp.Obligation) bool {
	var p struct {
		Fields   []string `json:"fields"`
		Pointers []string `json:"pointers"`
	}
	if json.Unmarshal(o.Properties, &p) != nil {
		return false
	}
	return o.ID == "withhold" && slices.Contains(p.Fields, tables.Allergies) ||
		o.ID == "mask_response" && slices.ContainsFunc(p.Pointers, tables.HidesAllergies)
}

// some draws situations.
func (s *sampler) some(n int) []map[string]any {
	all := make([]map[string]any, n)
	for i := range all {
		all[i] = s.next()
	}
	return all
}

package obligation

import (
	"errors"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
)

// rowCondition limits the rows that a service may touch; several are joined by
// "and". Properties: {"condition": assertion.Condition}. A service applies it
// to a stream as to any other answer.
func rowCondition() Handler {
	return Handler{ID: "row_condition", Ways: On(Service, ProxiedService, Stream), Read: func(o *pdp.Obligation, e *Effects) error {
		var p struct {
			Condition *assertion.Condition `json:"condition"`
		}
		if err := exactly(o.Properties, &p); err != nil || p.Condition == nil || !p.Condition.Valid() {
			return errors.New("properties: expected a condition with one reading")
		}
		if e.Limits.Rows != nil {
			both := assertion.Condition{Type: "compound", Operator: "and", Conditions: []assertion.Condition{*e.Limits.Rows, *p.Condition}}
			p.Condition = &both
		}
		e.Limits.Rows = p.Condition
		return nil
	}}
}

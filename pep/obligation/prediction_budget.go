package obligation

import (
	"errors"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
)

// predictionBudget bounds how many rows a subject has predicted by one model: so
// many within so many seconds. Of several the narrowest in both counts.
func predictionBudget() Handler {
	return Handler{ID: "prediction_budget", Ways: On(Service, ProxiedService, Stream), Read: func(o *pdp.Obligation, e *Effects) error {
		var b assertion.Budget
		if err := exactly(o.Properties, &b); err != nil {
			return err
		}
		if b.Rows < 1 || b.Seconds < 1 || b.Seconds > 3600 {
			return errors.New("properties: expected rows of at least 1, and seconds of 1 to 3600")
		}
		if before := e.Limits.Budget; before != nil {
			b.Rows, b.Seconds = min(b.Rows, before.Rows), max(b.Seconds, before.Seconds)
		}
		e.Limits.Budget = &b
		return nil
	}}
}

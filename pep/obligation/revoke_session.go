package obligation

import (
	"errors"

	"github.com/wardgate/wardgate/pdp"
)

// revokeSession ends the session of a request that is refused, and never of one
// that is allowed. Properties: {"reason": code}.
func revokeSession() Handler {
	return Handler{ID: "revoke_session", Ways: On(Refused), Read: func(o *pdp.Obligation, e *Effects) error {
		var p struct {
			Reason string `json:"reason"`
		}
		if err := exactly(o.Properties, &p); err != nil || p.Reason == "" {
			return errors.New("properties: expected a reason")
		}
		e.Revoke = append(e.Revoke, p.Reason)
		return nil
	}}
}

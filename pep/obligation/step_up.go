package obligation

import (
	"errors"

	"github.com/wardgate/wardgate/pdp"
)

// stepUp tells the client of a refused request which fresh factor would help.
// Properties: {"acr_values": string, "max_age": seconds, "tap": bool}, the last optional.
func stepUp() Handler {
	return Handler{ID: "step_up", Ways: On(Refused), Read: func(o *pdp.Obligation, e *Effects) error {
		var c Challenge
		if err := exactly(o.Properties, &c); err != nil || c.ACR == "" || c.MaxAge <= 0 {
			return errors.New("properties: expected acr_values and max_age, and perhaps tap")
		}
		c.Tap = c.Tap && (e.Challenge == nil || e.Challenge.Tap)
		e.Challenge = &c
		return nil
	}}
}

package obligation

import (
	"errors"

	"github.com/wardgate/wardgate/pdp"
)

// withholdFragile keeps a service from showing what a model says when a small
// change of its input would turn it. It takes no properties.
func withholdFragile() Handler {
	return Handler{ID: "withhold_fragile", Ways: On(Service, ProxiedService, Stream), Read: func(o *pdp.Obligation, e *Effects) error {
		if len(o.Properties) > 0 && string(o.Properties) != "{}" {
			return errors.New("properties: expected none")
		}
		e.Limits.WithholdFragile = true
		return nil
	}}
}

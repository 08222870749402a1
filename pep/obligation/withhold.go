package obligation

import (
	"errors"
	"slices"

	"github.com/wardgate/wardgate/pdp"
)

// withhold names fields that a service must not show; the names of several add
// up. Properties: {"fields": [name, …]}.
func withhold() Handler {
	return Handler{ID: "withhold", Ways: On(Service, ProxiedService, Stream), Read: func(o *pdp.Obligation, e *Effects) error {
		var p struct {
			Fields []string `json:"fields"`
		}
		if err := exactly(o.Properties, &p); err != nil || len(p.Fields) == 0 || slices.Contains(p.Fields, "") {
			return errors.New("properties: expected names of fields")
		}
		e.Limits.Withhold = append(e.Limits.Withhold, p.Fields...)
		return nil
	}}
}

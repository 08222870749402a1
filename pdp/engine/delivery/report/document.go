package report

import (
	"time"

	"github.com/wardgate/wardgate/pdp/engine/delivery"
)

// bundleName is what OPA's formats call the rule book.
const bundleName = "wardgate"

// update is a report as OPA's status service takes it.
type update struct {
	Labels  map[string]string      `json:"labels"`
	Bundles map[string]bundle      `json:"bundles"`
	Plugins map[string]pluginState `json:"plugins"`
}

type bundle struct {
	Name       string    `json:"name"`
	Revision   string    `json:"active_revision,omitempty"`
	Activated  time.Time `json:"last_successful_activation,omitzero"`
	Type       string    `json:"type"`
	Downloaded time.Time `json:"last_successful_download,omitzero"`
	Code       string    `json:"code,omitempty"`
	Message    string    `json:"message,omitempty"`
}

type pluginState struct {
	State   string `json:"state"` // OK, WARN
	Message string `json:"message,omitempty"`
}

// document leaves out what changes at every poll: a report is sent when it
// differs from the last.
func document(labels map[string]string, s delivery.Status) update {
	b := bundle{Name: bundleName, Revision: s.Active.Rules, Activated: s.Activated.UTC(), Type: "snapshot", Downloaded: s.Activated.UTC()}
	state := pluginState{State: "OK"}
	switch {
	case s.Refused != nil:
		b.Code, b.Message = "bundle_error", string(s.Refused.Code)+": "+s.Refused.Err.Error()
		state = pluginState{State: "WARN", Message: "the newest bundle was refused; the last good one decides"}
	case s.Unreachable != nil:
		b.Code, b.Message = "bundle_error", s.Unreachable.Err.Error()
		state = pluginState{State: "WARN", Message: "the source cannot be reached; the last good bundle decides"}
	case s.Held != nil:
		state = pluginState{State: "WARN", Message: "an operator went back to an older bundle"}
	}
	return update{Labels: labels, Bundles: map[string]bundle{bundleName: b}, Plugins: map[string]pluginState{"bundle": state}}
}

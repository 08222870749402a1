package ecs

import "encoding/json"

// policyInput is what a document says of the policy's input: states and enums
// of the facts, never an attribute of a person or an id of a record.
type policyInput struct {
	Resource struct {
		Type string `json:"type"`
	} `json:"resource"`
	Context map[string]struct {
		State string `json:"state"`
		Match string `json:"match"`
		Place string `json:"place"`
		ACR   string `json:"acr"`
	} `json:"context"`
}

// read takes from the input which sources answered, and how. The input of an
// older or foreign rule book that has another shape adds nothing.
func (x *extension) read(text []byte) {
	var in policyInput
	if json.Unmarshal(text, &in) != nil {
		return
	}
	x.Resource = in.Resource.Type
	x.Place = in.Context["location"].Place
	x.Device = in.Context["device"].Match
	x.Strength = in.Context["credential"].ACR
	for name, section := range in.Context {
		switch section.State {
		case "fresh", "stale", "unknown":
			if x.Facts == nil {
				x.Facts = map[string]string{}
			}
			x.Facts[fieldName(name)] = section.State
		}
	}
}

package opalogs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/audit/ship"
)

// bundleName is what OPA's formats call the rule book.
const bundleName = "wardgate"

// Encode writes a decision as an event of OPA's decision logs, masked. A record
// of another kind, and one that the rule book drops, has no body, and is passed
// over.
func (c *Collector) Encode(chain string, r *reader.Record) (ship.Document, error) {
	id := fmt.Sprintf("%s-%012d-%.8s", chain, r.Seq, r.Hash)
	if r.Event.Kind != pip.KindDecision {
		return ship.Document{ID: id}, nil
	}
	event, err := c.event(chain, id, r)
	if err != nil {
		return ship.Document{}, err
	}
	if c.drops(event) {
		return ship.Document{ID: id}, nil
	}
	body, err := json.Marshal(event)
	if err != nil {
		return ship.Document{}, fmt.Errorf("decision logs: record %d: %w", r.Seq, err)
	}
	return ship.Document{ID: id, Body: body}, nil
}

// event is the record in OPA's words. The journal keeps the ids of obligations,
// and not what they say.
func (c *Collector) event(chain, id string, r *reader.Record) (map[string]any, error) {
	e := &r.Event
	labels := map[string]any{"chain": chain}
	for k, v := range maps.All(c.config.Labels) {
		labels[k] = v
	}
	obligations := make([]any, len(e.Obligations))
	for i, o := range e.Obligations {
		obligations[i] = map[string]any{"id": o}
	}
	reasons := make([]any, len(e.Reasons))
	for i, reason := range e.Reasons {
		reasons[i] = reason
	}
	answer := map[string]any{"reasons": reasons, "obligations": obligations}
	if len(e.Rules) > 0 {
		answer["grounds"] = map[string]any{"rules": rules(e.Rules), "right": e.Right, "reach": e.Reach}
	}
	event := map[string]any{
		"labels":      labels,
		"decision_id": e.Decision,
		"path":        "authz/answer",
		"timestamp":   e.Time.UTC().Format(time.RFC3339Nano),
		"result": map[string]any{
			"decision": e.Allow, "context": answer,
		},
		"custom": custom(id, e),
	}
	if e.Decision == "" {
		event["decision_id"] = id // many refusals are one record without a decision of its own
	}
	if e.Revision != "" {
		event["bundles"] = map[string]any{bundleName: map[string]any{"revision": e.Revision}}
	}
	if e.Address != "" {
		event["requested_by"] = e.Address
	}
	if len(e.Input) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(e.Input))
		decoder.UseNumber()
		var input any
		if err := decoder.Decode(&input); err != nil {
			return nil, fmt.Errorf("decision logs: the input of record %d is not readable", r.Seq)
		}
		event["input"] = input
	}
	return event, nil
}

// custom is what OPA's format has no member for.
func custom(id string, e *pip.Event) map[string]any {
	c := map[string]any{"record": id}
	if e.Count == 0 {
		return c
	}
	codes := map[string]any{}
	for code, n := range e.Codes {
		codes[code] = n
	}
	c["count"], c["codes"] = e.Count, codes
	c["since"], c["until"] = e.Since.UTC().Format(time.RFC3339Nano), e.Until.UTC().Format(time.RFC3339Nano)
	return c
}

// rules are named in the answer's form again.
func rules(names []string) []any {
	list := make([]any, len(names))
	for i, name := range names {
		folder, code, _ := strings.Cut(name, "/")
		list[i] = map[string]any{"folder": folder, "code": code}
	}
	return list
}

// drops reports whether an event stays here, and masks one that does not. OPA
// asks in this order too: what is dropped is judged whole. When it is unknown
// whether it may leave, it leaves without all that it is about.
func (c *Collector) drops(event map[string]any) bool {
	if c.config.Drop != nil {
		dropped, err := c.config.Drop(context.Background(), event)
		if err != nil {
			delete(event, "requested_by")
			erase(event)
			return false
		}
		if dropped {
			return true
		}
	}
	c.mask(event)
	return false
}

// mask applies what the rule book says, or takes everything away.
func (c *Collector) mask(event map[string]any) {
	if c.config.Mask == nil {
		return
	}
	rules, err := c.config.Mask(context.Background(), event)
	if err == nil {
		err = apply(event, rules)
	}
	if err != nil {
		erase(event)
	}
}

func erase(event map[string]any) {
	delete(event, "input")
	delete(event, "result")
	delete(event, "masked")
	event["erased"] = []string{"/input", "/result"}
}

// Package obligation does what a decision obliges the enforcement point to do.
// An obligation that is not known, or that cannot be met, denies.
package obligation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
)

// The ids that the enforcement point knows.
const (
	RevokeSession = "revoke_session" // properties: {"reason": code}
	StepUp        = "step_up"        // properties: {"acr_values": string, "max_age": seconds}
	RowCondition  = "row_condition"  // properties: {"condition": assertion.Condition}
	Withhold      = "withhold"       // properties: {"fields": [name, …]}
	Fragile       = "withhold_fragile"
	MaskResponse  = "mask_response" // properties: {"pointers": [JSON pointer, …], "pass": [media type, …]}
)

// Effects is what the obligations of one decision amount to.
type Effects struct {
	Rows     *assertion.Condition // limits what the application may touch
	Withhold []string             // fields that the application must not show
	Mask     *Mask                // what the enforcement point takes out of the answer

	WithholdFragile bool       // nor what a model says when a small change would turn it
	Challenge       *Challenge // a fresh factor would help
	Revoked         bool       // the session was ended
}

// A Challenge asks for a fresh factor (RFC 9470).
type Challenge struct {
	ACR    string `json:"acr_values"`
	MaxAge int    `json:"max_age"` // seconds
}

// A Discharger meets obligations. Its zero value can revoke nothing.
type Discharger struct {
	Revoker pdp.Revoker
	known   memory
}

// Discharge meets every obligation of d for a session, in order. Revoking and
// challenging belong to denials, row conditions and withholding to permissions;
// each is skipped on the other side, where it would mean nothing. One that
// fails does not keep the others from being met: a revocation never depends on
// what stands before it. With an error the request must be denied.
func (h *Discharger) Discharge(ctx context.Context, d *pdp.Decision, session string) (Effects, error) {
	switch {
	case len(d.Obligations) == 0:
		return Effects{}, nil
	case d.Allow:
		return h.known.of(d.Obligations, func() (Effects, error) { return h.each(ctx, d, session) })
	default:
		return h.each(ctx, d, session)
	}
}

func (h *Discharger) each(ctx context.Context, d *pdp.Decision, session string) (Effects, error) {
	var e Effects
	var faults []error
	for i := range d.Obligations {
		o := &d.Obligations[i]
		if err := h.one(ctx, d.Allow, o, session, &e); err != nil {
			faults = append(faults, fmt.Errorf("obligation %s: %w", o.ID, err))
		}
	}
	return e, errors.Join(faults...)
}

func (h *Discharger) one(ctx context.Context, allow bool, o *pdp.Obligation, session string, e *Effects) error {
	switch o.ID {
	case RevokeSession:
		if allow {
			return errors.New("a decision that allows may not revoke")
		}
		return h.revoke(ctx, o, session, e)
	case StepUp:
		return challenge(o, e)
	case RowCondition:
		if !allow {
			return nil
		}
		return rows(o, e)
	case Fragile:
		return fragile(allow, o, e)
	case Withhold:
		if !allow {
			return nil
		}
		return withhold(o, e)
	case MaskResponse:
		if !allow {
			return nil
		}
		return mask(o, e)
	default:
		return errors.New("this enforcement point does not know it")
	}
}

func (h *Discharger) revoke(ctx context.Context, o *pdp.Obligation, session string, e *Effects) error {
	var p struct {
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal(o.Properties, &p); err != nil || p.Reason == "" {
		return errors.New("properties: expected a reason")
	}
	if h.Revoker == nil || session == "" {
		return errors.New("there is nothing to revoke with")
	}
	if err := h.Revoker.Revoke(ctx, session, p.Reason); err != nil {
		return err
	}
	e.Revoked = true
	return nil
}

func challenge(o *pdp.Obligation, e *Effects) error {
	var c Challenge
	if err := json.Unmarshal(o.Properties, &c); err != nil || c.ACR == "" || c.MaxAge <= 0 {
		return errors.New("properties: expected acr_values and max_age")
	}
	e.Challenge = &c
	return nil
}

func rows(o *pdp.Obligation, e *Effects) error {
	var p struct {
		Condition *assertion.Condition `json:"condition"`
	}
	if err := exactly(o.Properties, &p); err != nil || p.Condition == nil || !p.Condition.Valid() {
		return errors.New("properties: expected a condition with one reading")
	}
	if e.Rows != nil {
		both := assertion.Condition{Type: "compound", Operator: "and", Conditions: []assertion.Condition{*e.Rows, *p.Condition}}
		e.Rows = &both
		return nil
	}
	e.Rows = p.Condition
	return nil
}

// exactly decodes properties that limit something. A member that is not known
// could limit it further, and is refused.
func exactly(properties json.RawMessage, into any) error {
	d := json.NewDecoder(bytes.NewReader(properties))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

func withhold(o *pdp.Obligation, e *Effects) error {
	var p struct {
		Fields []string `json:"fields"`
	}
	if err := exactly(o.Properties, &p); err != nil || len(p.Fields) == 0 || slices.Contains(p.Fields, "") {
		return errors.New("properties: expected names of fields")
	}
	e.Withhold = append(e.Withhold, p.Fields...)
	return nil
}

// fragile takes no properties: one that is there could limit it.
func fragile(allow bool, o *pdp.Obligation, e *Effects) error {
	if len(o.Properties) > 0 && string(o.Properties) != "{}" {
		return errors.New("properties: expected none")
	}
	e.WithholdFragile = e.WithholdFragile || allow
	return nil
}

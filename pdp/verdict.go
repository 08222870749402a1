package pdp

import (
	"context"
	"encoding/json"
	"net/netip"

	"github.com/wardgate/wardgate/pip"
)

// A Behaviour is what somebody has lately done: a subject, or strangers at an
// address. One of the two is there.
type Behaviour struct {
	Subject string
	Address netip.Addr
	Signals pip.Signals
}

// A Verdict is what a behaviour calls for without any request.
type Verdict struct {
	ID      string        `json:"id"` // stable: "spraying"
	Do      VerdictAction `json:"do"`
	Seconds int           `json:"seconds"` // how long it holds
	Tell    []string      `json:"tell"`    // "mail", "webhook"
}

// A VerdictAction is what is done. The zero one is none and is refused.
type VerdictAction string

// The actions of verdicts.
const (
	ActionBan    VerdictAction = "ban"     // the subject is cut off from everything
	ActionBar    VerdictAction = "bar"     // the address is closed to whoever has no session
	ActionRevoke VerdictAction = "revoke"  // the subject's sessions end
	ActionStepUp VerdictAction = "step_up" // the subject owes a fresh factor
	ActionAlert  VerdictAction = "alert"   // nothing is done
)

// Verdicts are what one revision says about one behaviour.
type Verdicts struct {
	List     []Verdict // in the order of their ids
	Revision string
	Input    json.RawMessage // what the policy saw, for the journal
}

// A Judge says what a behaviour calls for. With an error it says nothing.
type Judge interface {
	Verdicts(ctx context.Context, b Behaviour) (Verdicts, error)
}

package pdp

import (
	"context"
	"encoding/json"
	"net/netip"

	"github.com/wardgate/wardgate/pip"
)

// A Behaviour is what one party has lately done: a subject, or strangers at an
// address. One of the two is there.
type Behaviour struct {
	Subject string
	Role    string // of the subject, "" when it is not known: it then counts as staff
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
	ActionBar    VerdictAction = "bar"     // the address is closed to clients without a session
	ActionRevoke VerdictAction = "revoke"  // the subject's sessions end
	ActionStepUp VerdictAction = "step_up" // the subject owes a fresh factor
	ActionAlert  VerdictAction = "alert"   // nothing is done
)

// VerdictActions returns all actions.
func VerdictActions() []VerdictAction {
	return []VerdictAction{ActionBan, ActionBar, ActionRevoke, ActionStepUp, ActionAlert}
}

// VerdictChannels returns the words of Verdict.Tell.
func VerdictChannels() []string { return []string{"mail", "webhook"} }

// Verdicts are what one revision says about one behaviour.
type Verdicts struct {
	List     []Verdict // in the order of their ids
	Revision string
	Input    json.RawMessage // what the policy saw, for the journal
	Measures json.RawMessage // of which its words were made, for the journal
}

// A Judge says what a behaviour calls for. With an error it says nothing.
type Judge interface {
	Verdicts(ctx context.Context, b Behaviour) (Verdicts, error)
}

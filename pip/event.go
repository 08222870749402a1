package pip

import (
	"context"
	"encoding/json"
	"time"
)

// Kind tells what an Event records.
type Kind string

// The kinds of events. A decision is written before anything is forwarded,
// its outcome before the first byte of patient data leaves.
const (
	KindDecision Kind = "decision"
	KindOutcome  Kind = "outcome"
	KindPolicy   Kind = "policy"  // a revision was activated or refused
	KindSession  Kind = "session" // a session or ban began or ended
	KindAccount  Kind = "account" // an account changed
	KindSystem   Kind = "system"  // start, stop, repair
)

// An Event is one record of the activity log. It holds ids, enums and digests
// only: never a secret, a code, a token, a query string or a patient's field.
// Field names follow the Elastic Common Schema where it has one.
type Event struct {
	Kind     Kind      `json:"kind"`
	Time     time.Time `json:"time"`
	Action   string    `json:"action,omitempty"`   // "patient.read", "session.revoke"
	Outcome  string    `json:"outcome,omitempty"`  // "success", "failure", "unknown" (ECS event.outcome)
	Decision string    `json:"decision,omitempty"` // the decision's id; an outcome names its decision
	Subject  string    `json:"subject,omitempty"`
	Role     string    `json:"role,omitempty"`
	Session  string    `json:"session,omitempty"`
	Caller   string    `json:"caller,omitempty"` // the enforcement point of others that asked: "token:lab"

	Method      string `json:"method,omitempty"`
	Path        string `json:"path,omitempty"` // canonical; only of a request that matched a route
	PathDigest  string `json:"path_digest,omitempty"`
	QueryDigest string `json:"query_digest,omitempty"` // SHA-256, hex; empty for no query
	BodyDigest  string `json:"body_digest,omitempty"`  // SHA-256, hex; empty for no body
	Address     string `json:"address,omitempty"`
	OS          string `json:"os,omitempty"`      // family of the client's operating system
	Browser     string `json:"browser,omitempty"` // family; never a User-Agent, which a client words as it likes
	Country     string `json:"country,omitempty"` // of the address, ISO 3166-1 alpha-2

	Allow       bool             `json:"allow"`
	Reasons     []string         `json:"reasons,omitempty"`
	Obligations []string         `json:"obligations,omitempty"` // ids
	Rules       []string         `json:"rules,omitempty"`       // that allowed it, by folder and code: "role/role"
	Right       string           `json:"right,omitempty"`       // of the table of rights, by which they did
	Reach       string           `json:"reach,omitempty"`       // how far the role reaches with that right
	Revision    string           `json:"revision,omitempty"`
	Input       json.RawMessage  `json:"input,omitempty"` // what the policy saw, whole
	Ages        map[string]int64 `json:"ages,omitempty"`  // source -> microseconds

	Status   int      `json:"status,omitempty"`   // HTTP status of an outcome
	Patients []string `json:"patients,omitempty"` // of an outcome: whose data was in the answer; of a decision: whose record was asked for
	Detail   string   `json:"detail,omitempty"`   // a stable code or a short constant text
	Alarm    bool     `json:"alarm,omitempty"`    // hardly an honest slip, says the rule book's table of reasons

	// Count is how many like events one aggregated record stands for; 0 in a
	// record of one.
	Count int `json:"count,omitempty"`

	// Saw is what the decision saw, in types. It is not recorded: it stands in
	// Input and Reasons, from which Recall reads it.
	Saw Saw `json:"-"`
}

// A Journal keeps evidence. Append returns nil only when the event is durable:
// it would survive a power cut. With an error nothing may be said or forwarded
// on the strength of the event.
type Journal interface {
	Append(ctx context.Context, e Event) error
}

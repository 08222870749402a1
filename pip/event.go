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
	KindStream   Kind = "stream"  // a body that was forwarded as it came has ended
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

	Application string `json:"application,omitempty"` // whose own host was asked; empty for a host that is no application's
	Method      string `json:"method,omitempty"`
	Path        string `json:"path,omitempty"` // canonical; only of a request that matched a route
	PathDigest  string `json:"path_digest,omitempty"`
	QueryDigest string `json:"query_digest,omitempty"` // SHA-256, hex; empty for no query
	BodyDigest  string `json:"body_digest,omitempty"`  // SHA-256, hex; empty for no body; "stream" for one that was not judged, of which a record of KindStream follows
	Bytes       int64  `json:"bytes,omitempty"`        // of KindStream: how many were passed on, which BodyDigest is of
	Address     string `json:"address,omitempty"`
	OS          string `json:"os,omitempty"`      // family of the client's operating system
	Browser     string `json:"browser,omitempty"` // family; never a User-Agent, which a client words as it likes
	Country     string `json:"country,omitempty"` // of the address, ISO 3166-1 alpha-2

	Allow       bool     `json:"allow"`
	Reasons     []string `json:"reasons,omitempty"`
	Obligations []string `json:"obligations,omitempty"` // ids
	// Duties are the properties of Obligations, in their order; null for none, and
	// left out behind the last that has any.
	Duties   []json.RawMessage `json:"duties,omitempty"`
	Answered int               `json:"answered,omitempty"` // the HTTP status that a denial means, by the rule book's table of reasons
	Shown    []string          `json:"shown,omitempty"`    // the codes that the client is shown, where they are not Reasons
	Rules    []string          `json:"rules,omitempty"`    // that allowed it, by folder and code: "role/role"
	Right    string            `json:"right,omitempty"`    // of the table of rights, by which they did
	Reach    string            `json:"reach,omitempty"`    // how far the role reaches with that right
	Revision string            `json:"revision,omitempty"`
	Input    json.RawMessage   `json:"input,omitempty"` // what the policy saw, whole
	Ages     map[string]int64  `json:"ages,omitempty"`  // source -> microseconds
	// Measures are the numbers of which words of Input were made by tables, by
	// section, in the order in which the section names them. A record of before they
	// were kept has none; nor has it Duties, Answered and Shown.
	Measures json.RawMessage `json:"measures,omitempty"`

	Status   int      `json:"status,omitempty"`   // HTTP status of an outcome
	Patients []string `json:"patients,omitempty"` // of an outcome: whose data was in the answer; of a decision: whose record was asked for
	Detail   string   `json:"detail,omitempty"`   // a stable code or a short constant text
	Alarm    bool     `json:"alarm,omitempty"`    // hardly an honest slip, says the rule book's table of reasons

	// Count is how many refusals one aggregated record stands for, of the first at
	// Since to the last at Until; 0 in a record of one. Codes say how many of them
	// had each reason. Network has all of their addresses, where that is more than
	// one address; without a source that all have in common there is none.
	Count   int            `json:"count,omitempty"`
	Codes   map[string]int `json:"codes,omitempty"`
	Since   time.Time      `json:"since,omitzero"`
	Until   time.Time      `json:"until,omitzero"`
	Network string         `json:"network,omitempty"`

	// Change is what the event did to an account or a restriction; nil for nothing that
	// a database could lose. Marks say how far the databases had come when that was done.
	Change *Change         `json:"change,omitempty"`
	Marks  map[string]Mark `json:"marks,omitempty"`

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

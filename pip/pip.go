// Package pip is the vocabulary of facts: what a policy information point
// (NIST SP 800-207, section 3) is asked, what it answers, and how fresh the
// answer is. It owns no technology: each subpackage is one information point.
//
// A zero value never helps a requester. A zero Reading is Unknown, a zero
// Facts knows nothing, and a policy that knows nothing denies.
package pip

import (
	"context"
	"net/netip"
	"time"
)

// State says how far a fact may be believed. The zero State is Unknown.
type State uint8

// The states of a fact. Unknown never means "low" or "none": it means that
// the source did not answer.
const (
	Unknown State = iota
	Stale
	Fresh
)

// String returns the word that policies and journal records use.
func (s State) String() string {
	switch s {
	case Fresh:
		return "fresh"
	case Stale:
		return "stale"
	default:
		return "unknown"
	}
}

// A Reading is what every fact carries beside its value: which source spoke,
// how far it may be believed, and how old its knowledge was. Ages go to the
// journal; a policy sees only the state and buckets.
type Reading struct {
	Source string        // the information point that answered: "revocation"
	State  State         // the zero value is Unknown
	Age    time.Duration // since the source last heard from its authority
}

// A Query names the situation that facts are asked about.
type Query struct {
	Now       time.Time  // the one clock reading of the request
	Subject   string     // account id; empty for a stranger
	Session   string     // session id of a verified token; empty without one
	TokenID   string     // jti of the verified token
	Footprint string     // sealed device footprint that the token carries
	Address   netip.Addr // of the client, as the enforcement point saw it
	UserAgent string     // the User-Agent header of this request
	Resource  Resource   // what is to be touched
	Journey   Journey    // how the client got where it is, as the administrator measured it

	// Unreported is how long what the enforcement point elsewhere saw has not
	// been counted: behaviour is known no better than that.
	Unreported time.Duration
}

// A Resource names one thing: {"patient", id}, {"service", id}, {"model", name}.
// A collection has a Type and no ID.
type Resource struct {
	Type string
	ID   string
}

// A Source is one information point. It answers from memory, or within the
// context's deadline, and writes into its own section, whose name it has. When
// it cannot answer it trusts no reading, which reads as Unknown, and returns an
// error for the operator's log. Sources are asked in the order of their list.
type Source interface {
	Name() string
	Gather(ctx context.Context, q *Query, f *Facts, w Words) error
}

// Facts is what sources that are asked later, and the evidence of a decision,
// need of the ones before: who asks, with which client, from where, about whose
// record. Nothing else that an information point knows stands here.
type Facts struct {
	Identity Identity
	Device   Device
	Location Location
	Patient  string // whose record the resource belongs to, "" for none or not known
	Travel   string // from the log-in before, by addresses, in the words of the rules; "" when it is not known
}

// Identity is what ID management knows of the account behind Query.Subject.
type Identity struct {
	Reading
	Account    Account
	Username   string // for applications that are told it; no rule sees it, and no record has it
	Role       string // a name of the rule book's table of roles
	Staff      string // id of the staff record, for staff
	Patient    string // id of the patient record, for patients
	Department string // id of the staff member's department
}

// Account is the standing of an account.
type Account string

// The standings. The zero Account is none of them and grants no access.
const (
	AccountActive   Account = "active"
	AccountPending  Account = "pending"
	AccountDisabled Account = "disabled"
)

// Revoked says whether a session or its subject has been cut off.
// Only a Fresh reading with both false clears a session.
type Revoked struct {
	Reading
	Session bool // the session was revoked
	Subject bool // the subject is banned from everything
	LogIn   bool // the subject is barred from new log-ins from unknown devices
	Address bool // the address is barred without a session
	StepUp  bool // the subject owes a fresh factor, whatever it asks for
}

// Match is how the device of this request compares with the footprint taken
// at log-in.
type Match string

// The outcomes of a comparison. DeviceUnseen is a client without a session,
// so that there is nothing to compare with.
const (
	DeviceSame    Match = "same"
	DeviceChanged Match = "changed"
	DeviceUnseen  Match = "unseen"
)

// Device is the fingerprint of the client of this request. Family names only:
// versions are neither kept nor compared.
type Device struct {
	Reading
	Match   Match
	OS      string // "Windows", "Android", "Linux", "" when the client says nothing
	Browser string // "Chrome", "Firefox", "curl", ""

	Workstation *Workstation // that the session is used at, by its token; nil for none
}

// A Footprint is what is remembered of the client at log-in, to notice drift.
// It is sealed wherever it is kept, and used for nothing but security.
type Footprint struct {
	OS      string `json:"os"`
	Browser string `json:"browser"`
	Network string `json:"network,omitempty"` // the hospital's own network, "" when off-site
	Country string `json:"country,omitempty"` // ISO 3166-1 alpha-2

	// Coordinates are what the browser said, with its owner's consent. They
	// are not verified: they can lower trust and never raise it.
	Coordinates *Coordinates `json:"coordinates,omitempty"`

	// Workstation is where the person is that a token is for: nil anywhere but at a
	// registered workstation.
	Workstation *Workstation `json:"workstation,omitempty"`
}

// A Workstation is a shared machine that an officer has registered, as it proved
// itself when a session was begun or resumed there.
type Workstation struct {
	ID      string    `json:"id"`
	Zone    string    `json:"zone,omitempty"`  // the department or ward that it stands in
	Network string    `json:"network"`         // the row of the table of networks that it is bound to
	Tapped  time.Time `json:"tapped,omitzero"` // when the person last showed badge and PIN there; zero for never
}

// Coordinates are a place on the globe, in degrees.
type Coordinates struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// Location is where the request came from. Whether that is on-site is for the
// policy's table of networks to say.
type Location struct {
	Reading
	Country string // ISO 3166-1 alpha-2, "" when not known
}

// Signals are what the subject, or for a stranger the address, has lately
// done: in the last ten minutes where nothing else is said. An unknown reading
// has counts of zero, which mean nothing.
type Signals struct {
	Reading
	Requests      int         // in the last minute
	Denials       int         // of any kind
	DenialsByKind DenialKinds // the same, apart
	Predictions   int         // asked of the models and allowed
	OffHours      int         // requests that were allowed at night, by the policy's hours

	// What failed at log-in counts for the address that it came from, for
	// every caller: it says nothing about the account that was tried.
	FailedLogIns    int
	SprayedAccounts int // distinct accounts; what was tried without one counts each time

	Patients      int // distinct patients whose data was in answers
	PatientsUsual int // what a busy hour of the last thirty days held; 0 while there is no habit

	NewDevice        bool // a log-in came from neither a device nor a network that the account knows
	NewCountry       bool // a log-in came from a country that the account was not in for thirty days
	ImpossibleTravel bool // a log-in came from further away than anybody travels

	External map[string]int // what other systems reported, by kind; never written to by a reader
}

// DenialKinds tells denials apart by what was wrong.
type DenialKinds struct {
	Right        int // the role does not have the right
	Relationship int // no care relationship with the patient
	Credential   int // no token, or one that does not hold
	Device       int // another device, or an unknown one
	Other        int
}

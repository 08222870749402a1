// Package pdp is the vocabulary of decisions: what a policy decision point
// (NIST SP 800-207, section 3) is asked and what it answers. The shapes are
// those of the OpenID AuthZEN Authorization API 1.0, and they are the same in
// Go, in Rego and over HTTP. Each subpackage is one part of the decision
// point; none of them is imported here.
package pdp

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// A Request asks: may Subject do Action to Resource, in this Context?
type Request struct {
	Subject  Subject
	Action   Action
	Resource Resource
	Context  Context
}

// A Subject is who asks. What the decision point knows of an account (role,
// department) it gathers itself: a caller does not state it.
type Subject struct {
	Type string // SubjectUser, SubjectMachine, SubjectAnonymous
	ID   string // account id, "" for anonymous
}

// The types of subjects.
const (
	SubjectUser      = "user"
	SubjectMachine   = "machine"
	SubjectAnonymous = "anonymous"
)

// An Action is what a route stands for: "patient.read".
type Action struct {
	Name   string
	Method string // HTTP method of the request, "" when there is none
	Path   string // its canonical path, where it matched a route; no rule sees it

	Upgrade bool // the request asks to leave HTTP (RFC 9110, section 7.8)
}

// A Resource is what is touched: a collection has a Type and no ID.
type Resource = pip.Resource

// Context is what the enforcement point saw of the request. Zero fields are
// unknown, and unknown denies.
type Context struct {
	ID         string // of the decision, in records; "" when it has none
	Time       time.Time
	Address    netip.Addr
	UserAgent  string
	Credential Credential
	Route      string // the revision of the tables that named Action and Resource

	// Caller is the enforcement point of others that asks, and Claims is what it
	// says of the request, by where it says so: "context.purpose". The rule book
	// says about what it is believed; all else that it says is not heard.
	Caller Caller
	Claims map[string]string

	// Unreported is how long what this house's enforcement point elsewhere saw
	// has waited to be counted; 0 in one process.
	Unreported time.Duration

	// What the policy administrator alone knows of a log-in or a refresh.
	LogIn   LogIn
	Journey pip.Journey
}

// A Caller is an enforcement point of others, by what proved it. The zero
// Caller is this house's own enforcement point.
type Caller struct {
	Kind string // CallerToken, CallerCertificate
	Name string
}

// How callers prove themselves.
const (
	CallerToken       = "token"
	CallerCertificate = "certificate"
)

// String is how records name a caller.
func (c Caller) String() string {
	if c == (Caller{}) {
		return ""
	}
	return c.Kind + ":" + c.Name
}

// LogIn is what was seen of a log-in.
type LogIn struct {
	Factor   string // the factor that failed: FactorPassword, FactorCode; "" when none did
	Failures int    // of that factor, this one included
	Familiar string // FamiliarDevice, FamiliarNetwork; "" when the account has signed in from neither
}

// The words of a LogIn.
const (
	FactorPassword  = "password"
	FactorCode      = "code"
	FamiliarDevice  = "device"
	FamiliarNetwork = "network"
)

// Credential is what became of the requester's token.
type Credential struct {
	State     CredentialState
	Presented string // PresentedHeader or PresentedCookie; a header proves the request against CSRF
	Site      string // of what came by cookie, where it was begun: SiteOwn, SiteForeign or SiteUnknown; else ""
	Session   string // session id
	TokenID   string // jti
	ACR       string
	AMR       []string
	AuthTime  time.Time // of the newest factor
	Issued    time.Time
	Expires   time.Time
	Footprint string // sealed; opened by the device information point
}

// The words for how a credential came, and where a request that came by cookie was
// begun: by a page of the origin that was asked, by another one, or the browser does
// not say.
const (
	PresentedHeader = "header"
	PresentedCookie = "cookie"

	SiteOwn     = "own"
	SiteForeign = "foreign"
	SiteUnknown = "unknown"
)

// CredentialState is the outcome of verifying a token.
type CredentialState string

// The outcomes. The zero state is none of them and lets no request in.
const (
	CredentialNone    CredentialState = "none"
	CredentialValid   CredentialState = "valid"
	CredentialExpired CredentialState = "expired"
	CredentialInvalid CredentialState = "invalid"
	// CredentialDelegated is no token of ours: an enforcement point elsewhere,
	// which proved itself to the decision point, says that it has
	// authenticated the subject.
	CredentialDelegated CredentialState = "delegated"
)

// A Decision is the answer. The zero Decision denies.
type Decision struct {
	Allow       bool
	Reasons     []string // stable codes, sorted: "device_changed"
	Obligations []Obligation
	Grounds     Grounds  // of a decision that allows
	Revision    string   // digest of the policy that answered
	Evidence    Evidence // what it was answered from
}

// Grounds say under which rules a decision allows. Those of a denial are zero:
// what denied are its reasons.
type Grounds struct {
	Rules []Rule `json:"rules"` // in the order of folder and code
	Right string `json:"right"` // that the action needs, in the table of rights; "" when no row names it
	Reach string `json:"reach"` // how far the subject's role reaches with the right; "" when it has not got it
}

// A Rule is a rule of the rule book by its folder below authz/rules and its
// code: a code that grants, as role/role does.
type Rule struct {
	Folder string `json:"folder"`
	Code   string `json:"code"`
}

// String is how records name a rule.
func (r Rule) String() string { return r.Folder + "/" + r.Code }

// Names are the rules as records name them.
func (g *Grounds) Names() []string {
	if len(g.Rules) == 0 {
		return nil
	}
	names := make([]string, len(g.Rules))
	for i, r := range g.Rules {
		names[i] = r.String()
	}
	return names
}

// An Obligation is something that the enforcement point must do, or deny.
// The shape is that of the AuthZEN obligations profile.
type Obligation struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	Properties json.RawMessage `json:"properties,omitempty"`
}

// Evidence is what a decision was made from, for the journal alone.
type Evidence struct {
	Input json.RawMessage  `json:",omitempty"` // the whole input document: ids, enums, digests
	Ages  map[string]int64 // age of each source's knowledge, microseconds
	// Measures are the numbers of which words of the input were made, by section.
	Measures json.RawMessage `json:",omitempty"`
	Time     time.Time       // of the question
	Who      pip.Identity    // what ID management knew of the subject

	Patient   string       // whose record the resource belongs to, "" when it has no owner or is not known
	Address   netip.Addr   // of the client, as far as its source is believed
	Device    pip.Device   // families of the client's system and browser
	Location  pip.Location // where the client's address is registered
	Period    string       // "day" or "night" by the hospital's own hours, "" when no time is known
	Travel    string       // from the log-in before: "possible", "impossible", "" when it is not known
	Familiar  string       // what the account knows of the client: "device", "network", "none"
	Elsewhere bool         // the action is asked of applications that are not Wardgate's own alone
}

// A Decider answers. With an error it returns the zero Decision.
type Decider interface {
	Decide(ctx context.Context, r Request) (Decision, error)
}

// A Revoker ends sessions. An id that it does not know is not an error.
type Revoker interface {
	Revoke(ctx context.Context, session, reason string) error
}

// ErrRevisionChanged says that the route table that named the request's action
// is not of the revision that would decide it. Route again, and ask again.
var ErrRevisionChanged = errors.New("the policy changed between routing and deciding")

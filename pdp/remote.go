package pdp

import (
	"encoding/json"
	"errors"
)

// Where a decision point answers the enforcement points of its own house. Other
// enforcement points ask by AuthZEN.
const (
	PathDecide      = "/internal/v1/decide"      // POST an Ask, get an Answer
	PathTables      = "/internal/v1/tables"      // GET Tables; follows with QueryWait
	PathKeys        = "/internal/v1/keys"        // GET a KeySet; follows with QueryWait
	PathRevoke      = "/internal/v1/sessions/"   // POST {id}/revoke, a Revocation
	PathRevocations = "/internal/v1/revocations" // GET pip.Revocations, since QueryEpoch and QuerySequence
	PathBehaviour   = "/internal/v1/behaviour"   // POST a Counted
)

// QueryWait, in seconds, lets a request with an If-None-Match header wait that
// long for a change before it is told that there was none.
const QueryWait = "wait"

// QueryEpoch and QuerySequence are the pip.Mark that the caller knows.
const (
	QueryEpoch    = "epoch"
	QuerySequence = "sequence"
)

// An Ask is one question over the network.
type Ask struct {
	ID      string // drawn by who asks, for this question alone
	Request Request
}

// An Answer is what became of the Ask with its ID. The zero Answer denies.
type Answer struct {
	ID       string
	Changed  bool // ErrRevisionChanged, and no decision
	Decision Decision
}

// A Revocation says why a session ends.
type Revocation struct {
	Reason string
}

// A Counted is what an enforcement point elsewhere has seen of behaviour and the
// decision point has not: whose data answers held, and what was refused before
// anybody was asked. An origin's are numbered from 1, and each counts once
// however often it is sent.
type Counted struct {
	Origin  string
	Number  uint64
	Tallies json.RawMessage // as pip/signals counts
}

// Shapely tells a decision that some policy made from one that none made.
// Only denials have reasons, and every denial has one; only what allows has
// grounds, and names a rule.
func (d *Decision) Shapely() bool {
	for i := range d.Obligations {
		o := &d.Obligations[i]
		if o.ID == "" || len(o.Properties) > 0 && !json.Valid(o.Properties) {
			return false
		}
	}
	return d.Revision != "" && d.Allow == (len(d.Reasons) == 0) && d.Allow == (len(d.Grounds.Rules) > 0)
}

// Check returns an error unless the answer is a decision about the ask with
// this id, or says that the policy changed.
func (a *Answer) Check(id string) error {
	switch {
	case a.ID != id || id == "":
		return errors.New("the answer is about another question")
	case a.Changed && a.Decision.Allow:
		return errors.New("the answer contradicts itself")
	case a.Changed:
		return ErrRevisionChanged
	case !a.Decision.Shapely():
		return errors.New("the decision contradicts itself")
	}
	return nil
}

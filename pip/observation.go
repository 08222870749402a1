package pip

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Saw is what a decision saw of the situation, as far as behaviour is counted by
// it: in the words of the policy. The zero Saw saw nothing.
type Saw struct {
	Period   string // of the hospital's day: PeriodNight, "day", "" when it is not known
	Country  string // where the address is registered
	Travel   string // from the log-in before, by the addresses that were seen: TravelImpossible, "possible", ""; never by coordinates, the client's own word
	Familiar string // what the account knows of this client: FamiliarDevice, "network", FamiliarNone
	Denial   Denial // what was wrong, when it denied

	// Elsewhere is a request for an application that is not Wardgate's own. It has
	// a quota of its own there, and is no flood here.
	Elsewhere bool
}

// An Observation is one event as far as behaviour is counted by it. The zero
// Observation counts nothing.
type Observation struct {
	Of         Conduct
	Time       time.Time
	Subject    string     // account id, "" for none
	Address    netip.Addr // of the client, zero when it is not known
	Allow      bool       // of a request and of a log-in
	Decided    bool       // of a request: a policy answered
	Prediction bool       // of a request: a model was asked
	Count      int        // of a request: how many like requests it stands for, at least 1
	Patients   []string   // of an answer: ids of those whose data was in it
	Report     string     // kind of what another system reported
	Saw        Saw
}

// Conduct is what an Observation is of.
type Conduct uint8

// What behaviour is counted by.
const (
	ConductNone    Conduct = iota
	ConductRequest         // a request was decided, or refused before
	ConductAnswer          // an answer held data of patients
	ConductLogIn           // a person tried to log in
	ConductReport          // another system reported a subject or an address
)

// Words of a policy that behaviour is counted by.
const (
	PeriodNight      = "night"
	TravelImpossible = "impossible"
	FamiliarDevice   = "device"
	FamiliarNone     = "none"
)

// Denial is what was wrong with a request, by its gravest reason. The zero
// Denial is anything else.
type Denial uint8

// The denials that are counted apart.
const (
	DenialOther        Denial = iota
	DenialCredential          // no token, or one that does not hold
	DenialDevice              // another device, or one that is not known
	DenialRight               // the role does not have the right
	DenialRelationship        // no care relationship with the patient
	DenialUndecided           // that is not known: Wardgate itself lacks a fact
)

// Kinds counts n like denials.
func (d Denial) Kinds(n int) DenialKinds {
	switch d {
	case DenialCredential:
		return DenialKinds{Credential: n}
	case DenialDevice:
		return DenialKinds{Device: n}
	case DenialRight:
		return DenialKinds{Right: n}
	case DenialRelationship:
		return DenialKinds{Relationship: n}
	case DenialUndecided: // says nothing of who asked
		return DenialKinds{}
	default:
		return DenialKinds{Other: n}
	}
}

// Words of events that behaviour is counted by.
const (
	actionLogIn   = "session.create"
	actionPredict = "model.predict"
	reportVerb    = "signal." // begins the action of what another system reported
)

// DetailAsked marks the evidence of a question that is not enforced here. It is
// no behaviour of the subject that it is about.
const DetailAsked = "asked"

// ReasonQuota refuses what is beyond a subject's quota of one application. It is no
// behaviour: a program that is slowed down there is nothing to hold against a person.
const ReasonQuota = "quota_exceeded"

// Observation is what behaviour is counted by. What was only asked, what a quota
// refused, and what the sentinel itself did, is none; a caller that asks names itself.
func (e *Event) Observation() Observation {
	o := Observation{Time: e.Time, Subject: e.Subject, Allow: e.Allow, Saw: e.Saw}
	switch {
	case e.Detail == DetailAsked || e.Caller != "" || slices.Contains(e.Reasons, ReasonQuota):
		return Observation{}
	case e.Kind == KindDecision:
		o.Of, o.Decided, o.Prediction, o.Count = ConductRequest, e.Revision != "", e.Action == actionPredict, max(e.Count, 1)
	case e.Kind == KindOutcome && len(e.Patients) > 0:
		o.Of, o.Patients = ConductAnswer, e.Patients
	case e.Kind == KindSession && e.Action == actionLogIn:
		o.Of = ConductLogIn
	case e.Kind == KindSystem && strings.HasPrefix(e.Action, reportVerb):
		o.Of, o.Report = ConductReport, strings.TrimPrefix(e.Action, reportVerb)
	default:
		return Observation{}
	}
	if e.Address != "" {
		o.Address, _ = netip.ParseAddr(e.Address) // what is no address is not known
	}
	return o
}

// Recall fills in what the decision saw from what its record holds: Saw itself
// is not recorded. denial tells what was wrong from the codes of a denial. With
// an error nothing is known of what the decision saw.
func (e *Event) Recall(denial func(codes []string) Denial) error {
	e.Saw = Saw{}
	if e.Kind == KindDecision && !e.Allow {
		e.Saw.Denial = denial(e.Reasons)
	}
	if len(e.Input) == 0 {
		return nil
	}
	var input struct {
		Context struct {
			Time struct {
				Period string `json:"period"`
			} `json:"time"`
			Location struct {
				Country string `json:"country"`
				Travel  string `json:"travel"`
			} `json:"location"`
			LogIn struct {
				Familiar string `json:"familiar"`
			} `json:"log_in"`
		} `json:"context"`
	}
	if err := json.Unmarshal(e.Input, &input); err != nil {
		return fmt.Errorf("recall what a decision saw: %w", err)
	}
	c := &input.Context
	e.Saw.Period, e.Saw.Country, e.Saw.Travel, e.Saw.Familiar = c.Time.Period, c.Location.Country, c.Location.Travel, c.LogIn.Familiar
	return nil
}

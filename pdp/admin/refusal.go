package admin

import (
	"errors"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// Kind says what a refusal is about. The zero Kind forbids.
type Kind uint8

// The kinds of refusals.
const (
	Forbidden   Kind = iota // the policy does not want it
	Malformed               // the input is wrong
	Unproven                // the caller has not proven who it is
	Missing                 // there is no such thing, or it is not the caller's
	TooSoon                 // later, perhaps
	Conflicting             // something else stands against it
	Undecided               // the policy needs to know what Wardgate does not know now
)

// A Refusal is a definite no. Every other error of an Admin means that
// something failed, and that nothing was granted.
type Refusal struct {
	Kind    Kind
	Reasons []string // stable codes
	Wait    time.Duration
}

// Error names the first reason.
func (r *Refusal) Error() string {
	if len(r.Reasons) == 0 {
		return "refused"
	}
	return "refused: " + r.Reasons[0]
}

// Refuse is a refusal with one reason.
func Refuse(kind Kind, reason string) *Refusal {
	return &Refusal{Kind: kind, Reasons: []string{reason}}
}

// ReasonEmail is the only reason of an Authenticator that is about the form of
// the input.
const ReasonEmail = "email_malformed"

// reasonMethod says that the way of proving is none for this account: a mailed
// code with an app enrolled.
const reasonMethod = "method_unavailable"

// refused turns the definite no of ID management in err into a Refusal; nil when
// there is none. known is what ID management said.
func refused(err error) (r *Refusal, known *pip.Refusal) {
	if !errors.As(err, &known) {
		return nil, nil
	}
	r = Refuse(Unproven, known.Reason)
	r.Wait = known.Wait
	switch {
	case known.Wait > 0:
		r.Kind = TooSoon
	case known.Reason == ReasonEmail:
		r.Kind = Malformed
	case known.Reason == reasonMethod:
		r.Kind = Forbidden
	}
	return r, known
}

// Package delivery brings signed rule books to an engine: from a file or from
// an OPA bundle server. It owns the order of things: a bundle is verified,
// compared with the newest that was ever in force, compiled, checked against
// the floor, tested, made durable, journalled, and only then decides. Whatever
// fails on this way changes nothing: the last good rule book goes on deciding.
// It never takes an unsigned bundle, and goes back to an older one only at an
// operator's word.
package delivery

import (
	"context"
	"errors"

	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
)

// A Source is where bundles come from.
type Source interface {
	// Fetch waits until there is a bundle other than the one of this tag, and
	// returns it. An Arrival without bytes says that the source was reached and
	// has nothing new. With an error the source could not be reached.
	Fetch(ctx context.Context, tag string) (Arrival, error)
	// Name is the source's name for operators: a path, an address.
	Name() string
}

// An Arrival is what a source brought, unverified.
type Arrival struct {
	Packed []byte // nil when nothing is new
	Tag    string // the source's own name for these bytes
}

// An Engine decides by the rule book that was put in force last.
type Engine interface{ Put(c *engine.Candidate) }

// A Code says in one stable word why a bundle was refused. It stands in the
// journal and in metrics.
type Code string

// The codes of refusals.
const (
	CodeMalformed    Code = "bundle_malformed"
	CodeUnsigned     Code = "bundle_unsigned"
	CodeSignature    Code = "bundle_signature"
	CodeVersion      Code = "bundle_version_missing"
	CodeFuture       Code = "bundle_from_the_future"
	CodeOlder        Code = "bundle_older"
	CodeRefused      Code = "rule_book_refused"
	CodeTests        Code = "rule_book_tests_failed"
	CodeProof        Code = "proof_of_another_book"
	CodeNotProved    Code = "rule_book_not_proved"
	CodeNotDurable   Code = "bundle_not_durable"
	CodeNotJournaled Code = "bundle_not_journalled"
)

// Codes are all codes of refusals.
func Codes() []Code {
	return []Code{
		CodeMalformed, CodeUnsigned, CodeSignature, CodeVersion, CodeFuture, CodeOlder,
		CodeRefused, CodeTests, CodeProof, CodeNotProved, CodeNotDurable, CodeNotJournaled,
	}
}

// A Refusal is why a bundle did not come into force.
type Refusal struct {
	Code Code
	Err  error
}

func (r *Refusal) Error() string { return r.Err.Error() }

func (r *Refusal) Unwrap() error { return r.Err }

// passing reports whether the same bytes may be taken at another time: the
// fault lies with the clock or with this machine.
func (r *Refusal) passing() bool {
	switch r.Code {
	case CodeFuture, CodeNotDurable, CodeNotJournaled:
		return true
	case CodeRefused:
		return errors.Is(r.Err, errNotNow)
	case CodeTests:
		return errors.Is(r.Err, context.DeadlineExceeded)
	default:
		return false
	}
}

func refuse(code Code, err error) *Refusal { return &Refusal{code, err} }

// codeOf is the code of a bundle that could not be read.
func codeOf(err error) Code {
	switch {
	case errors.Is(err, bundle.ErrUnsigned):
		return CodeUnsigned
	case errors.Is(err, bundle.ErrSignature):
		return CodeSignature
	case errors.Is(err, bundle.ErrVersion):
		return CodeVersion
	default:
		return CodeMalformed
	}
}

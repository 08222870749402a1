package api

import (
	"encoding/json"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pdp"
)

// Lengths of texts, in bytes.
const (
	maxText  = 1024
	maxAgent = 4096
)

const (
	messageObject   = "expected an object"
	messageRequired = "required"
)

// An object is a JSON object by the exact spelling of its names. What is not
// asked for is ignored.
type object map[string]json.RawMessage

func asObject(raw json.RawMessage) (object, bool) {
	o, err := strictjson.Object(raw)
	return o, err == nil
}

// A question is what an AuthZEN evaluation asks: who, what, on what, from
// where. A caller's word for a role, a time or any other property is a claim,
// which stands apart: what the decision point knows by itself it takes from
// no caller.
type question struct {
	caller   pdp.Caller
	subject  pdp.Subject
	action   string
	resource pdp.Resource
	address  netip.Addr
	agent    string
	claims   map[string]string // by where they stand: "context.purpose"
}

// readQuestion reads the four members of o; at is where o stands in the body.
// Its error is a malformed that names every faulty field.
func readQuestion(o object, at string) (question, error) {
	return readParts(o, at).question(at)
}

// A reading collects the faults of a question. Its methods read nothing from a
// nil object: that it is missing is a fault already.
type reading struct{ faults malformed }

func (r *reading) fault(location, message string) {
	r.faults = append(r.faults, problem.Field{Location: location, Message: message})
}

// err is nil when there were no faults. A nil malformed in an error is not nil.
func (r *reading) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	return r.faults
}

// object reads a required object.
func (r *reading) object(o object, at, name string) object {
	raw, there := o[name]
	if !there {
		r.fault(at+"."+name, messageRequired)
		return nil
	}
	inner, ok := asObject(raw)
	if !ok {
		r.fault(at+"."+name, messageObject)
	}
	return inner
}

// text reads a required text of at least least bytes. One that a reader could
// show differently, with control characters or replaced ones, is refused: it
// would stand in the journal as an id.
func (r *reading) text(o object, at, name string, least int) string {
	if o == nil {
		return ""
	}
	raw, there := o[name]
	if !there {
		r.fault(at+"."+name, messageRequired)
		return ""
	}
	text, ok := plainText(raw, maxText)
	switch {
	case !ok:
		r.fault(at+"."+name, "expected a plain text of at most 1024 bytes")
	case len(text) < least:
		r.fault(at+"."+name, "expected a text that is not empty")
	}
	return text
}

func plainText(raw json.RawMessage, longest int) (string, bool) {
	var text string
	if len(raw) == 0 || raw[0] != '"' || strictjson.Decode(raw, &text) != nil || len(text) > longest {
		return "", false
	}
	odd := strings.ContainsFunc(text, func(c rune) bool { return c == utf8.RuneError || unicode.IsControl(c) })
	return text, !odd
}

// request is the question as the Decider takes it. It is false for a kind of
// subject of which no source knows anything, so that none is asked. The
// caller proved itself, and with it vouches for the subject; it vouches for
// nothing else.
func (q *question) request(now time.Time) (pdp.Request, bool) {
	r := pdp.Request{
		Subject:  q.subject,
		Action:   pdp.Action{Name: q.action},
		Resource: q.resource,
		Context:  pdp.Context{Time: now, Address: q.address, UserAgent: q.agent, Caller: q.caller, Claims: q.claims},
	}
	switch q.subject.Type {
	case pdp.SubjectUser, pdp.SubjectMachine:
		r.Context.Credential.State = pdp.CredentialDelegated
	case pdp.SubjectAnonymous:
		r.Context.Credential.State = pdp.CredentialNone
	default:
		return pdp.Request{}, false
	}
	return r, true
}

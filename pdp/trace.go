package pdp

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// A Trace is who did what from where: what all evidence of one request has in
// common. Its methods, and Decision.Record, are the one place where a decision
// becomes an event of the journal.
type Trace struct {
	ID      string // of the decision
	Action  string
	Subject string
	Role    string
	Session string
	Caller  string // the enforcement point of others that asked
	Address netip.Addr
	Client  Client
	Patient string // whose record was asked for, granted or not

	Application string // whose own host was asked; "" for none
	Method      string
	Path        string // of a request that matched a route
	PathDigest  string // of any other: it may hold anything
	QueryDigest string
	BodyDigest  string

	Detail string
}

// A Client is what is known of the program that asks.
type Client struct {
	OS, Browser string // families
	Country     string // of the address
}

// Client is what the decision point saw of the program that asks.
func (e *Evidence) Client() Client {
	return Client{OS: e.Device.OS, Browser: e.Device.Browser, Country: e.Location.Country}
}

// Details of events that stand for something else than one request that was
// enforced here.
const (
	DetailAsked   = pip.DetailAsked
	DetailClosed  = "closed"  // a connection that had left HTTP has ended
	DetailChecked = "extauth" // another proxy forwards: no outcome is seen here
)

const (
	outcomeSuccess = "success"
	outcomeFailure = "failure"
)

// Event is the evidence of something about which nothing was decided.
func (t *Trace) Event(kind pip.Kind, at time.Time) pip.Event {
	e := pip.Event{
		Kind:        kind,
		Time:        at,
		Action:      t.Action,
		Decision:    t.ID,
		Subject:     t.Subject,
		Role:        t.Role,
		Session:     t.Session,
		Caller:      t.Caller,
		Application: t.Application,
		Method:      t.Method,
		Path:        t.Path,
		PathDigest:  t.PathDigest,
		QueryDigest: t.QueryDigest,
		BodyDigest:  t.BodyDigest,
		OS:          t.Client.OS,
		Browser:     t.Client.Browser,
		Country:     t.Client.Country,
		Detail:      t.Detail,
	}
	if t.Address.IsValid() {
		e.Address = t.Address.String()
	}
	return e
}

// Decided is the evidence of a decision. What its codes mean is said by reasons.
func (t *Trace) Decided(d *Decision, reasons Reasons, at time.Time) pip.Event {
	e := t.Event(pip.KindDecision, at)
	e.Allow, e.Outcome = d.Allow, outcomeFailure
	if d.Allow {
		e.Outcome = outcomeSuccess
	}
	if t.Patient != "" {
		e.Patients = []string{t.Patient}
	}
	d.Record(&e, reasons)
	return e
}

// An Outcome is what came of a request that was allowed.
type Outcome struct {
	Status   int      // of the answer; 0 when the client got none
	Patients []string // whose data the answer holds
	Answered bool     // by the application
	Outcome  string   // of one that was not answered: "unknown", or "failure" when its answer was withheld
	Detail   string   // why it was not; "" leaves that of the trace
	Reasons  []string // why it was broken off
}

// CameOf is the evidence of what came of a decision that allowed.
func (t *Trace) CameOf(d *Decision, o *Outcome, at time.Time) pip.Event {
	e := t.Event(pip.KindOutcome, at)
	e.Allow, e.Status, e.Patients, e.Outcome, e.Reasons = true, o.Status, o.Patients, o.Outcome, o.Reasons
	if o.Detail != "" {
		e.Detail = o.Detail
	}
	if o.Answered {
		e.Outcome = outcomeSuccess
		if o.Status >= http.StatusBadRequest {
			e.Outcome = outcomeFailure
		}
		d.ground(&e)
	}
	return e
}

// How a body ended that was forwarded as it came.
const (
	StreamComplete    = "complete"        // it came to its end, and was passed on
	StreamClient      = "cut_client"      // the client broke off
	StreamApplication = "cut_application" // the application took no more of it
	StreamTooLarge    = "limit"           // it went beyond its row's limit
	StreamIdle        = "idle"            // the client made no progress
	StreamRevoked     = "revoked"         // the session or the subject was
)

// Ended is the evidence of how a body ended that was forwarded as it came: in which of
// these ways, after how many bytes, with which digest.
func (t *Trace) Ended(how string, bytes int64, digest string, at time.Time) pip.Event {
	e := t.Event(pip.KindStream, at)
	e.Allow, e.Bytes, e.BodyDigest, e.Detail, e.Outcome = true, bytes, digest, how, outcomeFailure
	if how == StreamComplete {
		e.Outcome = outcomeSuccess
	}
	return e
}

// Record puts the decision into its evidence: why, under which rules when the
// event allows, and what it was made from.
func (d *Decision) Record(e *pip.Event, reasons Reasons) {
	seen := &d.Evidence
	e.Reasons, e.Revision, e.Input, e.Ages = d.Reasons, d.Revision, seen.Input, seen.Ages
	e.Measures = seen.measuredAt(e.Time)
	if e.Allow {
		d.ground(e)
	} else {
		e.Alarm = reasons.Alarm(d.Reasons)
	}
	for i := range d.Obligations {
		e.Obligations = append(e.Obligations, d.Obligations[i].ID)
	}
	e.Duties = d.duties()
	e.Saw = pip.Saw{Period: seen.Period, Country: seen.Location.Country, Travel: seen.Travel, Familiar: seen.Familiar, Elsewhere: seen.Elsewhere}
	if e.Kind == pip.KindDecision && !e.Allow {
		e.Saw.Denial = reasons.Denial(d.Reasons)
		if reasons != nil {
			e.Answered, e.Shown = reasons.told(d.Reasons)
		}
	}
}

// measuredAt are the measures, with the time of the question where the record has
// another.
func (e *Evidence) measuredAt(at time.Time) json.RawMessage {
	if len(e.Measures) < 2 || e.Time.IsZero() || e.Time.Equal(at) {
		return e.Measures
	}
	b := append([]byte(`{"time":[`), strconv.FormatInt(e.Time.UnixMilli(), 10)...)
	b = append(b, ']')
	if len(e.Measures) > len("{}") {
		b = append(b, ',')
	}
	return append(b, e.Measures[1:]...)
}

// duties are the properties of the obligations, up to the last that has any.
func (d *Decision) duties() []json.RawMessage {
	n := len(d.Obligations)
	for n > 0 && len(d.Obligations[n-1].Properties) == 0 {
		n--
	}
	if n == 0 {
		return nil
	}
	list := make([]json.RawMessage, n)
	for i := range list {
		list[i] = d.Obligations[i].Properties
	}
	return list
}

// told is what the client of a denial is told: the status, and the codes where they
// are not the reasons themselves.
func (r Reasons) told(codes []string) (status int, shown []string) {
	if status, shown = r.Answer(codes); slices.Equal(shown, codes) {
		return status, nil
	}
	return status, shown
}

func (d *Decision) ground(e *pip.Event) {
	e.Rules, e.Right, e.Reach = d.Grounds.Names(), d.Grounds.Right, d.Grounds.Reach
}

// Denial returns what was wrong, by the gravest class of the codes. What is answered 503 says
// nothing of who asked: without a fact more seems wrong than is. An alarm is one all the
// same.
func (r Reasons) Denial(codes []string) pip.Denial {
	if status, _ := r.Answer(codes); status == http.StatusServiceUnavailable && !r.Alarm(codes) {
		return pip.DenialUndecided
	}
	switch r.Class(codes) {
	case ClassCredential:
		return pip.DenialCredential
	case ClassDevice:
		return pip.DenialDevice
	case ClassRight:
		return pip.DenialRight
	case ClassRelationship:
		return pip.DenialRelationship
	default:
		return pip.DenialOther
	}
}

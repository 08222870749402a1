package pep

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/deadline"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pep/obligation"
	"github.com/wardgate/wardgate/pip"
)

// dischargeTimeout bounds what a decision's obligations may take.
const dischargeTimeout = 5 * time.Second

// journalTimeout bounds the wait for the journal's disk.
const journalTimeout = 10 * time.Second

// enforce discharges and journals, in this order, and rules.
func (p *Proxy) enforce(ctx context.Context, x *exchange) ruling {
	effects, err := p.discharge(ctx, x)
	x.effects = effects
	if err != nil {
		p.Log.Error("obligation not met", "decision", x.id, "error", err)
		x.deny("obligation_unmet")
	}
	if code := p.outOfReach(x); x.decision.Allow && code != "" {
		x.deny(code)
	}
	if p.counted(x) {
		return ruling{status: statusOf(x.decision.Reasons), reasons: x.decision.Reasons}
	}
	if err := p.record(ctx, x.decisionEvent()); err != nil {
		p.Log.Error("decision not journalled", "decision", x.id, "error", err)
		return ruling{status: http.StatusServiceUnavailable, reasons: []string{"journal_unavailable"}}
	}
	if !x.decision.Allow {
		return ruling{status: statusOf(x.decision.Reasons), reasons: x.decision.Reasons}
	}
	return ruling{allow: true}
}

// outOfReach says why the application may not have this request, or "". One
// that is foreign or that only another proxy reaches reads no assertion: a
// decision that limits what it may show would limit nothing there. Nor is an answer masked that
// another proxy brings to the client.
func (p *Proxy) outOfReach(x *exchange) string {
	name := x.application()
	switch {
	case x.asked && x.effects.Mask != nil:
		return "obligation_unmet" // the answer will never be seen here
	case p.forwarder[name] != nil && !p.Upstreams[name].External:
		return ""
	case p.forwarder[name] == nil && (!x.asked || !slices.Contains(p.Proxied, name)):
		return "application_unavailable"
	case x.effects.Rows != nil || len(x.effects.Withhold) > 0 || x.effects.WithholdFragile:
		return "obligation_unmet"
	default:
		return ""
	}
}

// discharge goes on when the client has gone: nobody escapes a revocation by
// hanging up.
func (p *Proxy) discharge(ctx context.Context, x *exchange) (obligation.Effects, error) {
	ctx, cancel := deadline.Within(context.WithoutCancel(ctx), dischargeTimeout)
	defer cancel()
	return p.discharger.Discharge(ctx, &x.decision, x.credential.Session)
}

// deny turns the decision into a denial for one more reason.
func (x *exchange) deny(reason string) {
	x.decision.Allow = false
	x.decision.Reasons = append(slices.Clone(x.decision.Reasons), reason)
	x.effects = obligation.Effects{Revoked: x.effects.Revoked}
}

func (x *exchange) application() string {
	if !x.matched {
		return ""
	}
	return x.match.Route.Application
}

// refuse turns away a request that no policy could be asked about, and keeps
// the evidence.
func (p *Proxy) refuse(ctx context.Context, x *exchange, status int, code string) ruling {
	x.decision.Reasons = []string{code}
	if p.counted(x) {
		return ruling{status: status, reasons: []string{code}}
	}
	if err := p.record(ctx, x.decisionEvent()); err != nil {
		p.Log.Error("refusal not journalled", "decision", x.id, "error", err)
		status, code = http.StatusServiceUnavailable, "journal_unavailable"
	}
	return ruling{status: status, reasons: []string{code}}
}

// record waits for the journal even when the client has gone: evidence does
// not depend on a client's patience.
func (p *Proxy) record(ctx context.Context, e pip.Event) error {
	ctx, cancel := deadline.Within(context.WithoutCancel(ctx), journalTimeout)
	defer cancel()
	return p.Journal.Append(ctx, e)
}

func (p *Proxy) answer(w http.ResponseWriter, x *exchange, status int, reasons ...string) {
	d, header := x.denial(status, reasons)
	maps.Copy(w.Header(), header)
	problem.Write(w, d)
}

// denial is what whoever asked is told, and the headers that go with it.
func (x *exchange) denial(status int, reasons []string) (problem.Document, http.Header) {
	d := problem.New(status, shown(reasons)...)
	d.Decision = x.id
	header := http.Header{}
	switch status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", x.authenticateHeader(reasons))
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", "1")
	case http.StatusTooManyRequests:
		header.Set("Retry-After", rateWindow)
	}
	return d, header
}

// rateWindow is how long, in seconds, requests count as many.
const rateWindow = "60"

// authenticateHeader follows RFC 6750 and, when a fresh factor would do, RFC 9470.
func (x *exchange) authenticateHeader(reasons []string) string {
	switch {
	case x.effects.Challenge != nil && slices.Equal(reasons, []string{"step_up_required"}):
		return fmt.Sprintf(`Bearer error="insufficient_user_authentication", acr_values="%s", max_age="%d"`,
			quoted(x.effects.Challenge.ACR), x.effects.Challenge.MaxAge)
	case slices.Contains(reasons, "session_missing"):
		return "Bearer"
	default:
		return `Bearer error="invalid_token"`
	}
}

// quoted makes text safe inside a quoted-string.
func quoted(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, s)
}

// decisionEvent is the evidence of the decision. The path of a request that
// matched no route may hold anything, and is kept as a digest only.
func (x *exchange) decisionEvent() pip.Event {
	d := &x.decision
	e := x.event(pip.KindDecision)
	e.Allow = d.Allow
	e.Outcome = "failure"
	if d.Allow {
		e.Outcome = "success"
	}
	e.Reasons = d.Reasons
	x.ground(&e)
	e.Revision = d.Revision
	e.Input = d.Evidence.Input
	e.Ages = d.Evidence.Ages
	if patient := x.patient(); patient != "" {
		e.Patients = []string{patient}
	}
	for i := range d.Obligations {
		e.Obligations = append(e.Obligations, d.Obligations[i].ID)
	}
	return e
}

// ground names the rules under which x is allowed.
func (x *exchange) ground(e *pip.Event) {
	if d := &x.decision; d.Allow {
		e.Rules, e.Right, e.Reach = d.Grounds.Names(), d.Grounds.Right, d.Grounds.Reach
	}
}

// patient is whose record was asked for, granted or not.
func (x *exchange) patient() string {
	if x.matched && x.match.Resource.Type == "patient" && x.match.Resource.ID != "" {
		return x.match.Resource.ID
	}
	return x.decision.Evidence.Patient
}

// event is what decision and outcome have in common.
func (x *exchange) event(kind pip.Kind) pip.Event {
	e := pip.Event{
		Kind:        kind,
		Time:        x.now,
		Decision:    x.id,
		Subject:     x.subject,
		Role:        x.decision.Evidence.Who.Role,
		Session:     x.credential.Session,
		Method:      x.target.Method,
		QueryDigest: assertion.Digest([]byte(x.target.Query)),
		BodyDigest:  x.bodyDigest,
	}
	seen := &x.decision.Evidence
	e.OS, e.Browser, e.Country = seen.Device.OS, seen.Device.Browser, seen.Location.Country
	if x.asked {
		e.Detail = askedDetail
	}
	if x.address.IsValid() {
		e.Address = x.address.String()
	}
	if x.matched {
		e.Action = x.match.Route.Action
		e.Path = x.target.Path
	} else {
		e.PathDigest = assertion.Digest([]byte(x.target.Path))
	}
	return e
}

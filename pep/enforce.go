package pep

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pep/obligation"
	"github.com/wardgate/wardgate/pip"
)

// dischargeTimeout bounds what a decision's obligations may take.
const dischargeTimeout = 5 * time.Second

// journalTimeout bounds the wait for the journal's disk.
const journalTimeout = 10 * time.Second

// enforce discharges, journals, and forwards or refuses, in this order.
func (p *Proxy) enforce(w http.ResponseWriter, r *http.Request, x *exchange) {
	effects, err := p.discharge(r.Context(), x)
	x.effects = effects
	if err != nil {
		p.Log.Error("obligation not met", "decision", x.id, "error", err)
		x.deny("obligation_unmet")
	}
	forwarder := p.forwarder[x.application()]
	if x.decision.Allow && forwarder == nil {
		x.deny("application_unavailable")
	}
	if err := p.record(r.Context(), x.decisionEvent()); err != nil {
		p.Log.Error("decision not journalled", "decision", x.id, "error", err)
		p.answer(w, x, http.StatusServiceUnavailable, "journal_unavailable")
		return
	}
	if !x.decision.Allow {
		p.answer(w, x, statusOf(x.decision.Reasons), x.decision.Reasons...)
		return
	}
	forwarder.ServeHTTP(final{w}, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x)))
}

// discharge goes on when the client has gone: nobody escapes a revocation by
// hanging up.
func (p *Proxy) discharge(ctx context.Context, x *exchange) (obligation.Effects, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dischargeTimeout)
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
func (p *Proxy) refuse(w http.ResponseWriter, r *http.Request, x *exchange, status int, code string) {
	x.decision.Reasons = []string{code}
	if err := p.record(r.Context(), x.decisionEvent()); err != nil {
		p.Log.Error("refusal not journalled", "decision", x.id, "error", err)
		status, code = http.StatusServiceUnavailable, "journal_unavailable"
	}
	broken := status == http.StatusRequestEntityTooLarge || status == http.StatusBadRequest
	if broken && r.ProtoMajor == 1 { // in HTTP/2 it would end the other streams too
		w.Header().Set("Connection", "close")
	}
	p.answer(w, x, status, code)
}

// record waits for the journal even when the client has gone: evidence does
// not depend on a client's patience.
func (p *Proxy) record(ctx context.Context, e pip.Event) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), journalTimeout)
	defer cancel()
	return p.Journal.Append(ctx, e)
}

func (p *Proxy) answer(w http.ResponseWriter, x *exchange, status int, reasons ...string) {
	d := problem.New(status, shown(reasons)...)
	d.Decision = x.id
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", x.authenticateHeader(reasons))
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	problem.Write(w, d)
}

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

// credentialReasons say that whoever asks has to log in again. Beside one of
// them the others mean nothing to the client; the journal has them all.
var credentialReasons = []string{
	"session_missing", "token_expired", "token_invalid", "session_revoked", "device_changed",
}

// shown is what a client is told of the reasons.
func shown(reasons []string) []string {
	if slices.Contains(reasons, "route_unknown") {
		return []string{"route_unknown"} // nothing else about no resource means anything
	}
	own := slices.DeleteFunc(slices.Clone(reasons), func(code string) bool {
		return !slices.Contains(credentialReasons, code)
	})
	if len(own) > 0 {
		return own
	}
	return reasons
}

// statusOf is the one place that turns reasons into a status.
func statusOf(reasons []string) int {
	has := func(code string) bool { return slices.Contains(reasons, code) }
	switch {
	case has("route_unknown"):
		return http.StatusNotFound
	case slices.ContainsFunc(credentialReasons, has):
		return http.StatusUnauthorized
	case slices.Equal(reasons, []string{"step_up_required"}):
		return http.StatusUnauthorized
	case slices.ContainsFunc(reasons, unavailable):
		return http.StatusServiceUnavailable
	default:
		return http.StatusForbidden
	}
}

// unavailable tells a reason that lies in Wardgate's own state from one that
// lies in the request.
func unavailable(code string) bool {
	return strings.HasSuffix(code, "_unknown") || strings.HasSuffix(code, "_unavailable")
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
	e.Revision = d.Revision
	e.Input = d.Evidence.Input
	e.Ages = d.Evidence.Ages
	for i := range d.Obligations {
		e.Obligations = append(e.Obligations, d.Obligations[i].ID)
	}
	return e
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
		Method:      x.target.method,
		QueryDigest: assertion.Digest([]byte(x.target.query)),
		BodyDigest:  x.bodyDigest,
	}
	if x.address.IsValid() {
		e.Address = x.address.String()
	}
	if x.matched {
		e.Action = x.match.Route.Action
		e.Path = x.target.path
	} else {
		e.PathDigest = assertion.Digest([]byte(x.target.path))
	}
	return e
}

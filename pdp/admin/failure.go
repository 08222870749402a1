package admin

import (
	"context"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pdp"
)

const (
	actionFail = "log_in.fail"

	// barLogIn is the one obligation that a failed log-in may bring.
	barLogIn = "bar_log_in" // properties: {"seconds": n, "reason": code}
)

// failed turns an error of the Authenticator at log-in into a refusal. What
// was evaluated and found wrong is put before the policy, which may bar further
// log-ins from the same kind of origin, and is journalled; that a client was
// told to wait is not, or strangers could fill the journal.
//
// Whatever the policy says, and if it says nothing, the refusal stands.
func (a *Admin) failed(ctx context.Context, c Client, factor string, seen familiarity, err error) error {
	r, known := refused(err)
	if r == nil {
		return err
	}
	if r.Kind != Unproven {
		return r
	}
	now := a.cfg.Now()
	decision := a.askAboutFailure(ctx, c, pdp.LogIn{Factor: factor, Failures: known.Failures, Familiar: seen.words}, now)
	e := a.withDecision(a.event(c, actionCreate, known.Account, "", now), decision)
	e.Outcome, e.Reasons, e.Alarm = "failure", r.Reasons, a.reasons().Alarm(r.Reasons)
	if err := a.parts.Journal.Append(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("journal a failed %s: %w", actionCreate, err)
	}
	a.tellOfCopy(ctx, c, known)
	if err := a.bar(context.WithoutCancel(ctx), known.Limiter, decision.Obligations, now); err != nil {
		return fmt.Errorf("after a failed %s: %w", actionCreate, err)
	}
	return r
}

// askAboutFailure asks without naming the account, so that an unknown e-mail
// and a known one are the same question. Without an answer nothing is barred:
// the limiter refuses by itself until its span is over.
func (a *Admin) askAboutFailure(ctx context.Context, c Client, seen pdp.LogIn, now time.Time) pdp.Decision {
	d, err := a.parts.Decider.Decide(ctx, pdp.Request{
		Subject:  pdp.Subject{Type: "anonymous"},
		Action:   pdp.Action{Name: actionFail},
		Resource: pdp.Resource{Type: "account"},
		Context: pdp.Context{
			Time: now, Address: c.Address, UserAgent: c.UserAgent,
			Credential: pdp.Credential{State: pdp.CredentialNone},
			LogIn:      seen,
		},
	})
	if err != nil {
		a.parts.Log.Error("no decision on a failed log-in", "error", err)
		return pdp.Decision{}
	}
	return d
}

// bar does what the policy obliges to. An obligation that is not known is an
// error: it must not pass for met.
func (a *Admin) bar(ctx context.Context, limiter string, obligations []pdp.Obligation, now time.Time) error {
	for _, o := range obligations {
		if o.ID != barLogIn {
			return fmt.Errorf("obligation %s is not known here", o.ID)
		}
		var p struct {
			Seconds int64 `json:"seconds"`
		}
		if err := strictjson.DecodeKnown(o.Properties, &p); err != nil || p.Seconds <= 0 {
			return fmt.Errorf("obligation %s: expected seconds above 0", o.ID)
		}
		if limiter == "" {
			continue
		}
		if err := a.parts.Authenticator.Bar(ctx, limiter, now.Add(time.Duration(p.Seconds)*time.Second)); err != nil {
			return err
		}
	}
	return nil
}

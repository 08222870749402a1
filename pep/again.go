package pep

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/wardgate/wardgate/internal/deadline"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/obligation"
)

// Again is how often an exchange that is under way is decided again, unless the Config says
// otherwise.
const Again = 10 * time.Second

// AgainTime bounds the wait for whether a session goes on, unless the Config says otherwise: a
// store that is silent keeps all others from being looked at.
const AgainTime = 2 * time.Second

const (
	// lookAgain is how often exchanges are looked at that may be due: a rule book that has come
	// into force makes all of them due.
	lookAgain = time.Second

	// Of what cannot be decided now, because a fact has become stale or unknown or there is no
	// answer, it is taken for these times that it goes on as it was allowed.
	graceOfPeople   = time.Minute
	graceOfMachines = 10 * time.Minute
)

// A judgement is what an exchange that is under way was last found to be. It belongs to
// whatever judges it.
type judgement struct {
	at       time.Time
	revision string    // of the rule book that was asked
	unknown  time.Time // since when it could not be decided; zero when it could
}

// Watch decides exchanges again that are under way, until the context ends. What is found so
// has one effect, to break them off: it counts in no rate, ends no session, and bans no one.
func (p *Proxy) Watch(ctx context.Context) {
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			p.WatchOnce(ctx)
		}
	}
}

// WatchOnce looks at all of them once.
func (p *Proxy) WatchOnce(ctx context.Context) {
	p.inflight.Again(ctx, func(ctx context.Context, owner any) (why string) {
		defer func() { // one that cannot be judged ends, and no other with it
			if v := recover(); v != nil {
				p.logPanic(v)
				why = code.DecisionMissing
			}
		}()
		x, ok := owner.(*exchange)
		if !ok {
			return code.DecisionMissing
		}
		return p.judge(ctx, x)
	})
}

// judge is why an exchange must not go on, "" when it may, or is not due.
func (p *Proxy) judge(ctx context.Context, x *exchange) (why string) {
	now := p.cfg.Now()
	t, err := p.active(x.applications)
	if err == nil && now.Before(x.again.at.Add(p.cfg.Again)) && t.routes.Revision() == x.again.revision {
		return ""
	}
	x.again.at = now
	if err != nil {
		return x.notKnown(now, code.RoutesUnavailable)
	}
	y := p.asNow(x, t, now)
	switch err := p.goesOn(ctx, x, now); {
	case errors.Is(err, pdp.ErrSessionOver):
		return code.SessionRevoked
	case err != nil:
		return x.notKnown(now, code.SessionUnknown)
	}
	y.decision, err = p.decide(ctx, y)
	if err != nil {
		return x.notKnown(now, code.DecisionMissing)
	}
	x.again.revision = t.routes.Revision()
	why, known := p.ruling(x, y)
	if !known {
		return x.notKnown(now, why)
	}
	x.again.unknown = time.Time{}
	return why
}

// notKnown is "" for as long as an exchange goes on of which it is not known whether it may.
func (x *exchange) notKnown(now time.Time, why string) string {
	if x.again.unknown.IsZero() {
		x.again.unknown = now
	}
	grace := graceOfPeople
	if x.question("").Subject.Type == pdp.SubjectMachine {
		grace = graceOfMachines
	}
	if now.Before(x.again.unknown.Add(grace)) {
		return ""
	}
	return why
}

// asNow is what would be asked of x now: the same request in the same session. Factors are as
// old as they were when it began, because what is under way cannot be asked for a fresh one.
func (p *Proxy) asNow(x *exchange, t *tables, now time.Time) *exchange {
	y := &exchange{
		applications: x.applications, now: now, incoming: x.incoming, address: x.address, at: x.at, browsed: x.browsed, hosted: x.hosted, handle: x.handle,
		subject: x.subject, credential: x.credential, target: x.target, tables: t,
	}
	y.match = t.routes.LookUp(x.hosted, x.target.Method, x.target.Path, x.target.Query)
	y.matched = y.match.Route != nil
	if !x.credential.AuthTime.IsZero() {
		y.credential.AuthTime = x.credential.AuthTime.Add(now.Sub(x.now))
	}
	return y
}

// goesOn is nil for a session that does, pdp.ErrSessionOver for one that does not, and any
// other error where it is not known. Without a session nothing has to go on.
func (p *Proxy) goesOn(ctx context.Context, x *exchange, now time.Time) error {
	switch {
	case x.credential.Session == "":
		return nil
	case p.cfg.Sessions != nil:
		ctx, cancel := deadline.Within(ctx, p.cfg.AgainTime)
		defer cancel()
		return p.cfg.Sessions.GoesOn(ctx, pdp.Ongoing{Session: x.credential.Session, Handle: x.handle, Host: x.at.Host})
	case now.Before(x.credential.Expires):
		return nil
	default:
		return pdp.ErrSessionOver
	}
}

// ruling is why x must not go on by what was decided of y, "" where it may. It is not known
// where nothing denies but facts that are not. What would now be owed beside what was has
// to be something that is kept on what is under way.
func (p *Proxy) ruling(x, y *exchange) (why string, known bool) {
	if !y.decision.Allow {
		for _, reason := range y.decision.Reasons {
			if why, known = reason, y.tables.reasons[reason].Class != pdp.ClassUnavailable; known {
				break
			}
		}
		return why, known
	}
	if y.application() != x.application() {
		return code.ApplicationMissing, true
	}
	if x.streams && !x.match.Route.BodyServes(y.match.Route) {
		return code.BodyUnexpected, true
	}
	if slices.EqualFunc(x.decision.Obligations, y.decision.Obligations, sameObligation) {
		return "", true
	}
	way := p.way(y)
	effects, err := p.obligations.Discharge(&y.decision, way)
	if err != nil || way != obligation.External || !effects.Ways.Has(obligation.Stream) || !x.bodyKept(effects) || len(effects.Answers) > 0 {
		return code.ObligationUnmet, true
	}
	return "", true
}

func sameObligation(a, b pdp.Obligation) bool {
	return a.ID == b.ID && a.Type == b.Type && string(a.Properties) == string(b.Properties)
}

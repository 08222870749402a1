package pep

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/wardgate/wardgate/internal/deadline"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/obligation"
)

// AgainTime bounds the wait for whether a session goes on, unless the Config says otherwise.
const AgainTime = 2 * time.Second

// lookAgain is how often exchanges are looked at that may be due: a rule book that has come
// into force makes all of them due.
const lookAgain = time.Second

// underWay is how an exchange that is under way was last judged: by the rule book, and by whether its
// session goes on. Each of the two is judged in rounds of its own, so that a slow store
// of sessions keeps no denial waiting, and belongs to these rounds.
type underWay struct{ ruling, session judgement }

// A judgement is when an exchange has to be judged again, and what was last found.
type judgement struct {
	due      time.Time
	revision string    // of the rule book that was asked
	unknown  time.Time // since when it could not be decided; zero when it could
}

// Watch decides exchanges again that are under way, until the context ends. What is found so
// has one effect, to break them off: it counts in no rate, ends no session, and bans no one.
func (p *Proxy) Watch(ctx context.Context) {
	var rounds sync.WaitGroup
	for _, judge := range p.judges() {
		rounds.Go(func() {
			tick := time.NewTicker(lookAgain)
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
					p.round(ctx, judge)
				}
			}
		})
	}
	rounds.Wait()
}

// WatchOnce looks at all of them once.
func (p *Proxy) WatchOnce(ctx context.Context) {
	for _, judge := range p.judges() {
		p.round(ctx, judge)
	}
}

// A judge says why an exchange must not go on, "" when it may, or is not due.
type judge func(ctx context.Context, x *exchange) (why string)

func (p *Proxy) judges() []judge { return []judge{p.judgeRuling, p.judgeSession} }

func (p *Proxy) round(ctx context.Context, judge judge) {
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
		return judge(ctx, x)
	})
}

// judgeRuling asks the rule book that is active now.
func (p *Proxy) judgeRuling(ctx context.Context, x *exchange) (why string) {
	now, last := p.cfg.Now(), &x.underWay.ruling
	t, err := p.active(x.applications)
	if err != nil {
		last.due = now // at the next look
		return x.notKnown(x.tables.underWay, last, now, code.RoutesUnavailable)
	}
	if now.Before(last.due) && t.routes.Revision() == last.revision {
		return ""
	}
	last.due = now.Add(t.underWay.Every - lookAgain/2) // it is looked at in steps
	y := p.asNow(x, t, now)
	y.decision, err = p.decide(ctx, y)
	if err != nil {
		return x.notKnown(t.underWay, last, now, code.DecisionMissing)
	}
	last.revision = t.routes.Revision()
	why, known := p.ruling(x, y)
	if !known {
		return x.notKnown(t.underWay, last, now, why)
	}
	last.unknown = time.Time{}
	return why
}

// judgeSession asks whether the session goes on. Without a session nothing has to.
func (p *Proxy) judgeSession(ctx context.Context, x *exchange) (why string) {
	now, last := p.cfg.Now(), &x.underWay.session
	if x.credential.Session == "" || now.Before(last.due) {
		return ""
	}
	limits := x.tables.underWay
	if t, err := p.active(x.applications); err == nil {
		limits = t.underWay
	}
	going, err := p.goesOn(ctx, x, now)
	if going.AskAfter <= 0 || going.AskAfter > limits.Every {
		going.AskAfter = limits.Every
	}
	last.due = now.Add(going.AskAfter - lookAgain/2) // it is looked at in steps
	switch {
	case errors.Is(err, pdp.ErrSessionOver):
		return p.whyOver(ctx, x, now)
	case err != nil:
		return x.notKnown(limits, last, now, code.SessionUnknown)
	}
	last.unknown = time.Time{}
	return ""
}

// whyOver is why a session is over: an account that is banned has none any more, and it may be
// the store of sessions that tells first.
func (p *Proxy) whyOver(ctx context.Context, x *exchange, now time.Time) string {
	if t, err := p.active(x.applications); err == nil {
		if d, err := p.decide(ctx, p.asNow(x, t, now)); err == nil && slices.Contains(d.Reasons, code.SubjectBanned) {
			return code.SubjectBanned
		}
	}
	return code.SessionRevoked
}

// notKnown is "" for as long as an exchange goes on of which it is not known whether it may.
func (x *exchange) notKnown(limits pdp.UnderWay, last *judgement, now time.Time, why string) string {
	if last.unknown.IsZero() {
		last.unknown = now
	}
	grace := limits.Grace
	if x.question("").Subject.Type == pdp.SubjectMachine {
		grace = limits.MachineGrace
	}
	if now.Before(last.unknown.Add(grace)) {
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

// goesOn asks what knows sessions. Without that one goes on for as long as its token.
func (p *Proxy) goesOn(ctx context.Context, x *exchange, now time.Time) (pdp.Going, error) {
	switch {
	case p.cfg.Sessions != nil:
		ctx, cancel := deadline.Within(ctx, p.cfg.AgainTime)
		defer cancel()
		return p.cfg.Sessions.GoesOn(ctx, pdp.Ongoing{Session: x.credential.Session, Handle: x.handle, Host: x.at.Host})
	case now.Before(x.credential.Expires):
		return pdp.Going{}, nil
	default:
		return pdp.Going{}, pdp.ErrSessionOver
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

package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/wardgate/wardgate/internal/refusals"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// journalTimeout bounds the wait for the journal's disk.
const journalTimeout = 10 * time.Second

// parallelAppends is how many records of one batch wait for the disk together:
// the journal makes many durable with one write.
const parallelAppends = 64

// Reasons that this service adds to those of the policy.
const (
	reasonUnavailable = "decision_unavailable"
	reasonSubject     = "subject_type_unknown"
	reasonMalformed   = "evaluation_malformed"
)

// A verdict is one decision and the question that it answers.
type verdict struct {
	id       string
	time     time.Time
	question question
	decision pdp.Decision
}

// judge answers q. Whatever keeps the Decider from an answer is a denial; an
// error means that not even a denial could be named.
func (s *Service) judge(ctx context.Context, q question, now time.Time) (verdict, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return verdict{}, fmt.Errorf("name a decision: %w", err)
	}
	v := verdict{id: id.String(), time: now, question: q}
	r, ok := q.request(now)
	if !ok {
		v.decision = pdp.Decision{Reasons: []string{reasonSubject}}
		return v, nil
	}
	if v.decision, err = s.ask(ctx, r); err != nil {
		s.log.Error("no decision", "decision", v.id, "error", err)
		v.decision = pdp.Decision{Reasons: []string{reasonUnavailable}}
	}
	return v, nil
}

var errMisshapen = errors.New("the decision contradicts itself")

// ask puts one question to the Decider. An error, a panic, an answer that comes
// too late or makes no sense is an error, with a zero Decision.
func (s *Service) ask(ctx context.Context, r pdp.Request) (d pdp.Decision, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			d, err = pdp.Decision{}, fmt.Errorf("the decider panicked: %v", cause)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	d, err = s.decider.Decide(ctx, r)
	switch {
	case err != nil:
		return pdp.Decision{}, err
	case ctx.Err() != nil:
		return pdp.Decision{}, fmt.Errorf("the decision came too late: %w", ctx.Err())
	case !d.Shapely():
		return pdp.Decision{}, errMisshapen
	}
	return d, nil
}

// settle counts a denial that is one of too many to have a record of its own. It
// loses its id, which no record bears.
func (s *Service) settle(v *verdict) {
	if !v.decision.Allow && s.refused.Count(v.refusal()) {
		v.id = ""
	}
}

// record keeps the evidence of verdicts that are not counted. It returns nil only
// when all of it is durable, and does not depend on the caller's patience.
func (s *Service) record(ctx context.Context, verdicts ...verdict) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), journalTimeout)
	defer cancel()
	var group errgroup.Group
	group.SetLimit(parallelAppends)
	for i := range verdicts {
		if verdicts[i].id != "" {
			group.Go(func() error { return s.journal.Append(ctx, verdicts[i].event()) })
		}
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("%w: %w", errJournal, err)
	}
	return nil
}

// event is the evidence that a question was asked. Nothing was forwarded on
// the strength of it here, which its detail says.
func (v *verdict) event() pip.Event {
	seen := &v.decision.Evidence
	t := pdp.Trace{
		ID: v.id, Action: v.question.action, Caller: v.question.caller.String(), Subject: v.question.subject.ID,
		Role: seen.Who.Role, Address: seen.Address, Client: seen.Client(), Detail: pdp.DetailAsked,
	}
	return t.Decided(&v.decision, nil, v.time)
}

// refusal is a denial as far as it is counted.
func (v *verdict) refusal() (refusals.Source, *refusals.Refusal) {
	seen := &v.decision.Evidence
	kind := refusals.Denied
	if v.decision.Revision == "" {
		kind = refusals.Void
	}
	return refusals.Source{
			Subject: v.question.subject.ID, Role: seen.Who.Role, Caller: v.question.caller.String(), Address: seen.Address,
		}, &refusals.Refusal{
			Kind: kind, Codes: v.decision.Reasons, Revision: v.decision.Revision, Time: v.time,
		}
}

// An answer is an AuthZEN access evaluation response. Its lists are never null.
type answer struct {
	Decision bool    `json:"decision"`
	Context  details `json:"context"`
}

type details struct {
	ID          string           `json:"id,omitempty"` // of the decision; none was made of a malformed question
	Reasons     []string         `json:"reasons"`
	Obligations []pdp.Obligation `json:"obligations"`
	Grounds     *pdp.Grounds     `json:"grounds,omitempty"` // of a decision that allows
	Error       *itemFault       `json:"error,omitempty"`
}

// An itemFault says why one evaluation of a batch could not be asked.
type itemFault struct {
	Status  int    `json:"status"`
	Message string `json:"message"`
}

func (v *verdict) answer() answer {
	a := answer{Decision: v.decision.Allow, Context: details{
		ID:          v.id,
		Reasons:     v.decision.Reasons,
		Obligations: v.decision.Obligations,
	}}
	if v.decision.Allow {
		a.Context.Grounds = &v.decision.Grounds
	}
	if a.Context.Reasons == nil {
		a.Context.Reasons = []string{}
	}
	if a.Context.Obligations == nil {
		a.Context.Obligations = []pdp.Obligation{}
	}
	return a
}

package machine

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Budget is how many steps one evaluation may take: turns of loops, calls,
// looks of a builtin at whether to go on, and members of what a builtin returns.
// It is some thousand times what the built-in rule book takes, and a few
// milliseconds. Unlike time it is the same on every machine and under every
// load, so that what the gate lets in does not fail in the ward.
const Budget = 200_000

// ErrBudget says that an evaluation took more steps than Budget.
var ErrBudget = errors.New("the evaluation took more steps than a decision may")

// A Meter counts the steps of one evaluation, and ends it when they are too
// many. It is OPA's Cancel too, which its interpreter and its builtins ask before
// each step. Only Cancel may be called from elsewhere.
type Meter struct {
	Weight int // of a question of OPA's; 1 when zero
	Limit  int // 0 for none

	steps   int
	stopped atomic.Bool
}

var _ topdown.Cancel = (*Meter)(nil)

// Cancel ends the evaluation for another reason.
func (m *Meter) Cancel() { m.stopped.Store(true) }

// Cancelled counts a step, and reports whether to stop.
func (m *Meter) Cancelled() bool {
	m.steps += max(m.Weight, 1)
	return m.Over() || m.stopped.Load()
}

// Over reports whether the steps were too many.
func (m *Meter) Over() bool { return m.Limit > 0 && m.steps > m.Limit }

// Steps is how many there were.
func (m *Meter) Steps() int { return m.steps }

func (m *Meter) begin(limit int) {
	m.Limit, m.steps = limit, 0
	m.stopped.Store(false)
}

// patience is how many steps pass between two looks at the clock.
const patience = 256

// tick counts a step of a loop or a call. An error ends the evaluation.
func (s *state) tick() error {
	m := &s.meter
	m.steps++
	if m.steps%patience != 0 && m.steps <= m.Limit {
		return nil
	}
	return s.look()
}

func (s *state) look() error {
	switch {
	case s.meter.Over():
		return ErrBudget
	case !s.deadline.IsZero() && s.meter.steps%patience == 0 && time.Now().After(s.deadline):
		return ErrTime
	}
	return nil
}

// made counts what a builtin returned.
func (s *state) made(t *ast.Term) error {
	switch v := t.Value.(type) {
	case *ast.Array:
		s.meter.steps += v.Len()
	case ast.Set:
		s.meter.steps += v.Len()
	case ast.Object:
		s.meter.steps += v.Len()
	case ast.String:
		s.meter.steps += len(v) / 64
	default:
		return nil
	}
	if s.meter.Over() {
		return ErrBudget
	}
	return nil
}

// stoppedBy says why a builtin that was stopped was.
func (s *state) stoppedBy(err error) error {
	switch {
	case s.meter.Over():
		return ErrBudget
	case s.meter.stopped.Load():
		return ErrTime
	}
	return err
}

package process

import (
	"cmp"
	"errors"
	"slices"
	"syscall"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/anchor"
	"github.com/wardgate/wardgate/pip/audit/ship"
)

// A condition is how one thing stands on which this process depends. It holds
// states, counts and times: no address, no name of a file, nobody's id.
type condition struct {
	State  string    `json:"state"`
	Error  string    `json:"error,omitempty"`          // of the operating system, in its own words
	Since  time.Time `json:"since,omitzero"`           // it has been so, where that is known
	Behind uint64    `json:"behind_records,omitempty"` // what is not anchored or shipped yet
	Age    float64   `json:"age_seconds,omitempty"`    // of what is known

	degraded bool
	fatal    string // the status of a process that can allow nothing; "" when it can
}

// behindAfter is how old the oldest record may become that a sink does not
// take, before its shipper counts as behind.
const behindAfter = time.Minute

// conditions are all of them, by name.
func (a *Process) conditions() map[string]condition {
	all := map[string]condition{}
	if a.journal != nil {
		all["journal"] = a.journalCondition()
	}
	if a.keeping != nil {
		all["anchor"] = anchorCondition(a.keeping)
	}
	for _, s := range a.shippers {
		all["shipping."+s.Name()] = shippingCondition(s.Status())
	}
	if a.stores.revocations != nil {
		all["revocations"] = revocationCondition(a.stores.revocations.Reading())
	}
	if a.behaviour != nil && a.engine != nil {
		all["signals"] = a.signalsCondition(time.Now())
	}
	if a.reporting != nil {
		all["behaviour"] = a.reportingCondition(time.Now())
	}
	if a.elsewhere != nil {
		all["decision_point"] = a.decisionPointCondition()
	}
	if a.engine != nil {
		for name, s := range a.sources.all() {
			if name == revocationPoint || name == signalsPoint {
				continue // which say above how they stand, without being asked
			}
			all[name] = s.condition(time.Now())
		}
		all["policy"] = a.policyCondition()
	}
	return all
}

// The information points that say how they stand without being asked.
const (
	revocationPoint = "revocation"
	signalsPoint    = "signals"
)

// journalCondition tells a reserve that is in use, with which those who have a
// session go on, from a journal that takes nothing.
func (a *Process) journalCondition() condition {
	err := a.journal.failure()
	c := condition{State: "writing"}
	switch {
	case err == nil && a.journal.journal.Full():
		c.State, c.degraded = "reserve", true
	case err == nil:
	case audit.IsFull(err):
		c.State, c.degraded, c.fatal = "full", true, "journal_unavailable"
	default:
		c.State, c.degraded, c.fatal = "failing", true, "journal_unavailable"
	}
	var cause syscall.Errno
	if errors.As(err, &cause) {
		c.Error = cause.Error()
	}
	return c
}

func anchorCondition(k *anchor.Follower) condition {
	c := condition{State: "anchored", Behind: k.Behind()}
	if k.Err() != nil {
		c.State, c.degraded = "failing", true
	}
	return c
}

func shippingCondition(s ship.Status) condition {
	c := condition{State: "shipping", Behind: s.Behind, Age: s.Lag.Seconds()}
	switch {
	case s.Fault != nil:
		c.State, c.degraded = "failing", true
	case s.Lag > behindAfter:
		c.State, c.degraded = "behind", true
	}
	return c
}

// revocationCondition: before the first word nobody with a session is let in.
// A list that was heard of and is stale may still serve whom the rule book
// names.
func revocationCondition(r pip.Reading) condition {
	c := condition{State: r.State.String(), Age: r.Age.Seconds(), degraded: r.State != pip.Fresh}
	if r.State == pip.Unknown {
		c.fatal = "revocations_unknown"
	}
	return c
}

// signalsCondition is how far the rule book believes the counts of behaviour.
func (a *Process) signalsCondition(now time.Time) condition {
	r := a.behaviour.Reading(now)
	state := a.engine.Trusted(r)
	return condition{State: state.String(), Age: r.Age.Seconds(), degraded: state != pip.Fresh}
}

// unreportedAfter is how long what this process saw may wait to be counted.
const unreportedAfter = 5 * time.Second

// reportingCondition is whether the decision point counts what only this
// process sees. It is told with each question how long that has been.
func (a *Process) reportingCondition(now time.Time) condition {
	waits := a.unreported(now)
	if waits <= unreportedAfter {
		return condition{State: "reported", Age: waits.Seconds()}
	}
	return condition{State: "unreported", Age: waits.Seconds(), degraded: true}
}

// decisionPointCondition: a process that decides by itself needs the decision
// point elsewhere for revocations alone, which say themselves how old they are.
func (a *Process) decisionPointCondition() condition {
	if a.elsewhere.Ready() == nil {
		return condition{State: "answering"}
	}
	c := condition{State: "silent", degraded: true}
	if a.engine == nil {
		c.fatal = "decision_point_unavailable"
	}
	return c
}

func (a *Process) policyCondition() condition {
	p := a.readyPolicy()
	switch {
	case p.Refused != nil:
		return condition{State: "refused", Since: p.Refused.Time, degraded: true}
	case p.Unreachable != nil:
		return condition{State: "unreachable", Since: p.Unreachable.Time, degraded: true}
	default:
		return condition{State: "active"}
	}
}

// degraded are the names of what does not stand well, sorted, and the status of
// a process that can allow nothing, or "".
func degraded(all map[string]condition) (names []string, fatal string) {
	for name, c := range all {
		if c.degraded {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fatal = cmp.Or(fatal, all[name].fatal)
	}
	return names, fatal
}

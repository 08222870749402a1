package health

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/revocation"
	"github.com/wardgate/wardgate/pip/revocation/redisfeed"
)

// Revocations watches the list of what is revoked, and what it is kept new by.
func (b *Board) Revocations(list *revocation.List, follower *revocation.Follower) {
	b.revocations = list.Reading
	b.watch("revocations", func(time.Time) Condition { return revocationCondition(list.Reading()) })
	b.registry.MustRegister(collector(func(tell func(prometheus.ValueType, string, string, float64, ...label)) {
		tell(prometheus.GaugeValue, "revocation_age_seconds",
			"Time since the revocation list last heard from its authority or a feed; above 2 it is stale.", list.Reading().Age.Seconds())
		tell(prometheus.GaugeValue, "revocation_feed_up",
			"1 while the revocation feed answers; 0 without one, when the authority is asked instead.", one(follower.Fed()))
	}))
}

// revocationCondition: before the first answer no session is let in. A stale
// list may still serve those that the rule book names.
func revocationCondition(r pip.Reading) Condition {
	c := Condition{State: r.State.String(), Age: r.Age.Seconds(), Degraded: r.State != pip.Fresh}
	if r.State == pip.Unknown {
		c.Fatal = "revocations_unknown"
	}
	return c
}

// Databases watches how the databases stand against the journal.
func (b *Board) Databases(state func() string, restored func() int64) {
	b.watch("databases", func(time.Time) Condition {
		c := Condition{State: state()}
		c.Degraded = c.State != "current"
		if c.State == "lost" {
			c.Fatal = "database_lost"
		}
		return c
	})
	b.registry.MustRegister(collector(func(tell func(prometheus.ValueType, string, string, float64, ...label)) {
		tell(prometheus.CounterValue, "databases_restored_total",
			"How often a database lay behind what the journal proves, and what had been ordered was put in force again.", float64(restored()))
	}))
}

// Mirror counts what Redis did not take.
func (b *Board) Mirror(m *redisfeed.Mirror) {
	b.registry.MustRegister(collector(func(tell func(prometheus.ValueType, string, string, float64, ...label)) {
		tell(prometheus.CounterValue, "revocation_mirror_failures_total",
			"Failed attempts to bring the copy of the revocations in Redis up to date.", float64(m.Failures()))
	}))
}

// Signals watches the counts of behaviour: how new they are, and how far the
// rule book in force trusts them.
func (b *Board) Signals(reading func(now time.Time) pip.Reading, trusted func(pip.Reading) pip.State) {
	b.watch("signals", func(now time.Time) Condition {
		r := reading(now)
		state := trusted(r)
		return Condition{State: state.String(), Age: r.Age.Seconds(), Degraded: state != pip.Fresh}
	})
	b.registry.MustRegister(collector(func(tell func(prometheus.ValueType, string, string, float64, ...label)) {
		age := math.Inf(1)
		if r := reading(time.Now()); r.State != pip.Unknown {
			age = r.Age.Seconds()
		}
		tell(prometheus.GaugeValue, "signals_age_seconds", "Age of the counts of behaviour; infinite before the first.", age)
	}))
}

// unreportedAfter is how long what this process saw may wait to be counted.
const unreportedAfter = 5 * time.Second

// Unreported watches whether the decision point counts what only this process
// sees. It is told with each question how long that has been.
func (b *Board) Unreported(waits func(now time.Time) time.Duration) {
	b.watch("behaviour", func(now time.Time) Condition {
		c := Condition{State: "reported", Age: waits(now).Seconds()}
		if waits(now) > unreportedAfter {
			c.State, c.Degraded = "unreported", true
		}
		return c
	})
	b.registry.MustRegister(collector(func(tell func(prometheus.ValueType, string, string, float64, ...label)) {
		tell(prometheus.GaugeValue, "behaviour_unreported_seconds",
			"How long what this process saw may have waited to be counted at the decision point.", waits(time.Now()).Seconds())
	}))
}

// DecisionPoint watches a decision point in another process. One that decides
// nothing by itself needs it for every request; one that has an engine needs it
// for revocations alone, which say themselves how old they are.
func (b *Board) DecisionPoint(ready func() error, decides bool) {
	b.watch("decision_point", func(time.Time) Condition {
		if ready() == nil {
			return Condition{State: "answering"}
		}
		c := Condition{State: "silent", Degraded: true}
		if decides {
			c.Fatal = "decision_point_unavailable"
		}
		return c
	})
}

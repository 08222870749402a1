package health

import (
	"errors"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/anchor"
	"github.com/wardgate/wardgate/pip/audit/ship"
)

// Journal watches the journal and the follower of its anchor.
func (b *Board) Journal(j *audit.Journal, anchors *anchor.Follower) {
	b.watch("journal", func(time.Time) Condition { return journalCondition(j) })
	b.watch("anchor", func(time.Time) Condition { return anchorCondition(anchors) })
	b.registry.MustRegister(collector(func(tell func(prometheus.ValueType, string, string, float64, ...label)) {
		tell(prometheus.GaugeValue, "journal_failing", "1 while nothing can be journalled, and so nothing allowed.", one(j.Err() != nil))
		tell(prometheus.GaugeValue, "journal_altered", "1 since something else removed, replaced or changed the journal's files; a start verifies them.", one(errors.Is(j.Err(), audit.ErrAltered)))
		tell(prometheus.GaugeValue, "journal_reserve_in_use", "1 while the disk is full and the journal writes into its reserve.", one(j.Full()))
		tell(prometheus.CounterValue, "journal_records_total", "Records of the journal, from its beginning.", float64(j.Head().Seq))
		tell(prometheus.GaugeValue, "journal_anchor_failing", "1 while the journal's head cannot be anchored.", one(anchors.Err() != nil))
		tell(prometheus.GaugeValue, "journal_anchor_behind_records", "Records that the anchor does not prove yet.", float64(anchors.Behind()))
	}))
}

// journalCondition tells a reserve that is in use, with which those who have a
// session go on, from a journal that takes nothing.
func journalCondition(j *audit.Journal) Condition {
	err := j.Err()
	c := Condition{State: "writing"}
	switch {
	case err == nil && j.Full():
		c.State, c.Degraded = "reserve", true
	case err == nil:
	case errors.Is(err, audit.ErrAltered):
		c.State, c.Degraded, c.Fatal = "altered", true, "journal_unavailable"
	case audit.IsFull(err):
		c.State, c.Degraded, c.Fatal = "full", true, "journal_unavailable"
	default:
		c.State, c.Degraded, c.Fatal = "failing", true, "journal_unavailable"
	}
	var cause syscall.Errno
	if errors.As(err, &cause) {
		c.Error = cause.Error()
	}
	return c
}

func anchorCondition(f *anchor.Follower) Condition {
	c := Condition{State: "anchored", Behind: f.Behind()}
	if f.Err() != nil {
		c.State, c.Degraded = "failing", true
	}
	return c
}

// behindAfter is how old the oldest record may become that a sink does not
// take, before its shipper counts as behind.
const behindAfter = time.Minute

// Shipper watches what brings the journal to a sink.
func (b *Board) Shipper(s *ship.Shipper) {
	b.watch("shipping."+s.Name(), func(time.Time) Condition { return shippingCondition(s.Status()) })
	sink := label{"sink", s.Name()}
	b.registry.MustRegister(collector(func(tell func(prometheus.ValueType, string, string, float64, ...label)) {
		st, last := s.Status(), 0.0
		if !st.LastSuccess.IsZero() {
			last = float64(st.LastSuccess.UnixMilli()) / float64(time.Second/time.Millisecond)
		}
		gauge, counter := prometheus.GaugeValue, prometheus.CounterValue
		tell(gauge, "shipping_behind_records", "Acknowledged records that the sink does not have yet.", float64(st.Behind), sink)
		tell(gauge, "shipping_lag_seconds", "Age of the oldest record that is being offered; 0 when none is.", st.Lag.Seconds(), sink)
		tell(gauge, "shipping_failing", "1 while the newest attempt has failed.", one(st.Fault != nil), sink)
		tell(gauge, "shipping_last_success_timestamp_seconds", "When records were last taken; 0 for not since the start.", last, sink)
		tell(counter, "shipping_records_total", "Records taken since the start.", float64(st.Shipped), sink)
		tell(counter, "shipping_refused_total", "Records refused for good and set aside since the start.", float64(st.Refused), sink)
		tell(counter, "shipping_failures_total", "Attempts that failed since the start.", float64(st.Failures), sink)
	}))
}

func shippingCondition(s ship.Status) Condition {
	c := Condition{State: "shipping", Behind: s.Behind, Age: s.Lag.Seconds()}
	switch {
	case s.Fault != nil:
		c.State, c.Degraded = "failing", true
	case s.Lag > behindAfter:
		c.State, c.Degraded = "behind", true
	}
	return c
}

package health

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A Configuration is how the file of the configuration stands against what is in force.
type Configuration struct {
	Fault string    // why the newest one is not in force; "" when it is
	Since time.Time // of the fault

	// RestartFor are the keys that the file has otherwise than the process, which takes
	// them when it starts.
	RestartFor []string

	Taken, Refused uint64 // how often a changed file was
}

// mostFault bounds what /readyz repeats of a fault, in bytes: a file that is no
// configuration has one on each line.
const mostFault = 4 << 10

// Configuration watches the file of the configuration: while a faulty one stands there, the
// last good one is in force.
func (b *Board) Configuration(now func() Configuration) {
	b.watch("configuration", func(time.Time) Condition {
		is := now()
		c := Condition{State: "current", RestartFor: is.RestartFor}
		switch {
		case is.Fault != "":
			c.State, c.Since, c.Error, c.Degraded = "refused", is.Since, is.Fault, true
			if len(c.Error) > mostFault {
				c.Error = c.Error[:mostFault] + "…"
			}
		case len(is.RestartFor) > 0:
			c.State, c.Degraded = "restart_needed", true
		}
		return c
	})
	b.registry.MustRegister(collector(func(tell func(prometheus.ValueType, string, string, float64, ...label)) {
		is := now()
		for outcome, n := range map[string]uint64{"taken": is.Taken, "refused": is.Refused} {
			tell(prometheus.CounterValue, "configuration_changes_total",
				"Changes of the configuration's file while the process ran, by what became of its applications.", float64(n), label{"outcome", outcome})
		}
	}))
}

package health

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wardgate/wardgate/pep/upstream/balance"
)

// An Application is one of the hospital's own, as this process reaches it now.
type Application struct {
	Name   string
	Stands func() balance.Standing // how its upstreams do

	// Unauthenticated applications cannot know who tells them who asks. The hospital has
	// accepted that: it is shown, and no fault.
	Unauthenticated bool

	// Credentials says what is wrong with the files of its credentials: the last good ones
	// are used meanwhile. Expires is when its certificate does, where there is one. Both are
	// nil where it wants none.
	Credentials func() error
	Expires     func() (when time.Time, is bool)
}

// Applications watches those that now returns. Where the upstreams of one are out, it is
// out for every instance of Wardgate: this one stays ready, also for all that is not this
// application.
func (b *Board) Applications(now func() []Application) {
	b.watchAll(func(_ time.Time, tell map[string]Condition) {
		for _, a := range now() {
			a.conditions(tell)
		}
	})
	b.registry.MustRegister(collector(func(tell func(prometheus.ValueType, string, string, float64, ...label)) {
		for _, a := range now() {
			a.metrics(tell)
		}
	}))
}

func (a *Application) conditions(tell map[string]Condition) {
	key := "applications." + a.Name
	tell[key] = applicationCondition(a.Stands().Servers)
	if a.Unauthenticated {
		tell[key+".identity"] = Condition{State: "unauthenticated"}
	}
	if a.Credentials == nil {
		return
	}
	tell[key+".credentials"] = Condition{State: "current"}
	if a.Credentials() != nil {
		tell[key+".credentials"] = Condition{State: "refused", Degraded: true}
	}
}

func (a *Application) metrics(tell func(prometheus.ValueType, string, string, float64, ...label)) {
	s, application := a.Stands(), label{"application", a.Name}
	for i, is := range s.Servers {
		for _, state := range balance.States() {
			tell(prometheus.GaugeValue, "upstream_state", "1 for how an upstream of an application stands; upstreams count from 1, as they are configured.",
				one(is == state), application, label{"upstream", strconv.Itoa(i + 1)}, label{"state", string(state)})
		}
	}
	tell(prometheus.CounterValue, "upstream_refused_requests_total", "Requests that were refused because all upstreams of the application were out.", float64(s.Refused), application)
	tell(prometheus.CounterValue, "upstream_failed_checks_total", "Checks that an upstream of the application failed.", float64(s.FailedChecks), application)
	if a.Expires == nil {
		return
	}
	if when, is := a.Expires(); is {
		tell(prometheus.GaugeValue, "upstream_certificate_expires_timestamp_seconds",
			"When the client certificate expires that is shown to an application.", float64(when.Unix()), application)
	}
}

// applicationCondition: one upstream that is not well is worth a look, whatever the others
// do meanwhile.
func applicationCondition(servers []balance.State) Condition {
	serving, out := 0, 0
	for _, s := range servers {
		switch {
		case s == balance.Serving:
			serving++
		case s.Out():
			out++
		}
	}
	switch {
	case serving == len(servers):
		return Condition{State: "serving"}
	case out == len(servers):
		return Condition{State: "out", Degraded: true}
	default:
		return Condition{State: "reduced", Degraded: true}
	}
}

// Package health tells operators and orchestrators how a process stands: the
// conditions of its parts, /livez, /readyz, /metrics and /version. It holds
// states, counts and times, and what is wrong with files that the hospital edits; it tells
// nothing about people, and repeats no secret.
package health

import (
	"cmp"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wardgate/wardgate/pip"
)

// A Condition is how one thing stands on which the process depends.
type Condition struct {
	State  string    `json:"state"`
	Error  string    `json:"error,omitempty"`          // in the words of the operating system, or of what was refused
	Since  time.Time `json:"since,omitzero"`           // it has been so, where that is known
	Behind uint64    `json:"behind_records,omitempty"` // what is not anchored or shipped yet
	Age    float64   `json:"age_seconds,omitempty"`    // of what is known

	RestartFor []string `json:"restart_for,omitempty"` // keys of the configuration that a restart would take

	Degraded bool   `json:"-"`
	Fatal    string `json:"-"` // the status of a process that can allow nothing; "" when it can
}

// A Board is where the parts of a process say how they stand. Everything is put
// on it before Handler is served.
type Board struct {
	roles     []string
	started   time.Time
	registry  *prometheus.Registry
	decisions decisions
	stopping  atomic.Bool

	conditions  []func(now time.Time, tell map[string]Condition)
	policy      func() *Policy     // nil where nothing is decided
	revocations func() pip.Reading // nil where no list is kept
}

// NewBoard begins the board of a process with these roles.
func NewBoard(roles []string) *Board {
	b := &Board{roles: roles, started: time.Now(), registry: prometheus.NewRegistry(), decisions: newDecisions()}
	b.registry.MustRegister(b.decisions.made, b.decisions.reasons, b.decisions.seconds, b.decisions.unasked, boardMetrics{b})
	registerRuntime(b.registry)
	return b
}

// Started is when the process began.
func (b *Board) Started() time.Time { return b.started }

// Stopping has the process not ready from now on.
func (b *Board) Stopping() { b.stopping.Store(true) }

func (b *Board) watch(name string, read func(now time.Time) Condition) {
	b.watchAll(func(now time.Time, tell map[string]Condition) { tell[name] = read(now) })
}

// watchAll has read tell of things that come and go.
func (b *Board) watchAll(read func(now time.Time, tell map[string]Condition)) {
	b.conditions = append(b.conditions, read)
}

func (b *Board) now() map[string]Condition {
	now, all := time.Now(), map[string]Condition{}
	for _, read := range b.conditions {
		read(now, all)
	}
	return all
}

// readiness is the body of /readyz.
type readiness struct {
	// Status is "ready", "stopping", "journal_unavailable", "store_unavailable",
	// "decision_point_unavailable", "revocations_unknown" or "database_lost".
	Status string    `json:"status"`
	Since  time.Time `json:"since"`
	Roles  []string  `json:"roles"`
	Policy *Policy   `json:"policy,omitempty"` // where something is decided

	Revocations string `json:"revocations,omitempty"` // how far the list may be trusted: "fresh", "stale", "unknown"

	Degraded []string             `json:"degraded"` // what of the detail does not stand well
	Detail   map[string]Condition `json:"detail"`
}

// readiness is 503 where nothing can be allowed. It stays 200 while a last good
// rule book serves, and while less is allowed than should be.
func (b *Board) readiness() (int, readiness) {
	r := readiness{Status: "ready", Since: b.started, Roles: b.roles, Detail: b.now()}
	if b.policy != nil {
		r.Policy = b.policy()
	}
	if b.revocations != nil {
		r.Revocations = b.revocations().State.String()
	}
	names, fatal := degraded(r.Detail)
	r.Degraded = append([]string{}, names...)
	switch {
	case b.stopping.Load():
		r.Status = "stopping"
	case fatal != "":
		r.Status = fatal
	default:
		return http.StatusOK, r
	}
	return http.StatusServiceUnavailable, r
}

// degraded are the names of what does not stand well, sorted, and the status of
// a process that can allow nothing, or "".
func degraded(all map[string]Condition) (names []string, fatal string) {
	for name, c := range all {
		if c.Degraded {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fatal = cmp.Or(fatal, all[name].Fatal)
	}
	return names, fatal
}

package health_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/health"
	"github.com/wardgate/wardgate/pdp"
)

// A decider that answers what it is told to.
type decider struct {
	decision pdp.Decision
	err      error
}

func (d *decider) Decide(context.Context, pdp.Request) (pdp.Decision, error) {
	return d.decision, d.err
}

// A denial counts once, and for each of its reasons; what is allowed, and what could not be
// decided, count for none. Nothing of who asked for what becomes a label.
func TestDenialsAreCountedByReason(t *testing.T) {
	b := health.NewBoard([]string{"engine"})
	next := &decider{}
	metered := b.Decider(next)
	failed := errors.New("no answer")
	for _, tt := range []decider{
		{decision: pdp.Decision{Reasons: []string{"not_your_patient"}}},
		{decision: pdp.Decision{Reasons: []string{"not_your_patient", "step_up_required"}}},
		{decision: pdp.Decision{Allow: true}},
		{decision: pdp.Decision{Reasons: []string{"session_missing"}}, err: failed},
		{decision: pdp.Decision{}}, // silence denies, and gives no reason
	} {
		*next = tt
		request := pdp.Request{Subject: pdp.Subject{ID: "u-secret"}, Resource: pdp.Resource{Type: "patient", ID: "p-secret"}}
		if d, err := metered.Decide(t.Context(), request); d.Allow != tt.decision.Allow || !errors.Is(err, tt.err) {
			t.Fatalf("got %+v, %v: counting changed the decision", d, err)
		}
	}
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	said := w.Body.String()
	for _, want := range []string{
		`wardgate_denial_reasons_total{reason="not_your_patient"} 2`, `wardgate_denial_reasons_total{reason="step_up_required"} 1`,
		`wardgate_decisions_total{outcome="deny"} 3`, `wardgate_decisions_total{outcome="allow"} 1`, `wardgate_decisions_total{outcome="error"} 1`,
	} {
		if !strings.Contains(said, want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
	for _, bad := range []string{"session_missing", "secret"} {
		if strings.Contains(said, bad) {
			t.Errorf("the metrics have %s", bad)
		}
	}
}

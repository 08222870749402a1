package operations_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// A candidate may be a bundle, which is verified like one that would come into force.
func TestAShadowMayBeABundle(t *testing.T) {
	p, stranger := newPress(t), newPress(t)
	file := filepath.Join(t.TempDir(), "candidate.tar.gz")
	write(t, file, stranger.print(1, "", ""))
	w := rig.New(t, func(c *config.Config) {
		c.Policy.Shadow, c.Policy.Scope = file, "production"
		c.Policy.VerificationKeys = []string{"hospital=" + p.public}
	})
	rig.Until(t, "the stranger's bundle is refused", func() bool {
		return strings.Contains(w.Metrics(), `wardgate_policy_shadow{state="refused"} 1`)
	})
	w.As("doctor").Get("/api/patients").Is(200)
	write(t, file, p.print(2, strictBills, laxBills))
	rig.Until(t, "the hospital's own is compared", func() bool {
		return strings.Contains(w.Metrics(), `wardgate_policy_shadow{state="comparing"} 1`)
	})
}

// A candidate beside the rule book in force says in metrics where it would answer
// otherwise to the requests that really came, and nothing else changes.
func TestAShadowIsToldOf(t *testing.T) {
	dir, elevate := folder(t)
	elevate("299")
	w := rig.New(t, func(c *config.Config) { c.Policy.Shadow = dir })
	doctor := w.As("doctor")
	rig.Until(t, "the candidate is compared", func() bool {
		return w.Metric(`wardgate_policy_shadow{state="comparing"}`) == "1"
	})
	asked := 0
	rig.Until(t, "a flip is told of", func() bool {
		if asked++; asked <= 20 { // who is denied again and again is suspected
			doctor.Do("DELETE", "/api/patients/none", nil)
		}
		flips := w.Metric(`wardgate_policy_shadow_flips{class="stricter"}`)
		return flips != "" && flips != "0"
	})
	doctor.Get("/api/patients").Is(200)
	if _, r := w.Ready(); r.Status != "ready" {
		t.Errorf("got %s", r.Status)
	}
}

package obligation_test

import (
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/obligation"
)

// A rule book may name what is met, and nothing else: bar_log_in and alert are met
// by the policy administrator.
func TestTheRuleBookMayNameEveryObligationThatIsMet(t *testing.T) {
	met := map[string]bool{"bar_log_in": true, "alert": true}
	for _, h := range obligation.All() {
		met[h.ID] = true
	}
	for id := range met {
		if _, named := pdp.ObligationWords[id]; !named {
			t.Errorf("%s is met, and a rule book may not name it", id)
		}
	}
	for id := range pdp.ObligationWords {
		if !met[id] {
			t.Errorf("a rule book may name %s, and nothing meets it", id)
		}
	}
}

package pep

import (
	"net/http"
	"testing"

	"github.com/wardgate/wardgate/pep/code"
)

func TestStatusOfReasons(t *testing.T) {
	reasons := ReasonsOfTests().With(code.Reasons())
	for want, lists := range map[int][][]string{
		http.StatusNotFound:           {{"route_unknown"}, {"role_forbidden", "route_unknown", "session_missing"}},
		http.StatusUnauthorized:       {{"session_missing"}, {"token_expired", "signals_unknown"}, {"step_up_required"}, {"care_missing", "session_revoked"}},
		http.StatusServiceUnavailable: {{"signals_unknown"}, {"decision_unavailable"}, {"role_forbidden", "location_unknown"}},
		http.StatusForbidden:          {{"role_forbidden"}, {"care_missing", "step_up_required"}, {"obligation_unmet"}, {""}, nil},
	} {
		for _, codes := range lists {
			if got, _ := reasons.Answer(codes); got != want {
				t.Errorf("%q: got %d, want %d", codes, got, want)
			}
		}
	}
}

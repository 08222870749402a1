package pep

import (
	"net/http"
	"slices"
	"strings"
)

// credentialReasons say that whoever asks has to log in again. Beside one of
// them the others mean nothing to the client; the journal has them all.
var credentialReasons = []string{
	"session_missing", "token_expired", "token_invalid", "session_revoked", "device_changed",
}

// shown is what a client is told of the reasons.
func shown(reasons []string) []string {
	if slices.Contains(reasons, "route_unknown") {
		return []string{"route_unknown"} // nothing else about no resource means anything
	}
	own := slices.DeleteFunc(slices.Clone(reasons), func(code string) bool {
		return !slices.Contains(credentialReasons, code)
	})
	if len(own) > 0 {
		return own
	}
	return reasons
}

// statusOf is the one place that turns reasons into a status.
func statusOf(reasons []string) int {
	has := func(code string) bool { return slices.Contains(reasons, code) }
	switch {
	case has("route_unknown"):
		return http.StatusNotFound
	case slices.ContainsFunc(credentialReasons, has):
		return http.StatusUnauthorized
	case slices.Equal(reasons, []string{"step_up_required"}):
		return http.StatusUnauthorized
	case has("too_many_requests"), has("address_barred"):
		return http.StatusTooManyRequests
	case slices.ContainsFunc(reasons, unavailable):
		return http.StatusServiceUnavailable
	default:
		return http.StatusForbidden
	}
}

// unavailable tells a reason that lies in Wardgate's own state from one that
// lies in the request.
func unavailable(code string) bool {
	return strings.HasSuffix(code, "_unknown") || strings.HasSuffix(code, "_unavailable")
}

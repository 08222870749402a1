package pep

import (
	"net/http"

	"github.com/wardgate/wardgate/pdp"
)

// ReasonsOfTests are rows such as a rule book has.
func ReasonsOfTests() pdp.Reasons {
	rows := pdp.Reasons{"route_unknown": {Class: pdp.ClassMalformed, Status: http.StatusNotFound, Alone: true}}
	for _, code := range []string{"session_missing", "token_expired", "token_invalid", "session_revoked"} {
		rows[code] = pdp.Reason{Class: pdp.ClassCredential, Status: http.StatusUnauthorized, Alone: true}
	}
	rows["device_changed"] = pdp.Reason{Class: pdp.ClassDevice, Status: http.StatusUnauthorized, Alone: true}
	rows["step_up_required"] = pdp.Reason{Class: pdp.ClassCredential, Status: http.StatusUnauthorized}
	rows["address_barred"] = pdp.Reason{Class: pdp.ClassBehaviour, Status: http.StatusTooManyRequests}
	for _, code := range []string{
		"care_unknown", "device_unknown", "identity_unknown", "location_unknown", "revocation_unknown", "signals_unknown", "time_unknown",
	} {
		rows[code] = pdp.Reason{Class: pdp.ClassUnavailable, Status: http.StatusServiceUnavailable}
	}
	return rows
}

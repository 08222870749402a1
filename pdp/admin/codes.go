package admin

import (
	"net/http"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp"
)

// The codes for which a session ends here, as they are stored and journalled.
const (
	reasonReplayed = "refresh_replayed"
	reasonDrifted  = problem.DeviceChanged
	reasonExpired  = "session_expired"
	reasonInactive = problem.AccountInactive
	// reasonOvertaken is the end of a log-in during which all sessions were ended.
	reasonOvertaken = "session_ended"
)

// reasons are those of the active rule book, and of the codes above.
func (a *Admin) reasons() pdp.Reasons {
	return a.parts.Tables().Reasons.With(pdp.Reasons{
		reasonReplayed: {Class: pdp.ClassCredential, Status: http.StatusUnauthorized, Alone: true, Alarm: true},
		reasonDrifted:  {Class: pdp.ClassDevice, Status: http.StatusUnauthorized, Alone: true, Alarm: true},
		reasonExpired:  {Class: pdp.ClassCredential, Status: http.StatusUnauthorized, Alone: true},
		reasonCloned:   {Class: pdp.ClassCredential, Status: http.StatusUnauthorized, Alone: true, Alarm: true},
		reasonInactive: {Class: pdp.ClassRight, Status: http.StatusForbidden},
	})
}

// undecided reports whether a denial is for something that Wardgate itself does
// not know.
func (a *Admin) undecided(codes []string) bool {
	reasons := a.reasons()
	for _, code := range codes {
		if reasons[code].Status == http.StatusServiceUnavailable {
			return true
		}
	}
	return len(codes) == 0
}

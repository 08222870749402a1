package tables

import (
	"github.com/wardgate/wardgate/pdp"
)

// Failures is "none", "few", or "many" when the limit is reached.
func (t *Tables) Failures(l *pdp.LogIn) string {
	rows := &t.limits
	limit := 0
	switch l.Factor {
	case pdp.FactorPassword:
		limit = rows.WrongPasswords
		if l.Familiar == pdp.FamiliarDevice {
			limit = rows.KnownWrongPasswords
		}
	case pdp.FactorCode:
		limit = rows.CodeAttempts
	}
	switch {
	case l.Factor == "" || l.Failures <= 0:
		return "none"
	case l.Failures >= limit:
		return "many"
	default:
		return "few"
	}
}

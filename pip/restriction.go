package pip

import (
	"net/netip"
	"strings"
	"time"
)

// What the revocation list keeps beside accounts stands under a name with a
// blank, which no account's id has.
const (
	barredAddress = "address "
	owesStepUp    = "step-up "
	sessionsUntil = "sessions-until "
)

// BarredAddress is the name under which a bar on an address is kept. An IPv6
// client owns its whole /64, and is barred with it.
func BarredAddress(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if !a.IsValid() {
		return ""
	}
	if a.Is6() && !a.IsLoopback() {
		if network, err := a.Prefix(64); err == nil {
			return barredAddress + network.Addr().String()
		}
	}
	return barredAddress + a.String()
}

// What a name on the revocation list stands for.
const (
	RestrictedAccount = "account" // banned from everything
	RestrictedAddress = "address" // barred to callers without a session
	RestrictedStepUp  = "step_up" // an account that owes a fresh factor

	RestrictedSessions = "sessions" // all sessions that began up to a time
)

// RestrictionOf says what a name on the revocation list restricts: the kind, and the
// id of an account, an address, or the first of an IPv6 network.
func RestrictionOf(name string) (kind, who string) {
	if who, ok := strings.CutPrefix(name, barredAddress); ok {
		return RestrictedAddress, who
	}
	if who, ok := strings.CutPrefix(name, owesStepUp); ok {
		return RestrictedStepUp, who
	}
	if who, ok := strings.CutPrefix(name, sessionsUntil); ok {
		return RestrictedSessions, who
	}
	return RestrictedAccount, name
}

// SessionsUntil is the name under which it is kept that all sessions are over that
// began up to a time: the epoch of sessions.
func SessionsUntil(t time.Time) string {
	return sessionsUntil + t.UTC().Format(time.RFC3339Nano)
}

// SessionsOver is the time that a name of SessionsUntil bears.
func SessionsOver(name string) (time.Time, bool) {
	text, ok := strings.CutPrefix(name, sessionsUntil)
	if !ok {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	return t, err == nil
}

// OwesStepUp is the name under which it is kept that a subject owes a fresh
// factor.
func OwesStepUp(subject string) string {
	if subject == "" {
		return ""
	}
	return owesStepUp + subject
}

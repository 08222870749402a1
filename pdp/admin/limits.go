package admin

import (
	"cmp"
	"time"
)

// Limits are the numbers of sessions. A zero field takes its default.
type Limits struct {
	Access       time.Duration // life of an access token; 5 minutes
	RefreshAfter time.Duration // age at which it may be refreshed; 40 % of Access
	Elevation    time.Duration // life of a stepped-up token, never more than Access; 5 minutes
	Carried      time.Duration // how long an elevation counts on another origin than its own; none
	Idle         time.Duration // a session that is not refreshed for so long ends; 15 minutes
	Absolute     time.Duration // every session ends after so long; 12 hours
	Leeway       time.Duration // by which clocks of verifiers may differ; 30 seconds
	RetryWithin  time.Duration // a refresh may be repeated with its idempotency key; 10 seconds

	WalkAway time.Duration // a workstation that is not used for so long needs badge and PIN; Idle
	Shift    time.Duration // how long after the log-in badge and PIN resume a session; not at all

	DeviceMemory  time.Duration // how long a device is known; 180 days
	NetworkMemory time.Duration // how long a network is known; 90 days
	LogInMemory   time.Duration // how long the last log-in is remembered; 30 days
}

const day = 24 * time.Hour

func (l Limits) withDefaults() Limits {
	access := cmp.Or(l.Access, 5*time.Minute)
	return Limits{
		Access:        access,
		RefreshAfter:  cmp.Or(l.RefreshAfter, access*2/5),
		Elevation:     min(access, cmp.Or(l.Elevation, 5*time.Minute)),
		Carried:       l.Carried,
		Idle:          cmp.Or(l.Idle, 15*time.Minute),
		Absolute:      cmp.Or(l.Absolute, 12*time.Hour),
		WalkAway:      cmp.Or(l.WalkAway, l.Idle, 15*time.Minute),
		Shift:         l.Shift,
		Leeway:        cmp.Or(l.Leeway, 30*time.Second),
		RetryWithin:   cmp.Or(l.RetryWithin, 10*time.Second),
		DeviceMemory:  cmp.Or(l.DeviceMemory, 180*day),
		NetworkMemory: cmp.Or(l.NetworkMemory, 90*day),
		LogInMemory:   cmp.Or(l.LogInMemory, 30*day),
	}
}

// tokenLife is how long after signing a verifier may still accept a token.
func (l Limits) tokenLife() time.Duration { return l.Access + l.Leeway }

// Limits are the numbers in force now.
func (a *Admin) Limits() Limits { return a.cfg.Limits().withDefaults() }

// tokenLife is how long after signing a verifier may still accept any token,
// under the longest life that was ever in force: a key verifies for as long.
func (a *Admin) tokenLife() time.Duration { return a.parts.Keys.Outlive() }

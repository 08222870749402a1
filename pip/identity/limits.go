package identity

import (
	"cmp"
	"strings"
	"time"
)

// Limits are the numbers of authentication. A zero field takes its default.
type Limits struct {
	CodeLife       time.Duration // how long a code is valid; 5 minutes
	CodeAttempts   int           // guesses evaluated for one challenge; 3
	ResendEvery    time.Duration // between two codes of one challenge; 1 minute
	Resends        int           // further codes for one challenge; 5
	OpenChallenges int           // unanswered or worn-out challenges of one account in an hour; 30
	WrongPasswords int           // wrong passwords that one limiter evaluates in WrongWithin; 3
	WrongWithin    time.Duration // 3 minutes

	KnownWrongPasswords int           // the same for a device that the account has signed in from; 3
	KnownWrongWithin    time.Duration // 15 minutes
}

func (l Limits) withDefaults() Limits {
	return Limits{
		CodeLife:            cmp.Or(l.CodeLife, 5*time.Minute),
		CodeAttempts:        cmp.Or(l.CodeAttempts, 3),
		ResendEvery:         cmp.Or(l.ResendEvery, time.Minute),
		Resends:             cmp.Or(l.Resends, 5),
		OpenChallenges:      cmp.Or(l.OpenChallenges, 30),
		WrongPasswords:      cmp.Or(l.WrongPasswords, 3),
		WrongWithin:         cmp.Or(l.WrongWithin, 3*time.Minute),
		KnownWrongPasswords: cmp.Or(l.KnownWrongPasswords, 3),
		KnownWrongWithin:    cmp.Or(l.KnownWrongWithin, 15*time.Minute),
	}
}

// under returns the limits that hold for a limiter: a known device has stricter
// ones of its own.
func (l Limits) under(limiter string) Limits {
	if strings.Contains(limiter, deviceMark) {
		l.WrongPasswords, l.WrongWithin = l.KnownWrongPasswords, l.KnownWrongWithin
	}
	return l
}

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
	OpenChallenges int           // unanswered or worn-out challenges of one account in an hour, from one origin; 30
	WrongPasswords int           // wrong passwords that one limiter evaluates in WrongWithin; 3
	WrongWithin    time.Duration // 3 minutes

	KnownWrongPasswords int           // the same for a device that the account has signed in from; 3
	KnownWrongWithin    time.Duration // 15 minutes

	// Wrong answers in a row that are evaluated for one authenticator of an
	// account. After them it is closed to the origins that they came from.
	UnfamiliarFailures  int // codes from all unfamiliar origins, and from one session; 20
	UnfamiliarPasswords int // passwords from all unfamiliar origins; 100
	FamiliarFailures    int // from one familiar origin, in a day; 100

	// What callers from unfamiliar networks can cause, for one account or address.
	NetworkChallenges  int // log-ins begun from one network in an hour; 10
	NetworkMails       int // mails that one network causes in a day beside the further ones; 3
	UnfamiliarMails    int // further mails that all networks cause in a day; 24
	UnfamiliarNetworks int // networks that have a share of their own; 64
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
		UnfamiliarFailures:  cmp.Or(l.UnfamiliarFailures, 20),
		UnfamiliarPasswords: cmp.Or(l.UnfamiliarPasswords, 100),
		FamiliarFailures:    cmp.Or(l.FamiliarFailures, 100),
		NetworkChallenges:   cmp.Or(l.NetworkChallenges, 10),
		NetworkMails:        cmp.Or(l.NetworkMails, 3),
		UnfamiliarMails:     cmp.Or(l.UnfamiliarMails, 24),
		UnfamiliarNetworks:  cmp.Or(l.UnfamiliarNetworks, 64),
	}
}

// under returns the limits that hold for a limiter: a known device has stricter
// ones of its own.
func (l Limits) under(limiter string) Limits {
	if strings.Contains(limiter, "/"+deviceKind) {
		l.WrongPasswords, l.WrongWithin = l.KnownWrongPasswords, l.KnownWrongWithin
	}
	return l
}

package identity

import (
	"context"
	"time"
)

// A Restoration is what the accounts' database is told when it lies behind what it
// once knew: an older copy was put in its place.
type Restoration struct {
	Now      time.Time
	Accounts map[string]map[string]string // id -> columns that an officer set: standing, role, staff, patient, department
	// Passwords were chosen anew since. The new ones are gone with the database, and
	// the old ones must not be good again: their owners choose others by mail.
	Passwords []string
	// NoPassword is a hash that no password has.
	NoPassword string
	// LostApps were added since: their secrets are gone, and a mailbox alone must not
	// open an account that had more. Sealed is a secret that no app has.
	LostApps map[string][]byte
	// RemovedApps are no factors any more.
	RemovedApps []string
	// LostPasskeys were added since, id -> account: their accounts have had one, and it
	// opens nothing any more. RemovedPasskeys are none any more.
	LostPasskeys    map[string]string
	RemovedPasskeys []string
	// Badges were changed since, of these accounts: none of theirs is one any more.
	Badges []string
	// Recovered have used a recovery code since; which one is not known any more.
	Recovered []string
	// NextStep is the first time step of which codes of apps are good again.
	NextStep int64
}

// A RestoreStore is brought up to what was done, all of it or nothing.
type RestoreStore interface {
	// Restore ends all open challenges and passes, sign-ups and offered apps, too: which of
	// their codes were used is not known any more. So it does challenges that were made
	// for no account.
	Restore(ctx context.Context, r Restoration) error
	// Accounted reports whether there is any account.
	Accounted(ctx context.Context) (bool, error)
}

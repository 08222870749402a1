package identity

import (
	"context"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// A Record is an account as it is stored.
type Record struct {
	ID           string
	Username     string // canonical: lower case
	EmailSealed  []byte
	EmailIndex   string // keyed, so that the table alone does not confirm an address
	PasswordHash string
	Role         string
	Standing     pip.Account
	Staff        string
	Patient      string
	Department   string
	Created      time.Time
}

// An AccountStore keeps accounts. What is not there is ErrNotFound.
type AccountStore interface {
	ApprovalStore
	AddAccount(ctx context.Context, r Record) error // ErrTaken
	Account(ctx context.Context, id string) (Record, error)
	AccountByEmail(ctx context.Context, index string) (Record, error)
	AccountsByEmail(ctx context.Context, indexes []string) (map[string]string, error) // index -> id, without those that are nobody's
	Accounts(ctx context.Context, after string, limit int) ([]Record, error)          // by id
}

// A LimiterStore keeps limiters by account id, or by e-mail index.
type LimiterStore interface {
	// UpdateLimiter applies change to the limiter of key, the zero Limiter when there
	// is none, and stores the result. Updates of one key happen one after the
	// other, whoever asks: change may run again when another was quicker.
	UpdateLimiter(ctx context.Context, key string, change func(*Limiter)) error
}

// Purpose says what answering a challenge proves.
type Purpose string

// The purposes.
const (
	PurposeLogIn  Purpose = "log_in"
	PurposeStepUp Purpose = "step_up"
	PurposeSignUp Purpose = "sign_up"
	PurposeReset  Purpose = "reset"
)

// A Pending is a challenge as it is stored.
type Pending struct {
	ID       string
	Account  string
	Session  string // the session that steps up; "" for a log-in
	Purpose  Purpose
	Method   string // of the factor
	Kept     string // what the factor compares with, never the code itself
	Created  time.Time
	Expires  time.Time
	Sent     time.Time // when the newest code went out
	Attempts int
	Resends  int
	Spent    bool
}

// A ChallengeStore keeps challenges. Each of its changes is one atomic
// statement, so that of any number of callers in any number of processes only
// as many succeed as may.
type ChallengeStore interface {
	AddChallenge(ctx context.Context, p Pending) error
	Challenge(ctx context.Context, id string) (Pending, error)
	// CountAttempt uses up one of limit attempts of a challenge that is open at
	// now, and returns it; or false when there is none left to use.
	CountAttempt(ctx context.Context, id string, limit int, now time.Time) (Pending, bool, error)
	// SpendChallenge ends an open challenge whose factor still keeps kept.
	SpendChallenge(ctx context.Context, id, kept string) (bool, error)
	// RenewChallenge stores kept, expires and sent of p and counts a resend, if
	// since p was read no other did and the challenge is still open at p.Sent.
	RenewChallenge(ctx context.Context, p Pending, limit int) (bool, error)
	// CountOpen counts challenges of an account, created after since, that were
	// never answered and are either still open at now or had all attempts used.
	CountOpen(ctx context.Context, account string, limit int, since, now time.Time) (int, error)
	// Sweep forgets challenges that expired, and limiters last touched, before then.
	Sweep(ctx context.Context, before time.Time) error
}

// A Store keeps everything of this package.
type Store interface {
	AccountStore
	LimiterStore
	ChallengeStore
	SignUpStore
}

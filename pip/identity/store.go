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
	ChangeStore
	AddAccount(ctx context.Context, r Record) error // ErrTaken
	Account(ctx context.Context, id string) (Record, error)
	AccountByEmail(ctx context.Context, index string) (Record, error)
	AccountsByEmail(ctx context.Context, indexes []string) (map[string]string, error) // index -> id, without those of no account
	Named(ctx context.Context, usernames []string) (map[string]string, error)         // username -> id, likewise
	Accounts(ctx context.Context, after string, limit int) ([]Record, error)          // by id
}

// A LimiterStore keeps limiters by account id, or by e-mail index.
type LimiterStore interface {
	// UpdateLimiter applies change to the limiter of key, the zero Limiter when there
	// is none, and stores the result. Updates of one key happen one after the
	// other, from all processes: change may run again when another was quicker.
	UpdateLimiter(ctx context.Context, key string, change func(*Limiter)) error
	// UpdateLimiterAfter is UpdateLimiter for a caller who has just stored last, and
	// need not read it again if nothing came between.
	UpdateLimiterAfter(ctx context.Context, key string, last Limiter, change func(*Limiter)) error
	// ForgetLimiters forgets the limiters of an account, from wherever they count.
	ForgetLimiters(ctx context.Context, account string) error
}

// A FailureCount names what wrong answers in a row are counted for, and how many
// may be evaluated.
type FailureCount struct {
	Subject       string // an account's id, or the name of an address without an account
	Authenticator string // and the origins that it is counted for
	Most          int
	Within        time.Duration // a count that was left alone for so long begins anew; 0 for never
}

// A FailureStore counts wrong answers in a row.
type FailureStore interface {
	// CountFailure counts an answer as wrong before it is evaluated. It reports
	// false when too many were counted: then it must not be evaluated.
	CountFailure(ctx context.Context, f FailureCount, now time.Time) (bool, error)
	// ForgetFailures begins the counts of a subject anew; without names all of them.
	ForgetFailures(ctx context.Context, subject string, authenticators ...string) error
}

// Purpose says what answering a challenge proves.
type Purpose string

// The purposes.
const (
	PurposeLogIn  Purpose = "log_in"
	PurposeStepUp Purpose = "step_up"
	PurposeSignUp Purpose = "sign_up"
	PurposeReset  Purpose = "reset"
	PurposeEnrol  Purpose = "enrol" // a passkey, in one session of the account
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
	Origin   string // where it was begun, by the name of its kind and origin
}

// An Opened is a challenge, its account, and the bar of where it was begun, as they
// were at one moment.
type Opened struct {
	Pending
	Owner       Record
	BarredUntil time.Time // of the limiter of Origin
}

// A ChallengeStore keeps challenges. Each of its changes is one atomic
// statement, so that of any number of callers in any number of processes only
// as many succeed as may.
type ChallengeStore interface {
	AddChallenge(ctx context.Context, p Pending) error
	Challenge(ctx context.Context, id string) (Pending, error)
	// Opened returns a challenge of an account, with what an answer is judged by.
	Opened(ctx context.Context, id string) (Opened, error)
	// CountAttempt uses up one of limit attempts of a challenge that is open at
	// now, and returns it as it is then; or false when there is none left to use. The
	// caller has seen the challenge a moment ago.
	CountAttempt(ctx context.Context, seen Pending, limit int, now time.Time) (Pending, bool, error)
	// SpendChallenge ends an open challenge whose factor still keeps kept.
	SpendChallenge(ctx context.Context, id, kept string) (bool, error)
	// RenewChallenge stores kept, expires and sent of p and counts a resend, if
	// since p was read no other did and the challenge is still open at p.Sent.
	RenewChallenge(ctx context.Context, p Pending, limit int) (bool, error)
	// CountOpen counts challenges of an account from an origin, created after
	// since, that were never answered and are either still open at now or had all
	// attempts used.
	CountOpen(ctx context.Context, account, origin string, limit int, since, now time.Time) (int, error)
	// CountBegun counts log-ins of an account that were begun after since, answered
	// or not: from the origin, and from all origins whose names begin with kind.
	CountBegun(ctx context.Context, account, kind, origin string, since time.Time) (of, all int, err error)
	// Sweep forgets challenges that expired, and limiters and failures of addresses
	// without an account last touched, before then.
	Sweep(ctx context.Context, before time.Time) error
}

// A Store keeps everything of this package.
type Store interface {
	AccountStore
	LimiterStore
	FailureStore
	ChallengeStore
	SignUpStore
}

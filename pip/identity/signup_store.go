package identity

import (
	"context"
	"time"
)

// A SignUp is a sign-up as it is stored until its address is proven. Its
// challenge has the same id, which is drawn at random and told to the one who
// began it alone.
type SignUp struct {
	ID           string
	Network      string // in which it was begun
	EmailIndex   string
	Sealed       []byte // what the person said, but the password
	PasswordHash string
	Created      time.Time
	Expires      time.Time
}

// A MailLimit bounds the mails that strangers can cause to one address.
type MailLimit struct {
	Every time.Duration // at least so long from one to the next
	Most  int           // in one Span
	Span  time.Duration
}

// A SignUpStore keeps what sign-up and a forgotten password need.
type SignUpStore interface {
	AddSignUp(ctx context.Context, a SignUp) error
	// SignUp returns the one with the id, if it is open at now, or ErrNotFound.
	SignUp(ctx context.Context, id string, now time.Time) (SignUp, error)
	// SignUpFrom returns the newest for the address that was begun in the network
	// and is open at now, or ErrNotFound.
	SignUpFrom(ctx context.Context, emailIndex, network string, now time.Time) (SignUp, error)
	RemoveSignUp(ctx context.Context, id string) error
	// SweepSignUps forgets those whose time is over at now.
	SweepSignUps(ctx context.Context, now time.Time) error
	UsernameTaken(ctx context.Context, username string) (bool, error)

	// CountMail counts one more mail for key, or reports false: too many.
	CountMail(ctx context.Context, key string, limit MailLimit, now time.Time) (bool, error)

	// ClaimRecord makes a pending account without any record an active one with
	// the patient record, and reports whether it did.
	ClaimRecord(ctx context.Context, account, patient string) (bool, error)
	// RemoveUnclaimed removes a pending account without any record.
	RemoveUnclaimed(ctx context.Context, account string) error

	// SetPassword replaces the hash and ends all open challenges of the account.
	SetPassword(ctx context.Context, account, hash string) error
}

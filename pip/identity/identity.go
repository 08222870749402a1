// Package identity is ID management, an information point of NIST SP 800-207:
// it keeps accounts, proves who somebody is by a password and a second factor,
// and tells the policy what stands behind an account. It never issues a
// credential: what it hands out is a proof, and the policy administrator alone
// turns a proof into a session.
//
// A stranger learns nothing here about which accounts exist: an unknown e-mail
// and a wrong password get the same answer after the same work.
package identity

import (
	"errors"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// Profile is what is known of an account. Staff, Patient and Department are
// the ids of records elsewhere, empty where there is none.
//
// Profile, Challenge and Proof are names for plain structs, so that a consumer
// can declare the same shapes in an interface of its own without importing
// this package; the compiler refuses the two when they drift apart.
type Profile = struct {
	ID         string
	Username   string
	Email      string // canonical; never for a log
	Role       string // a name of the rule book's table of roles
	Standing   pip.Account
	Staff      string
	Patient    string
	Department string
}

// Challenge asks for a second factor.
type Challenge = struct {
	ID      string
	Methods []string // "email"
	Expires time.Time
}

// Proof states that the person behind Account proved all of AMR (RFC 8176),
// the newest of them at AuthTime.
type Proof = struct {
	Account  Profile
	AMR      []string
	AuthTime time.Time
}

// The errors of a store.
var (
	// ErrNotFound says that there is no such account or challenge.
	ErrNotFound = errors.New("not found")
	// ErrTaken says that the e-mail or the username belongs to an account.
	ErrTaken = errors.New("taken")
)

// The refusals. Compare with errors.Is; every other error means that identity
// could not tell, and is no statement about the person.
var (
	// ErrCredentials is the one answer to an unknown e-mail and a wrong password.
	ErrCredentials error = &Refusal{Reason: "credentials_invalid"}
	// ErrCode answers a code that is wrong, late, used or worn out, and a
	// challenge that does not exist.
	ErrCode error = &Refusal{Reason: "code_invalid"}
	// ErrThrottled asks for patience; the Refusal says how much.
	ErrThrottled error = &Refusal{Reason: "throttled"}
	// ErrEmail says that the text is no e-mail address.
	ErrEmail error = &Refusal{Reason: "email_malformed"}
)

// A Refusal is a definite no.
type Refusal struct {
	Reason  string        // stable code
	Account string        // whom it concerns, for the journal alone; "" when nobody
	Wait    time.Duration // how long to wait before asking again, 0 for no limit

	Limiter  string // which limiter counted the failure, for Authenticator.Bar; "" when none did
	Failures int    // how many that limiter, or the challenge, has counted, this one included
}

// Error names the reason only.
func (r *Refusal) Error() string { return "refused: " + r.Reason }

// Is reports whether target is a refusal for the same reason.
func (r *Refusal) Is(target error) bool {
	t, ok := target.(*Refusal)
	return ok && t.Reason == r.Reason
}

// Refused returns the parts. A consumer finds a refusal by this method, without
// knowing the type.
func (r *Refusal) Refused() (reason, account string, wait time.Duration) {
	return r.Reason, r.Account, r.Wait
}

// Failed returns what was counted, for whoever decides what follows from it.
func (r *Refusal) Failed() (limiter string, failures int) { return r.Limiter, r.Failures }

package pip

import (
	"context"
	"time"
)

// A Profile is what ID management knows of an account. Staff, Patient and
// Department are the ids of records in other systems, empty where there is none.
type Profile struct {
	ID         string
	Username   string
	Email      string // canonical; never for a log
	Role       string // by its name in the rule book's table of roles
	Standing   Account
	Staff      string
	Patient    string
	Department string
}

// A Challenge asks for a second factor.
type Challenge struct {
	ID      string
	Methods []string // "email", "totp"
	Expires time.Time
}

// A Proof states that the person behind Account proved all of AMR (RFC 8176),
// the newest of them at AuthTime.
type Proof struct {
	Account  Profile
	AMR      []string
	AuthTime time.Time
}

// An Origin is where a log-in comes from. It says which limiter counts its
// failures, so that failures of callers who do not know the account bar such
// callers alone. The zero Origin is such a caller's.
type Origin struct {
	// Network is the network of the client's address, "" when there is none.
	Network string
	// Familiar says what of the origin the account has signed in from:
	// "device/" and an id, "network/" and the network, or "" for nothing of it.
	Familiar func(ctx context.Context, account string) (string, error)
}

// A SignUpForm is what somebody who wants an account says. Number and Code are
// for patients alone. It holds secrets.
type SignUpForm struct {
	Username string
	Email    string
	Password string
	Role     string // by its name in the rule book's table of roles
	Number   string
	Code     string
}

// A Refusal is a definite no of ID management. Every other error means that it
// could not tell, and is no statement about the person.
type Refusal struct {
	Reason  string        // stable code
	Account string        // which account it concerns, for the journal alone; "" for none
	Wait    time.Duration // how long to wait before asking again, 0 for no limit

	Limiter  string // which limiter counted the failure, to be barred; "" when none did
	Failures int    // how many that limiter, or the challenge, has counted, this one included
}

// Error names the reason only.
func (r *Refusal) Error() string { return "refused: " + r.Reason }

// Is reports whether target is a refusal for the same reason.
func (r *Refusal) Is(target error) bool {
	t, ok := target.(*Refusal)
	return ok && t.Reason == r.Reason
}

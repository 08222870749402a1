package pip

import (
	"context"
	"encoding/json"
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
	Methods []string // "email", "totp", "passkey"
	Expires time.Time
	// Shown is what the client needs to answer by a method: for "passkey" the
	// options of navigator.credentials.get(), as JSON. It holds no secret.
	Shown map[string]json.RawMessage
}

// A Proof states that the person behind Account proved all of AMR (RFC 8176),
// the newest of them at AuthTime.
type Proof struct {
	Account  Profile
	AMR      []string
	AuthTime time.Time
	Until    time.Time // when what was proven ends, of a pass; zero for what does not
	Sponsors []Sponsor // who gave the word for a pass; none for what was proven without one
}

// A Sponsor is who gave the word for a pass, by the account's id and with the role that
// it had then. Role is "" of the operator on the machine, who has no account.
type Sponsor struct{ ID, Role string }

// An Origin is where somebody who has no session asks from. Whatever is counted,
// is counted for one origin apart from others, so that what a stranger does
// elsewhere changes nothing here. The zero Origin is a stranger's.
type Origin struct {
	// Network is the network of the client's address, "" when there is none.
	Network string
	// Familiar says what makes the origin familiar to the account: "device/" and
	// the id of a device that it has signed in from, "on_site/" and an address of
	// the hospital, "network/" and a network that it has signed in from, or "" for
	// nothing. An address without an account is asked about by a name of its own.
	Familiar func(ctx context.Context, account string) (string, error)
}

// A SignUpForm is what a person who wants an account says. Number and Code are
// for patients alone. It holds secrets.
type SignUpForm struct {
	Username string
	Email    string
	Password string
	Role     string // by its name in the rule book's table of roles
	Number   string
	Code     string
}

// A SignUpAnswer proves the address of a sign-up. Flow names the sign-up; without
// it, Email does for one that was begun in the caller's own network.
type SignUpAnswer struct{ Flow, Email, Code string }

// A ResetAnswer replaces a forgotten password. It holds secrets.
type ResetAnswer struct{ Challenge, Code, Password string }

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

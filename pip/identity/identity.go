// Package identity is ID management, an information point of NIST SP 800-207:
// it keeps accounts, proves who a user is by a password and a second factor,
// and tells the policy what stands behind an account. It never issues a
// credential: what it hands out is a proof, and the policy administrator alone
// turns a proof into a session.
//
// A stranger learns nothing here about which accounts exist: an unknown e-mail
// and a wrong password get the same answer after the same work.
package identity

import (
	"errors"

	"github.com/wardgate/wardgate/pip"
)

// The errors of a store.
var (
	// ErrNotFound says that there is no such account or challenge.
	ErrNotFound = errors.New("not found")
	// ErrTaken says that the e-mail or the username belongs to an account.
	ErrTaken = errors.New("taken")
	// ErrStaffTaken says that another account has the staff record.
	ErrStaffTaken = errors.New("the staff record has an account")
	// ErrLastOfficer says that no officer's account would be active any more.
	ErrLastOfficer = errors.New("the last officer")
)

// The refusals. Compare with errors.Is; every other error means that identity
// could not tell, and is no statement about the person.
var (
	// ErrCredentials is the one answer to an unknown e-mail and a wrong password.
	ErrCredentials error = &pip.Refusal{Reason: "credentials_invalid"}
	// ErrCode answers a code that is wrong, late, used or worn out, and a
	// challenge that does not exist.
	ErrCode error = &pip.Refusal{Reason: "code_invalid"}
	// ErrThrottled asks for patience; the Refusal says how much.
	ErrThrottled error = &pip.Refusal{Reason: "throttled"}
	// ErrMethod answers who asks for a mailed code with an app enrolled.
	ErrMethod error = &pip.Refusal{Reason: "method_unavailable"}
	// ErrBarred says that too many wrong answers in a row came from origins like
	// the caller's: the authenticator is not asked again from there, until its
	// owner has proven somebody elsewhere, or an officer lifts it.
	ErrBarred error = &pip.Refusal{Reason: "authenticator_barred"}
	// ErrCloned says that a passkey's counter went back: somebody has a copy of it.
	ErrCloned error = &pip.Refusal{Reason: "passkey_cloned"}
	// ErrEmail says that the text is no e-mail address.
	ErrEmail error = &pip.Refusal{Reason: "email_malformed"}
)

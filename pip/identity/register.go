package identity

import (
	"context"
	"errors"
	"strings"

	"github.com/wardgate/wardgate/pip"
)

// A ChangeStore changes accounts.
type ChangeStore interface {
	// ChangeAccount applies change to an account and stores the result, one account
	// after the other, and ends the account's open challenges. An error of change
	// changes nothing. It returns ErrNotFound; ErrTaken for a username or address of
	// another account; ErrStaffTaken for a staff record of another; ErrLastOfficer
	// when no account with a role of officers would be active any more.
	ChangeAccount(ctx context.Context, id string, officers []string, change func(*Record) error) (before, after Record, err error)
	// SharedStaff lists the staff records that several accounts have, with these.
	SharedStaff(ctx context.Context) (map[string][]string, error)
}

// FindNamed returns the account with the username, or a Refusal for the reason
// "not_found".
func (a *Accounts) FindNamed(ctx context.Context, username string) (pip.Profile, error) {
	name := strings.ToLower(username)
	ids, err := a.store.Named(ctx, []string{name})
	if err != nil {
		return pip.Profile{}, err
	}
	return a.Find(ctx, ids[name])
}

// Find returns one account, or a Refusal for the reason "not_found".
func (a *Accounts) Find(ctx context.Context, id string) (pip.Profile, error) {
	p, err := a.Account(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return pip.Profile{}, &pip.Refusal{Reason: "not_found"}
	}
	return p, err
}

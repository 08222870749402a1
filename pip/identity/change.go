package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pip"
)

// Change changes an account, and returns it as it was and as it is. A *pip.Refusal
// is a definite no, for one of the reasons "not_found", "standing_unfit",
// "role_unfit", "record_linked", "username_unfit", "email_malformed",
// "account_taken", "staff_taken", "last_officer".
func (a *Accounts) Change(ctx context.Context, id string, c pip.AccountChange) (before, after pip.Profile, err error) {
	var index string
	var sealed []byte
	if c.Email != nil {
		address, err := ParseEmail(*c.Email)
		if err != nil {
			return pip.Profile{}, pip.Profile{}, err
		}
		if index, err = a.vault.Index(address); err != nil {
			return pip.Profile{}, pip.Profile{}, fmt.Errorf("change %s: %w", id, err)
		}
		if sealed, err = a.vault.SealEmail(id, address); err != nil {
			return pip.Profile{}, pip.Profile{}, fmt.Errorf("change %s: %w", id, err)
		}
	}
	roles := a.roles()
	was, is, err := a.store.ChangeAccount(ctx, id, roles.Of(pip.RoleOfficer), func(r *Record) error {
		if c.Email != nil {
			r.EmailIndex, r.EmailSealed = index, sealed
		}
		return apply(c, r, roles)
	})
	if err != nil {
		return pip.Profile{}, pip.Profile{}, changeRefused(id, err)
	}
	if before, err = a.profile(was); err != nil {
		return pip.Profile{}, pip.Profile{}, err
	}
	after, err = a.profile(is)
	return before, after, err
}

// apply applies c, but for the address, or says what does not fit.
func apply(c pip.AccountChange, r *Record, roles pip.Roles) error {
	if len(c.From) > 0 && !slices.Contains(c.From, r.Standing) || c.OfRole != "" && c.OfRole != r.Role {
		return &pip.Refusal{Reason: "standing_unfit", Account: r.ID}
	}
	if c.Username != nil {
		name := strings.ToLower(*c.Username)
		if !plainUsername(name) {
			return &pip.Refusal{Reason: "username_unfit", Account: r.ID}
		}
		r.Username = name
	}
	for into, value := range map[*string]*string{&r.Staff: c.Staff, &r.Department: c.Department, &r.Patient: c.Patient} {
		if value != nil {
			*into = *value
		}
	}
	if c.Role != nil && *c.Role != r.Role {
		if err := mayBecome(roles, r, *c.Role); err != nil {
			return err
		}
		r.Role = *c.Role
	}
	if roles[r.Role].Kind == pip.RoleMachine && (r.Staff != "" || r.Patient != "") {
		return &pip.Refusal{Reason: "role_unfit", Account: r.ID}
	}
	if c.Standing != nil {
		r.Standing = *c.Standing
	}
	if r.Standing == pip.AccountActive && lacksRecord(roles[r.Role], r) && c.Standing != nil {
		r.Standing = pip.AccountPending // enabled without the record that its role needs: to be approved
	}
	return nil
}

// lacksRecord reports whether the role needs a staff record and the account has none.
func lacksRecord(role pip.Role, r *Record) bool {
	return role.Record == pip.RecordStaff && r.Staff == ""
}

// mayBecome: records are of a role, and a machine's account is no person's.
func mayBecome(roles pip.Roles, r *Record, role string) error {
	machine := func(name string) bool { return roles[name].Kind == pip.RoleMachine }
	switch {
	case roles[role].Kind == "" || machine(role) || machine(r.Role):
		return &pip.Refusal{Reason: "role_unfit", Account: r.ID}
	case r.Staff != "" || r.Patient != "":
		return &pip.Refusal{Reason: "record_linked", Account: r.ID}
	default:
		return nil
	}
}

func changeRefused(id string, err error) error {
	for known, reason := range map[error]string{
		ErrNotFound: "not_found", ErrTaken: "account_taken", ErrStaffTaken: "staff_taken", ErrLastOfficer: "last_officer",
	} {
		if errors.Is(err, known) {
			return &pip.Refusal{Reason: reason, Account: id}
		}
	}
	var r *pip.Refusal
	if errors.As(err, &r) {
		return r
	}
	return fmt.Errorf("change %s: %w", id, err)
}

// SharedStaff lists the staff records that several accounts have, with these.
func (a *Accounts) SharedStaff(ctx context.Context) (map[string][]string, error) {
	return a.store.SharedStaff(ctx)
}

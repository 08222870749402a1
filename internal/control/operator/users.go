package operator

import (
	"context"
	"errors"

	"github.com/wardgate/wardgate/internal/control"
	"github.com/wardgate/wardgate/pdp/admin"
)

// refusals says in words why an account was not changed.
var refusals = map[string]string{
	"last_officer":      "this is the last officer's account that is active: add or enable another one first",
	"staff_taken":       "another account has this staff record; `wardgate user list` shows which, `wardgate user unlink` takes it away",
	"staff_unfit":       "the staff record does not exist, or is of another role or department than the account",
	"account_taken":     "another account has this username or address",
	"username_unfit":    "username: expected 2 to 64 letters, digits, dots, dashes or underscores",
	"email_malformed":   "email: expected an e-mail address",
	"role_unfit":        "role: expected a role of the rule book, and none of a machine",
	"record_linked":     "the account is linked to a record, which is of its role: unlink it first",
	"standing_unfit":    "the account is not in a standing that allows this; `wardgate user list` shows it",
	"not_pending":       "the account does not wait for approval",
	"pass_unfit":        "a pass is for an active account of staff, an officer or an auditor, and for as long as limits.pass_seconds says",
	"nothing_to_change": "name what is to change: --username, --email or --role",
}

// on resolves an account and carries something out on it.
func (o *Operator) on(ctx context.Context, user string, do func(id string) error) error {
	id, err := o.resolve(ctx, user)
	if err != nil {
		return err
	}
	return inWords(do(id))
}

// inWords puts a refusal in words.
func inWords(err error) error {
	if r, ok := errors.AsType[*admin.Refusal](err); ok && refusals[r.Reasons[0]] != "" {
		return errors.New(refusals[r.Reasons[0]])
	}
	return err
}

// Disable keeps an account out and ends its sessions.
func (o *Operator) Disable(ctx context.Context, user string) error {
	return o.on(ctx, user, func(id string) error { return o.admin.Disable(ctx, admin.Client{}, Name, id) })
}

// Enable lets a disabled account in again.
func (o *Operator) Enable(ctx context.Context, user string) error {
	return o.on(ctx, user, func(id string) error { return o.admin.Enable(ctx, admin.Client{}, Name, id) })
}

// Change changes username, address or role.
func (o *Operator) Change(ctx context.Context, user string, to control.Change) error {
	return o.on(ctx, user, func(id string) error { return o.admin.Change(ctx, admin.Client{}, Name, id, admin.Changes(to)) })
}

// Link links an account to a staff record.
func (o *Operator) Link(ctx context.Context, user string, l control.Link) error {
	return o.on(ctx, user, func(id string) error { return o.admin.Link(ctx, admin.Client{}, Name, id, l.Staff, l.Department) })
}

// Unlink takes the records away from an account.
func (o *Operator) Unlink(ctx context.Context, user string) error {
	return o.on(ctx, user, func(id string) error { return o.admin.Unlink(ctx, admin.Client{}, Name, id) })
}

// RemoveApp removes the authenticator app of an account, and its recovery codes.
func (o *Operator) RemoveApp(ctx context.Context, user string) error {
	return o.on(ctx, user, func(id string) error { return o.admin.RemoveAppOf(ctx, admin.Client{}, Name, id) })
}

// Pass issues a pass on the operator's word.
func (o *Operator) Pass(ctx context.Context, user string) (p control.Pass, err error) {
	err = o.on(ctx, user, func(id string) error {
		issued, err := o.admin.IssuePass(ctx, admin.Client{}, Name, id)
		p = control.Pass{Code: issued.Code, ShiftEnds: issued.ShiftEnds}
		return err
	})
	return p, err
}

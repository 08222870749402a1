package admin

import (
	"context"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// Users is the register of accounts. A *pip.Refusal is a definite no; its reason "not_found" says that there is no such account.
type Users interface {
	List(ctx context.Context, after string, limit int) ([]pip.Profile, error)
	Find(ctx context.Context, id string) (pip.Profile, error)
	// FindNamed is Find by a username.
	FindNamed(ctx context.Context, username string) (pip.Profile, error)
	// Change changes an account, and returns it as it was and as it is.
	Change(ctx context.Context, id string, c pip.AccountChange) (before, after pip.Profile, err error)
}

// Staff is the hospital's staff register. found is false for a record that
// does not exist.
type Staff interface {
	Member(ctx context.Context, id string) (role, department string, found bool, err error)
}

// A User is an account as its administrators see it.
type User struct {
	pip.Profile
	BannedUntil time.Time // zero when not banned
	BanReason   string
}

// Users returns at most limit accounts behind the id after, and the id to go on
// behind, "" at the end.
func (a *Admin) Users(ctx context.Context, after string, limit int) (users []User, next string, err error) {
	profiles, err := a.parts.Users.List(ctx, after, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("list users: %w", err)
	}
	if len(profiles) > limit {
		profiles = profiles[:limit]
		next = profiles[limit-1].ID
	}
	bans, err := a.Bans(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("list users: %w", err)
	}
	banned := make(map[string]Ban, len(bans))
	for _, b := range bans {
		banned[b.Account] = b
	}
	for _, p := range profiles {
		b := banned[p.ID]
		users = append(users, User{Profile: p, BannedUntil: b.Until, BanReason: b.Reason})
	}
	return users, next, nil
}

// Approve makes a pending account active. An account whose role needs a staff
// record is linked to one of the same role; the department is the record's.
func (a *Admin) Approve(ctx context.Context, c Client, by, account, staff, department string) error {
	p, err := a.user(ctx, account)
	if err != nil {
		return err
	}
	switch role := a.parts.Tables().Roles[p.Role]; {
	case role.Kind == "":
		return Refuse(Malformed, "role_unknown")
	case role.Record == pip.RecordStaff:
		if department, err = a.StaffOf(ctx, p.Role, staff, department); err != nil {
			return err
		}
	case staff != "" || department != "":
		return Refuse(Malformed, "staff_unfit")
	}
	if p.Standing != pip.AccountPending {
		return Refuse(Malformed, "not_pending")
	}
	active := pip.AccountActive
	return a.change(ctx, c, task{"user.approve", by, account, pip.NoticeEnabled, false},
		pip.AccountChange{Standing: &active, Staff: &staff, Department: &department, OfRole: p.Role, From: []pip.Account{pip.AccountPending}})
}

// StaffOf checks the staff record that an account of role is to be linked to, and
// returns its department.
func (a *Admin) StaffOf(ctx context.Context, role, staff, department string) (string, error) {
	if a.parts.Staff == nil || staff == "" {
		return "", Refuse(Malformed, "staff_unfit")
	}
	has, of, found, err := a.parts.Staff.Member(ctx, staff)
	if err != nil {
		return "", fmt.Errorf("staff record: %w", err)
	}
	if !found || has != role || department != "" && department != of {
		return "", Refuse(Malformed, "staff_unfit")
	}
	return of, nil
}

// RevokeUser ends all sessions of an account on another's request.
func (a *Admin) RevokeUser(ctx context.Context, c Client, by, account string) error {
	p, err := a.user(ctx, account)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err := a.endAll(ctx, c, account, "revoked_by_administrator"); err != nil {
		return err
	}
	a.tell(ctx, c, p, pip.Notice{Kind: pip.NoticeSessionsEnded, By: a.named(ctx, by)})
	return a.administered(ctx, c, "user.revoke", by, account, "")
}

// user returns an account, or a refusal when there is none.
func (a *Admin) user(ctx context.Context, id string) (pip.Profile, error) {
	p, err := a.parts.Users.Find(ctx, id)
	if r, _ := refused(err); r != nil {
		r.Kind = kindOfUser(r.Reasons[0])
		return pip.Profile{}, r
	}
	return p, err
}

// NameOf is the user name of an account, or its id where there is none any more.
func (a *Admin) NameOf(ctx context.Context, id string) string {
	p, err := a.parts.Users.Find(ctx, id)
	if err != nil || p.Username == "" {
		return id
	}
	return p.Username
}

func kindOfUser(reason string) Kind {
	switch reason {
	case "not_found":
		return Missing
	case reasonLastOfficer, "staff_taken", "account_taken":
		return Conflicting
	default:
		return Malformed
	}
}

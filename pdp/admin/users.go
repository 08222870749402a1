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
	// Approve makes a pending account active and links it.
	Approve(ctx context.Context, id, staff, department string) (pip.Profile, error)
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
		if department, err = a.staffOf(ctx, p.Role, staff, department); err != nil {
			return err
		}
	case staff != "" || department != "":
		return Refuse(Malformed, "staff_unfit")
	}
	// The evidence comes first: what cannot be journalled lets nobody in.
	if err := a.administered(ctx, c, "user.approve", by, account, ""); err != nil {
		return err
	}
	_, err = a.parts.Users.Approve(ctx, account, staff, department)
	if r, _ := refused(err); r != nil {
		r.Kind = kindOfUser(r.Reasons[0])
		return r
	}
	return err
}

// staffOf checks the staff record that a member of role is to be linked to.
func (a *Admin) staffOf(ctx context.Context, role, staff, department string) (string, error) {
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

// RevokeUser ends all sessions of an account for somebody else.
func (a *Admin) RevokeUser(ctx context.Context, c Client, by, account string) error {
	if _, err := a.user(ctx, account); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err := a.endAll(ctx, c, account, "revoked_by_administrator"); err != nil {
		return err
	}
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

func kindOfUser(reason string) Kind {
	if reason == "not_found" {
		return Missing
	}
	return Malformed
}

package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
)

// Changes are what an administrator may change about an account, "" for what
// stays as it is.
type Changes struct{ Username, Email, Role string }

// Disable keeps an account out until it is enabled again, and ends its sessions.
// Like a ban it takes effect even if the journal fails afterwards.
func (a *Admin) Disable(ctx context.Context, c Client, by, account string) error {
	disabled := pip.AccountDisabled
	return a.change(ctx, c, task{"user.disable", by, account, pip.NoticeDisabled, true},
		pip.AccountChange{Standing: &disabled, From: []pip.Account{pip.AccountActive, pip.AccountPending}})
}

// Enable lets a disabled account in again. One whose role needs a staff record and
// that has none waits for approval.
func (a *Admin) Enable(ctx context.Context, c Client, by, account string) error {
	active := pip.AccountActive
	return a.change(ctx, c, task{"user.enable", by, account, pip.NoticeEnabled, false},
		pip.AccountChange{Standing: &active, From: []pip.Account{pip.AccountDisabled}})
}

// Change changes username, address or role. A new role ends the sessions, and is
// none for an account with a record, which is of a role: that is unlinked first. So
// does a new address: the codes that those sessions began with went to the old one.
func (a *Admin) Change(ctx context.Context, c Client, by, account string, to Changes) error {
	var change pip.AccountChange
	for into, value := range map[**string]string{&change.Username: to.Username, &change.Email: to.Email, &change.Role: to.Role} {
		if value != "" {
			*into = &value
		}
	}
	if to == (Changes{}) {
		return Refuse(Malformed, "nothing_to_change")
	}
	return a.change(ctx, c, task{"user.change", by, account, pip.NoticeChanged, to.Role != "" || to.Email != ""}, change)
}

// Link links an account to a staff record of its role, which no other account has.
func (a *Admin) Link(ctx context.Context, c Client, by, account, staff, department string) error {
	p, err := a.user(ctx, account)
	if err != nil {
		return err
	}
	if department, err = a.StaffOf(ctx, p.Role, staff, department); err != nil {
		return err
	}
	return a.change(ctx, c, task{"user.link", by, account, pip.NoticeLinked, true},
		pip.AccountChange{Staff: &staff, Department: &department, OfRole: p.Role, From: []pip.Account{pip.AccountActive, pip.AccountDisabled}})
}

// Unlink takes the records away from an account.
func (a *Admin) Unlink(ctx context.Context, c Client, by, account string) error {
	none := ""
	return a.change(ctx, c, task{"user.unlink", by, account, pip.NoticeUnlinked, true},
		pip.AccountChange{Staff: &none, Department: &none, Patient: &none})
}

// A task is who does what to which account, what its owner is told, and whether
// the sessions end.
type task struct {
	action, by, account string
	notice              pip.NoticeKind
	ends                bool
}

// change carries out what an administrator does to an account.
func (a *Admin) change(ctx context.Context, c Client, o task, change pip.AccountChange) error {
	p, err := a.user(ctx, o.account)
	if err != nil {
		return err
	}
	if p.ID == o.by {
		return Refuse(Forbidden, problem.OwnAccount)
	}
	ctx = context.WithoutCancel(ctx)
	journalled := error(nil)
	if o.action != "user.disable" {
		// The evidence comes first: what cannot be journalled changes nothing. To
		// keep somebody out does not wait for it.
		if journalled = a.ordered(ctx, c, o.action, o.by, p.ID, "", kept(p.ID, change)); journalled != nil {
			return journalled
		}
	}
	before, after, err := a.parts.Users.Change(ctx, p.ID, change)
	if err != nil {
		return a.unchanged(ctx, c, o, p, err)
	}
	var ended error
	if o.ends {
		ended = a.endAll(ctx, c, p.ID, o.action)
	}
	if o.action == "user.disable" {
		journalled = a.ordered(ctx, c, o.action, o.by, p.ID, "", kept(p.ID, change))
	}
	note := pip.Notice{Kind: o.notice, At: a.cfg.Now(), By: a.named(ctx, o.by)}
	a.tell(ctx, c, after, note)
	if before.Email != after.Email {
		a.mail(ctx, before, note)
	}
	return errors.Join(ended, journalled)
}

// kept is what of a change has to stay in force in a database that loses it. An address
// stands in no journal: an account whose address was changed is kept out then, since the
// old mailbox may be somebody else's, until it is set and enabled again.
func kept(account string, change pip.AccountChange) pip.Change {
	set := map[string]string{}
	for column, value := range map[string]*string{
		"role": change.Role, "staff": change.Staff, "department": change.Department, "patient": change.Patient,
	} {
		if value != nil {
			set[column] = *value
		}
	}
	switch {
	case change.Email != nil:
		set["standing"] = string(pip.AccountDisabled)
	case change.Standing != nil:
		set["standing"] = string(*change.Standing)
	}
	if len(set) == 0 {
		return pip.Change{}
	}
	return pip.Change{What: pip.ChangeAccount, Of: account, Set: set}
}

// unchanged journals that the register refused, and says why.
func (a *Admin) unchanged(ctx context.Context, c Client, o task, p pip.Profile, err error) error {
	r, _ := refused(err)
	if r == nil {
		return fmt.Errorf("%s: %w", o.action, err)
	}
	r.Kind = kindOfUser(r.Reasons[0])
	e := a.event(c, o.action, o.by, "", a.cfg.Now())
	e.Kind, e.Outcome, e.Reasons, e.Detail = pip.KindAccount, "failure", r.Reasons, "account "+o.account
	e.Change = &pip.Change{What: pip.ChangeAccount, Of: p.ID, Set: map[string]string{ // it is as it was
		"standing": string(p.Standing), "role": p.Role, "staff": p.Staff, "department": p.Department, "patient": p.Patient,
	}}
	if err := a.parts.Journal.Append(ctx, e); err != nil {
		return fmt.Errorf("journal %s: %w", o.action, err)
	}
	return r
}

// reasonLastOfficer says that no person could administer accounts any more.
const reasonLastOfficer = "last_officer"

// leavesNoOfficer reports whether, with account out, no officer could log in:
// none whose account is active and not banned.
func (a *Admin) leavesNoOfficer(ctx context.Context, account string) (bool, error) {
	bans, err := a.Bans(ctx)
	if err != nil {
		return false, err
	}
	out := map[string]bool{account: true}
	for _, b := range bans {
		out[b.Account] = true
	}
	officer := false
	for after := ""; ; {
		page, err := a.parts.Users.List(ctx, after, officersPage)
		if err != nil {
			return false, fmt.Errorf("look for officers: %w", err)
		}
		for i := range page {
			if page[i].Standing != pip.AccountActive || a.kind(&page[i]) != pip.RoleOfficer {
				continue
			}
			if !out[page[i].ID] {
				return false, nil
			}
			officer = officer || page[i].ID == account
		}
		if len(page) < officersPage {
			return officer, nil
		}
		after = page[len(page)-1].ID
	}
}

const officersPage = 500

// mayBan keeps what no person ordered from banning the last officer: the sentinel's
// verdicts, and machines with a key. People may ban anyone.
func (a *Admin) mayBan(ctx context.Context, by string, account *pip.Profile) error {
	if a.kind(account) != pip.RoleOfficer {
		return nil
	}
	machine := by == bySentinel
	if !machine {
		p, err := a.parts.Users.Find(ctx, by)
		if r, _ := refused(err); err != nil && r == nil {
			return fmt.Errorf("ban %s: %w", account.ID, err)
		}
		machine = a.kind(&p) == pip.RoleMachine
	}
	if !machine {
		return nil
	}
	last, err := a.leavesNoOfficer(ctx, account.ID)
	if err != nil {
		return fmt.Errorf("ban %s: %w", account.ID, err)
	}
	if last {
		return Refuse(Forbidden, reasonLastOfficer)
	}
	return nil
}

// spared journals, as an alarm, that the last officer was not banned.
func (a *Admin) spared(ctx context.Context, c Client, by, account, reason string, now time.Time) error {
	e := a.event(c, "user.ban", by, "", now)
	e.Kind, e.Outcome, e.Reasons, e.Alarm = pip.KindAccount, "failure", []string{reasonLastOfficer}, true
	e.Detail = "account " + account + ": " + reason
	if err := a.parts.Journal.Append(ctx, e); err != nil {
		return fmt.Errorf("journal user.ban: %w", err)
	}
	return nil
}

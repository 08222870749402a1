package admin

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
)

// ACRPass is the assurance level of a session that began with a pass: the password,
// and the word of others.
const ACRPass = "urn:wardgate:acr:pass"

// amrPass is how ID management calls a pass.
const amrPass = "pass"

const (
	actionIssuePass   = "user.issue_pass"
	actionProposePass = "pass.propose"
	actionConfirmPass = "pass.confirm"
)

// Passes let staff in who have lost their second factor, for one shift. A
// *pip.Refusal is a definite no.
type Passes interface {
	Propose(ctx context.Context, account string, first pip.Sponsor) (id string, expires time.Time, err error)
	Proposed(ctx context.Context, id string) (account string, first pip.Sponsor, err error)
	// Issue returns the code this once. second is zero beside an officer.
	Issue(ctx context.Context, id string, second pip.Sponsor) (code string, shiftEnds time.Time, err error)
}

// A Pass is what those who issue it are told: the code goes to the person, by word of
// mouth. It prints as "redacted".
type Pass struct {
	Username  string
	Code      string
	ShiftEnds time.Time
}

// String keeps the code out of logs.
func (Pass) String() string { return "redacted" }

// GoString keeps the code out of logs.
func (Pass) GoString() string { return "redacted" }

// HasPasses reports whether passes are issued here.
func (a *Admin) HasPasses() bool { return a.parts.Passes != nil }

// IssuePass issues a pass on an officer's word, or the operator's on the machine.
func (a *Admin) IssuePass(ctx context.Context, c Client, by, account string) (Pass, error) {
	p, err := a.user(ctx, account)
	if err != nil {
		return Pass{}, err
	}
	kind := a.kind(&p)
	switch {
	case p.ID == by:
		return Pass{}, Refuse(Forbidden, problem.OwnAccount)
	case p.Standing != pip.AccountActive || !slices.Contains([]pip.RoleKind{pip.RoleStaff, pip.RoleOfficer, pip.RoleAuditor}, kind):
		return Pass{}, Refuse(Malformed, "pass_unfit")
	}
	first, err := a.sponsor(ctx, by)
	if err != nil {
		return Pass{}, err
	}
	id, _, err := a.parts.Passes.Propose(ctx, p.ID, first)
	if err != nil {
		return Pass{}, personal(err)
	}
	return a.issue(ctx, c, actionIssuePass, id, &p, first, pip.Sponsor{})
}

// ProposePass is the word of the first colleague on duty: staff of the same
// department, with a live session and a fresh factor, which the policy asks for.
// Somebody who is no such colleague, and an account that does not exist, are the same
// refusal.
func (a *Admin) ProposePass(ctx context.Context, c Client, by, username string) (id string, expires time.Time, err error) {
	p, err := a.parts.Users.FindNamed(ctx, username)
	if r, _ := refused(err); r != nil {
		return "", time.Time{}, Refuse(Missing, "not_found")
	}
	if err != nil {
		return "", time.Time{}, err
	}
	if err := a.colleagues(ctx, by, &p); err != nil {
		return "", time.Time{}, err
	}
	// The evidence comes first: what cannot be journalled lets no one in.
	if err := a.administered(ctx, c, actionProposePass, by, p.ID, ""); err != nil {
		return "", time.Time{}, err
	}
	first, err := a.sponsor(ctx, by)
	if err != nil {
		return "", time.Time{}, err
	}
	id, expires, err = a.parts.Passes.Propose(ctx, p.ID, first)
	return id, expires, personal(err)
}

// ConfirmPass is the word of the second colleague, and issues the pass. The first must
// still be on duty.
func (a *Admin) ConfirmPass(ctx context.Context, c Client, by, id string) (Pass, error) {
	account, first, err := a.parts.Passes.Proposed(ctx, id)
	if r, _ := refused(err); r != nil {
		return Pass{}, Refuse(Missing, "not_found")
	}
	if err != nil {
		return Pass{}, err
	}
	p, err := a.user(ctx, account)
	if err != nil {
		return Pass{}, err
	}
	if err := a.colleagues(ctx, by, &p); err != nil {
		return Pass{}, err
	}
	proposer, err := a.user(ctx, first.ID)
	if err != nil {
		return Pass{}, err
	}
	confirmer, err := a.user(ctx, by)
	if err != nil {
		return Pass{}, err
	}
	if onePerson(&proposer, &confirmer) {
		return Pass{}, Refuse(Forbidden, "second_colleague")
	}
	if err := a.colleagues(ctx, first.ID, &p); err != nil {
		return Pass{}, err
	}
	return a.issue(ctx, c, actionConfirmPass, id, &p, first, pip.Sponsor{ID: by, Role: confirmer.Role})
}

// colleagues refuses who is not staff on duty in the department of p, staff too.
func (a *Admin) colleagues(ctx context.Context, by string, p *pip.Profile) error {
	colleague, err := a.user(ctx, by)
	if err != nil {
		return err
	}
	if onePerson(&colleague, p) {
		return Refuse(Forbidden, problem.OwnAccount)
	}
	for _, one := range []*pip.Profile{&colleague, p} {
		if a.kind(one) != pip.RoleStaff || one.Standing != pip.AccountActive || one.Department == "" || one.Department != p.Department {
			return Refuse(Missing, "not_found")
		}
	}
	live, err := a.parts.Store.LiveOf(ctx, by, a.cfg.Now())
	if err != nil {
		return fmt.Errorf("colleague on duty: %w", err)
	}
	if len(live) == 0 {
		return Refuse(Forbidden, "colleague_absent")
	}
	return nil
}

// onePerson reports whether two accounts are one, or share a staff record, as accounts
// from before a record had one alone may.
func onePerson(a, b *pip.Profile) bool {
	return a.ID == b.ID || a.Staff != "" && a.Staff == b.Staff
}

// issue journals a pass with everybody who gave the word, makes it, and tells the
// owner who they were.
func (a *Admin) issue(ctx context.Context, c Client, action, id string, p *pip.Profile, first, second pip.Sponsor) (Pass, error) {
	by, reason := []string{first.ID}, ""
	if second.ID != "" {
		by, reason = append(by, second.ID), "with "+first.ID
	}
	// The evidence comes first: what cannot be journalled lets no one in.
	if err := a.administered(ctx, c, action, by[len(by)-1], p.ID, reason); err != nil {
		return Pass{}, err
	}
	code, ends, err := a.parts.Passes.Issue(ctx, id, second)
	if err != nil {
		return Pass{}, passRefused(err)
	}
	a.tell(ctx, c, *p, pip.Notice{Kind: pip.NoticePass, By: a.named(ctx, by...)})
	return Pass{Username: p.Username, Code: code, ShiftEnds: ends}, nil
}

func passRefused(err error) error {
	r, _ := refused(err)
	if r == nil {
		return err
	}
	r.Kind = Malformed
	if r.Reasons[0] == "pass_gone" {
		return Refuse(Missing, "not_found")
	}
	return r
}

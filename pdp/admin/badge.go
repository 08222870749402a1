package admin

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

const (
	actionResume   = "session.resume"
	actionSetBadge = "user.set_badge"
	actionAddBadge = "factor.add"
	actionNoBadge  = "factor.remove"

	reasonBadge   = "badge_refused"
	reasonNoShift = "log_in_required"
	reasonStation = "workstation_missing"
)

// Badges keep what people show at a workstation: a badge's number and a PIN. A
// *pip.Refusal is a definite no.
type Badges interface {
	// Set gives an account both or, with an error, neither; "" is for what stays.
	Set(ctx context.Context, account, number, pin string) error
	Has(ctx context.Context, account string) (number, pin bool, err error)
	// Prove returns whose they are.
	Prove(ctx context.Context, number, pin string) (account string, err error)
	// Open takes a badge again that wrong PINs have shut.
	Open(ctx context.Context, account string) error
	Remove(ctx context.Context, account string) error
}

// HasBadges reports whether badges are kept here.
func (a *Admin) HasBadges() bool { return a.parts.Badges != nil }

// Badge reports what an account has to show at a workstation.
func (a *Admin) Badge(ctx context.Context, account string) (number, pin bool, err error) {
	if account == "" {
		return false, false, Refuse(Unproven, problem.SessionMissing)
	}
	return a.parts.Badges.Has(ctx, account)
}

// ChooseBadge sets what the owner names of number and PIN, "" for what stays.
func (a *Admin) ChooseBadge(ctx context.Context, c Client, account, number, pin string) error {
	if account == "" {
		return Refuse(Unproven, problem.SessionMissing)
	}
	return a.changeBadge(ctx, c, actionAddBadge, account, account, number, pin)
}

// GiveBadge sets the number of somebody's badge, on an officer's word. The PIN is for the
// owner to choose.
func (a *Admin) GiveBadge(ctx context.Context, c Client, by, account, number string) error {
	if by == account {
		return Refuse(Forbidden, problem.OwnAccount)
	}
	return a.changeBadge(ctx, c, actionSetBadge, by, account, number, "")
}

func (a *Admin) changeBadge(ctx context.Context, c Client, action, by, account, number, pin string) error {
	p, err := a.user(ctx, account)
	if err != nil {
		return err
	}
	if !slices.Contains([]pip.RoleKind{pip.RoleStaff, pip.RoleOfficer, pip.RoleAuditor}, a.kind(&p)) {
		return Refuse(Malformed, "badge_unfit")
	}
	if err := a.parts.Badges.Set(ctx, account, number, pin); err != nil {
		return unfit(err)
	}
	// What cannot be journalled is no badge.
	if err := a.ordered(ctx, c, action, by, account, "badge", pip.Change{What: pip.ChangeBadge, Of: account}); err != nil {
		return errors.Join(err, a.parts.Badges.Remove(context.WithoutCancel(ctx), account))
	}
	a.tell(ctx, c, p, pip.Notice{Kind: pip.NoticeBadgeSet, By: a.others(ctx, account, by)})
	return nil
}

// RemoveBadge takes an account's badge and PIN away, for the owner or an officer.
func (a *Admin) RemoveBadge(ctx context.Context, c Client, by, account string) error {
	if account == "" {
		return Refuse(Unproven, problem.SessionMissing)
	}
	action := actionSetBadge
	if by == account {
		action = actionNoBadge
	}
	number, pin, err := a.parts.Badges.Has(ctx, account)
	if err != nil {
		return fmt.Errorf("remove a badge: %w", err)
	}
	err = a.parts.Badges.Remove(ctx, account)
	if err == nil && (number || pin) {
		a.tellOwner(ctx, c, account, pip.Notice{Kind: pip.NoticeBadgeRemoved, By: a.others(ctx, account, by)})
	}
	return errors.Join(err, a.ordered(ctx, c, action, by, account, "badge", pip.Change{What: pip.ChangeBadge, Of: account}))
}

// unfit turns what ID management says of a number or PIN into a refusal.
func unfit(err error) error {
	r, known := refused(err)
	if r == nil {
		return err
	}
	r.Kind = Malformed
	if known.Reason == "badge_taken" {
		r.Kind = Conflicting
	}
	return r
}

// Resume takes badge and PIN at the workstation c.At, and returns the person's own session
// of this shift. It begins none, and its level stays what it was. Every refusal of badge
// and PIN is the same to the client; that there is nothing to resume is told to who has
// proven to be the owner.
func (a *Admin) Resume(ctx context.Context, c Client, number, pin string) (Session, error) {
	if a.parts.Badges == nil || c.At == nil {
		return Session{}, Refuse(Forbidden, reasonStation)
	}
	account, err := a.parts.Badges.Prove(ctx, number, pin)
	if r, known := refused(err); r != nil {
		if err := a.resumed(ctx, c, known.Account, "", pdp.Decision{}, reasonBadge); err != nil {
			return Session{}, err
		}
		return Session{}, Refuse(Unproven, reasonBadge)
	}
	if err != nil {
		return Session{}, fmt.Errorf("resume a session: %w", err)
	}
	s, err := a.ofShift(ctx, c, account)
	if err != nil {
		return Session{}, err
	}
	if s.ID == "" {
		if err := a.resumed(ctx, c, account, "", pdp.Decision{}, reasonNoShift); err != nil {
			return Session{}, err
		}
		return Session{}, Refuse(Unproven, reasonNoShift)
	}
	d, err := a.mayResume(ctx, c, s)
	if err != nil {
		return Session{}, err
	}
	if !d.Allow {
		if err := a.resumed(ctx, c, account, s.ID, d, d.Reasons...); err != nil {
			return Session{}, err
		}
		return Session{}, &Refusal{Kind: Forbidden, Reasons: d.Reasons}
	}
	return s, a.resumed(ctx, c, account, s.ID, d)
}

// ofShift is the newest live session of an account that began at a workstation, by a
// whole log-in within the shift, in a browser like this one; the zero Session for none.
func (a *Admin) ofShift(ctx context.Context, c Client, account string) (Session, error) {
	now := a.cfg.Now()
	live, err := a.parts.Store.LiveOf(ctx, account, now)
	if err != nil {
		return Session{}, fmt.Errorf("resume a session: %w", err)
	}
	here := a.observe(c)
	for _, s := range live {
		if s.ACR == ACRMachine || !now.Before(s.Created.Add(a.Limits().Shift)) {
			continue
		}
		if err := a.unseal(&s); err != nil {
			return Session{}, fmt.Errorf("resume a session: %w", err)
		}
		if s.Footprint.Workstation != nil && sameDevice(s.Footprint, here) {
			return s, nil
		}
	}
	return Session{}, nil
}

// mayResume asks the policy about the session at the workstation. What could not be found
// out is an error, and resumes nothing.
func (a *Admin) mayResume(ctx context.Context, c Client, s Session) (pdp.Decision, error) {
	now, id := a.cfg.Now(), rand.Text()
	seen := s.Footprint
	seen.Workstation = c.At
	footprint, err := a.parts.Footprints.Seal(id, seen)
	if err != nil {
		return pdp.Decision{}, fmt.Errorf("resume a session: %w", err)
	}
	d, err := a.parts.Decider.Decide(ctx, pdp.Request{
		Subject:  pdp.Subject{Type: pdp.SubjectUser, ID: s.Account},
		Action:   pdp.Action{Name: actionResume},
		Resource: pdp.Resource{Type: "session", ID: s.ID},
		Context: pdp.Context{
			Time: now, Address: c.Address, UserAgent: c.UserAgent,
			Credential: pdp.Credential{
				State: pdp.CredentialValid, Session: s.ID, TokenID: id, Footprint: footprint,
				ACR: s.ACR, AMR: s.AMR, AuthTime: s.AuthTime,
			},
			Journey: journey(s.Footprint, a.observe(c), now.Sub(s.Created)),
		},
	})
	switch {
	case err != nil:
		return pdp.Decision{}, fmt.Errorf("decide on resuming a session: %w", err)
	case !d.Allow && a.undecided(d.Reasons):
		return pdp.Decision{}, fmt.Errorf("decide on resuming a session: %s", strings.Join(d.Reasons, ", "))
	case d.Allow && !ownRows(d.Obligations, s.Account):
		d.Allow, d.Reasons = false, []string{"obligation_unmet"}
	case !d.Allow && len(d.Reasons) == 0:
		d.Reasons = []string{problem.NotGranted}
	}
	return d, nil
}

// ownRows reports whether obligations are nothing but the condition that a session is of
// the account, which one that was found by its account meets.
func ownRows(obligations []pdp.Obligation, account string) bool {
	for _, o := range obligations {
		var p struct {
			Condition struct{ Type, Operator, Field, Value string } `json:"condition"`
		}
		if o.ID != "row_condition" || json.Unmarshal(o.Properties, &p) != nil || account == "" ||
			p.Condition != struct{ Type, Operator, Field, Value string }{"field", "eq", "session.account", account} {
			return false
		}
	}
	return true
}

// resumed journals what came of badge and PIN, at which workstation. Of a badge
// without an owner nothing is written: strangers to the house would fill the journal.
func (a *Admin) resumed(ctx context.Context, c Client, account, session string, d pdp.Decision, reasons ...string) error {
	if account == "" {
		return nil
	}
	e := a.withDecision(a.event(c, actionResume, account, session, a.cfg.Now()), d)
	e.Outcome, e.Allow, e.Reasons, e.Detail = "success", true, nil, "workstation "+c.At.ID
	if len(reasons) > 0 {
		e.Outcome, e.Allow, e.Reasons = "failure", false, reasons
	}
	if err := a.parts.Journal.Append(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("resume a session: %w", err)
	}
	return nil
}

// openBadge takes a badge again after a whole log-in where badges are shown. That it
// failed keeps no person out.
func (a *Admin) openBadge(ctx context.Context, c Client, account string) {
	if a.parts.Badges == nil || c.At == nil {
		return
	}
	if err := a.parts.Badges.Open(context.WithoutCancel(ctx), account); err != nil {
		a.parts.Log.Warn("badge not opened", "account", account, "error", err)
	}
}

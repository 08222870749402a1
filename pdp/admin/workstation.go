package admin

import (
	"context"
	"fmt"

	"github.com/wardgate/wardgate/pip"
)

// WorkstationChanged journals what was done to a workstation, by an account or, with
// "", by a machine that enrols itself. A change has to stay in force in a database that
// loses it.
func (a *Admin) WorkstationChanged(ctx context.Context, c Client, action, by, id string, changes ...pip.Change) error {
	e := a.event(c, action, by, "", a.cfg.Now())
	e.Kind, e.Outcome, e.Allow, e.Detail = pip.KindAccount, "success", true, "workstation "+id
	for _, one := range changes {
		e.Change = &one
	}
	if err := a.parts.Journal.Append(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("journal %s: %w", action, err)
	}
	return nil
}

// ReasonRegistration says that who registered a workstation may no longer do so.
const ReasonRegistration = "workstation_registration_withdrawn"

// MayEnrol refuses, and journals, that a machine becomes the workstation id when the account
// that registered it is kept out by now.
func (a *Admin) MayEnrol(ctx context.Context, c Client, action, id, by string) error {
	why := "no account"
	p, err := a.parts.Users.Find(ctx, by)
	r, _ := refused(err)
	switch {
	case r != nil:
	case err != nil:
		return fmt.Errorf("who registered a workstation: %w", err)
	default:
		if why, err = a.keptOut(ctx, &p); err != nil {
			return fmt.Errorf("who registered a workstation: %w", err)
		}
	}
	if why == "" {
		return nil
	}
	e := a.event(c, action, "", "", a.cfg.Now())
	e.Kind, e.Outcome, e.Reasons = pip.KindAccount, "failure", []string{ReasonRegistration}
	e.Detail = "workstation " + id + ": registered by " + by + ": " + why
	if err := a.parts.Journal.Append(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("journal %s: %w", action, err)
	}
	return Refuse(Unproven, ReasonRegistration)
}

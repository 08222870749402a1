package admin

import (
	"context"
	"fmt"
	"slices"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
)

// amrRecovery is how ID management calls a recovery code.
const amrRecovery = "recovery"

// Notices tell owners what has happened to their accounts.
type Notices interface {
	// Tell mails a notice to the address of p.
	Tell(ctx context.Context, p pip.Profile, n pip.Notice) error
	// Keep keeps a notice for the owner of an account to read, and List returns those that
	// are kept, the newest first.
	Keep(ctx context.Context, account string, n pip.Notice) error
	List(ctx context.Context, account string) ([]pip.Notice, error)
}

// Notices returns what the owner of an account is told, the newest first.
func (a *Admin) Notices(ctx context.Context, account string) ([]pip.Notice, error) {
	if account == "" {
		return nil, Refuse(Unproven, problem.SessionMissing)
	}
	notes, err := a.parts.Notices.List(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("notices of %s: %w", account, err)
	}
	return notes, nil
}

// tell tells the owner of p, by mail and where notices are read. What was done stands
// whether or not the owner could be told: a mail server that is down undoes nothing, and
// keeps nothing from being done.
func (a *Admin) tell(ctx context.Context, c Client, p pip.Profile, n pip.Notice) {
	n.At = a.cfg.Now()
	if n.From == (pip.Footprint{}) && c.Address.IsValid() && len(n.By) == 0 {
		n.From = a.parts.Footprints.Observe(c.UserAgent, c.Address)
	}
	if err := a.parts.Notices.Keep(context.WithoutCancel(ctx), p.ID, n); err != nil {
		a.parts.Log.Warn("notice not kept", "account", p.ID, "notice", n.Kind, "error", err)
	}
	a.mail(ctx, p, n)
}

// mail tells the owner of p by mail alone.
func (a *Admin) mail(ctx context.Context, p pip.Profile, n pip.Notice) {
	if err := a.parts.Notices.Tell(context.WithoutCancel(ctx), p, n); err != nil {
		a.parts.Log.Warn("owner not told", "account", p.ID, "notice", n.Kind, "error", err)
	}
}

// tellOwner tells the owner of an account by its id.
func (a *Admin) tellOwner(ctx context.Context, c Client, account string, n pip.Notice) {
	p, err := a.Account(context.WithoutCancel(ctx), account)
	if err != nil {
		a.parts.Log.Warn("owner not told", "account", account, "notice", n.Kind, "error", err)
		return
	}
	a.tell(ctx, c, p, n)
}

// tellOfLogIn tells of a device that the account did not know, and of a recovery
// code.
func (a *Admin) tellOfLogIn(ctx context.Context, c Client, proof pip.Proof, seen familiarity) {
	if seen.device == "" {
		a.tell(ctx, c, proof.Account, pip.Notice{Kind: pip.NoticeDevice})
	}
	if a.parts.Apps == nil || !slices.Contains(proof.AMR, amrRecovery) {
		return
	}
	_, left, err := a.parts.Apps.Left(ctx, proof.Account.ID)
	if err != nil {
		a.parts.Log.Warn("recovery codes not counted", "account", proof.Account.ID, "error", err)
	}
	a.tell(ctx, c, proof.Account, pip.Notice{Kind: pip.NoticeRecovery, Left: left})
}

// others is who did something to an account, by name; none when its owner did.
func (a *Admin) others(ctx context.Context, account, by string) []string {
	if by == account {
		return nil
	}
	return a.named(context.WithoutCancel(ctx), by)
}

// named are the usernames of those who did something; who has no account (the
// operator on the machine, the sentinel) bears its own name.
func (a *Admin) named(ctx context.Context, by ...string) []string {
	names := make([]string, 0, len(by))
	for _, id := range by {
		if p, err := a.parts.Users.Find(ctx, id); err == nil && p.Username != "" {
			id = p.Username
		}
		names = append(names, id)
	}
	return names
}

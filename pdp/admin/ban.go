package admin

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// MaxBan is the longest ban: a year. Who is to stay out for longer is disabled.
const MaxBan = 366 * day

// A Ban keeps an account out of everything until its end.
type Ban struct {
	Account string
	Reason  string
	By      string // account or machine that ordered it
	Created time.Time
	Until   time.Time
}

// A BanStore is the authority over bans.
type BanStore interface {
	// Ban stores b in place of any other ban of the account.
	Ban(ctx context.Context, b Ban) error
	// Unban reports whether there was a ban to lift.
	Unban(ctx context.Context, account string) (bool, error)
	// Bans returns the bans that hold at now.
	Bans(ctx context.Context, now time.Time) ([]Ban, error)
}

// reasonForm is what a reason may look like: it is journalled, where free text
// has no place.
var reasonForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 _.:-]{0,63}$`)

// ValidReason reports whether a reason may be journalled as it is.
func ValidReason(reason string) bool { return reasonForm.MatchString(reason) }

// Ban keeps an account out of everything for a while, and ends its sessions.
// It takes effect even if the journal fails afterwards, which is an error; if
// the database fails, it takes effect here until the database answers again. The
// owner is told until when, and who did it, and not why.
func (a *Admin) Ban(ctx context.Context, c Client, by, account string, life time.Duration, reason string) error {
	if life <= 0 || life > MaxBan || !ValidReason(reason) {
		return Refuse(Malformed, "ban_malformed")
	}
	p, err := a.user(ctx, account)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	until, err := a.ban(ctx, c, by, p, life, reason)
	if !until.IsZero() {
		a.tell(ctx, c, p, pip.Notice{Kind: pip.NoticeBanned, Until: until, By: a.named(ctx, by)})
	}
	return err
}

// ban returns until when the account is banned; zero when it is not, or it is not known.
func (a *Admin) ban(ctx context.Context, c Client, by string, p pip.Profile, life time.Duration, reason string) (until time.Time, err error) {
	now, account := a.cfg.Now(), p.ID
	// Of two that are banned at once by machines each could be the last.
	a.bans.Lock()
	defer a.bans.Unlock()
	if err := a.mayBan(ctx, by, &p); err != nil {
		var r *Refusal
		if errors.As(err, &r) {
			return time.Time{}, errors.Join(err, a.spared(ctx, c, by, account, reason, now))
		}
		return time.Time{}, err
	}
	b := Ban{Account: account, Reason: reason, By: by, Created: now, Until: now.Add(life)}
	// The database first: the list's next answer from there must hold the ban.
	stored := a.parts.Store.Ban(ctx, b)
	if err := errors.Join(stored, a.parts.Revocations.Ban(ctx, account, b.Until)); err != nil {
		return time.Time{}, fmt.Errorf("ban %s: %w", account, err)
	}
	return b.Until, errors.Join(
		a.endAll(ctx, c, account, "banned"),
		a.ordered(ctx, c, "user.ban", by, account, reason,
			pip.Change{What: pip.ChangeBan, Of: account, By: by, Why: reason, Until: b.Until}))
}

// Unban lifts a ban, and the bars that grew from failed log-ins.
func (a *Admin) Unban(ctx context.Context, c Client, by, account string) error {
	if _, err := a.user(ctx, account); err != nil {
		return err
	}
	// The evidence comes first: what cannot be journalled lets no caller in.
	if err := a.ordered(ctx, c, "user.unban", by, account, "", pip.Change{What: pip.ChangeLift, Of: account}); err != nil {
		return err
	}
	if _, err := a.parts.Store.Unban(ctx, account); err != nil {
		return fmt.Errorf("unban %s: %w", account, err)
	}
	if err := a.parts.Authenticator.Unbar(ctx, account); err != nil {
		return fmt.Errorf("unban %s: %w", account, err)
	}
	return a.parts.Revocations.Unban(ctx, account)
}

// Bans returns the bans that hold now: what the revocation list must hold.
func (a *Admin) Bans(ctx context.Context) ([]Ban, error) {
	return a.parts.Store.Bans(ctx, a.cfg.Now())
}

// Restrictions returns at most limit of what is held now (banned accounts, barred
// addresses, step-ups that are owed) behind the name after, and the name to go
// on behind, "" at the end.
func (a *Admin) Restrictions(ctx context.Context, after string, limit int) (found []Ban, next string, err error) {
	all, err := a.Bans(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("list bans: %w", err)
	}
	all = slices.DeleteFunc(all, func(b Ban) bool { return b.Account <= after })
	slices.SortFunc(all, func(x, y Ban) int { return strings.Compare(x.Account, y.Account) })
	if len(all) > limit {
		return all[:limit], all[limit-1].Account, nil
	}
	return all, "", nil
}

// LiftBar lets clients without a session in again from an address, and in IPv6
// from its whole /64. The sentinel does not bar it again for the same verdict
// before the lifted bar would have ended.
func (a *Admin) LiftBar(ctx context.Context, c Client, by string, address netip.Addr) error {
	name := pip.BarredAddress(address)
	if name == "" {
		return Refuse(Malformed, "address_malformed")
	}
	ctx = context.WithoutCancel(ctx)
	bans, err := a.Bans(ctx)
	if err != nil {
		return fmt.Errorf("lift bar: %w", err)
	}
	if !slices.ContainsFunc(bans, func(b Ban) bool { return b.Account == name }) {
		return Refuse(Missing, "not_found")
	}
	// The evidence comes first: what cannot be journalled lets no caller in.
	e := a.event(c, "ban.lift", by, "", a.cfg.Now())
	e.Kind, e.Outcome, e.Allow, e.Detail = pip.KindSession, "success", true, name
	e.Change = &pip.Change{What: pip.ChangeLift, Of: name}
	if err := a.parts.Journal.Append(ctx, e); err != nil {
		return fmt.Errorf("journal ban.lift: %w", err)
	}
	if _, err := a.parts.Store.Unban(ctx, name); err != nil {
		return fmt.Errorf("lift bar: %w", err)
	}
	return a.parts.Revocations.Unban(ctx, name)
}

// administered journals what an administrator did to an account, and why.
func (a *Admin) administered(ctx context.Context, c Client, action, by, account, reason string) error {
	return a.ordered(ctx, c, action, by, account, reason, pip.Change{})
}

// ordered is administered for what has to stay in force in a database that loses it.
func (a *Admin) ordered(ctx context.Context, c Client, action, by, account, reason string, change pip.Change) error {
	e := a.event(c, action, by, "", a.cfg.Now())
	e.Kind, e.Outcome, e.Allow = pip.KindAccount, "success", true
	if change.What != "" {
		e.Change = &change
	}
	e.Detail = "account " + account
	if reason != "" {
		e.Detail += ": " + reason
	}
	if err := a.parts.Journal.Append(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("journal %s: %w", action, err)
	}
	return nil
}

package admin

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// bySentinel is who orders what no person did.
const bySentinel = "sentinel"

// orderRepeats is how long at the least one verdict about a subject is carried
// out once: what led to it counts for as long.
const orderRepeats = 10 * time.Minute

// orderLapses is when an order that was begun and not finished is another
// process's to carry out.
const orderLapses = 10 * time.Second

// An Order is a verdict of the sentinel.
type Order struct {
	Verdict string
	Do      pdp.VerdictAction
	Subject string
	Address netip.Addr
	Life    time.Duration
}

// An OrderStore lets one process of many carry an order out.
type OrderStore interface {
	// ClaimOrder reports whether the order called name is the caller's: when no
	// other holds, or one was begun before lapsed and not finished.
	ClaimOrder(ctx context.Context, name string, now, until, lapsed time.Time) (bool, error)
	// FinishOrder notes that it was carried out; DropOrder that it was not.
	FinishOrder(ctx context.Context, name string) error
	DropOrder(ctx context.Context, name string) error
}

// CarryOut does what the sentinel orders, once for as long as it holds, of all
// processes. It reports whether this call did.
func (a *Admin) CarryOut(ctx context.Context, o Order) (bool, error) {
	return a.once(ctx, o, func(ctx context.Context, now time.Time) error { return a.apply(ctx, o, now) })
}

// once has an order done once for as long as it holds, of all processes. One that failed is
// not done.
func (a *Admin) once(ctx context.Context, o Order, do func(ctx context.Context, now time.Time) error) (bool, error) {
	who := o.Subject
	if who == "" {
		who = pip.BarredAddress(o.Address)
	}
	if who == "" || o.Verdict == "" || o.Life <= 0 || o.Life > MaxBan {
		return false, Refuse(Malformed, "order_malformed")
	}
	ctx = context.WithoutCancel(ctx)
	now, name := a.cfg.Now(), o.Verdict+" "+who
	mine, err := a.parts.Store.ClaimOrder(ctx, name, now, now.Add(max(o.Life, orderRepeats)), now.Add(-orderLapses))
	if err != nil || !mine {
		return false, err
	}
	if err := do(ctx, now); err != nil {
		return false, errors.Join(err, a.parts.Store.DropOrder(ctx, name))
	}
	return true, a.parts.Store.FinishOrder(ctx, name)
}

func (a *Admin) apply(ctx context.Context, o Order, now time.Time) error {
	switch {
	case o.Do == pdp.ActionAlert:
		return nil
	case o.Do == pdp.ActionBan && o.Subject != "":
		if longer, err := a.retainedLonger(ctx, o.Subject, now.Add(o.Life)); longer || err != nil {
			return err
		}
		err := a.Ban(ctx, Client{}, bySentinel, o.Subject, o.Life, o.Verdict)
		if r, ok := errors.AsType[*Refusal](err); ok && r.Reasons[0] == reasonLastOfficer {
			return nil // journalled, as an alarm: trying again does not ban either
		}
		return err
	case o.Do == pdp.ActionRevoke && o.Subject != "":
		if err := a.RevokeAccount(ctx, o.Subject, o.Verdict); err != nil {
			return err
		}
		a.tellOwner(ctx, Client{}, o.Subject, pip.Notice{Kind: pip.NoticeSessionsEnded, By: []string{bySentinel}})
		return nil
	case o.Do == pdp.ActionStepUp && o.Subject != "":
		return a.retain(ctx, pip.OwesStepUp(o.Subject), o, now)
	case o.Do == pdp.ActionBar && o.Subject == "":
		return a.retain(ctx, pip.BarredAddress(o.Address), o, now)
	default:
		return fmt.Errorf("order %s: %q cannot be done here", o.Verdict, o.Do)
	}
}

// retain keeps a name on the list that enforcement points read, and in its
// authority.
func (a *Admin) retain(ctx context.Context, name string, o Order, now time.Time) error {
	until := now.Add(o.Life)
	if longer, err := a.retainedLonger(ctx, name, until); longer || err != nil {
		return err
	}
	b := Ban{Account: name, Reason: o.Verdict, By: bySentinel, Created: now, Until: until}
	listed := a.parts.Revocations.Ban(ctx, name, until)
	if err := errors.Join(listed, a.parts.Store.Ban(ctx, b)); err != nil {
		return fmt.Errorf("retain %s: %w", name, err)
	}
	return nil
}

// retainedLonger reports whether a ban or a bar lasts beyond then: no ban,
// least of all a person's, is shortened by a verdict.
func (a *Admin) retainedLonger(ctx context.Context, name string, then time.Time) (bool, error) {
	bans, err := a.Bans(ctx)
	if err != nil {
		return false, fmt.Errorf("read bans: %w", err)
	}
	for _, b := range bans {
		if b.Account == name && b.Until.After(then) {
			return true, nil
		}
	}
	return false, nil
}

package operator

import (
	"context"
	"errors"
	"net/netip"

	"github.com/wardgate/wardgate/internal/control"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pip"
)

// Bans lists banned accounts, barred addresses and step-ups that are owed.
func (o *Operator) Bans(ctx context.Context, after string, limit int) (control.BanPage, error) {
	found, next, err := o.admin.Restrictions(ctx, after, min(max(limit, 1), page))
	if err != nil {
		return control.BanPage{}, err
	}
	list := control.BanPage{Items: make([]control.Ban, 0, len(found)), Next: next}
	for _, b := range found {
		kind, who := pip.RestrictionOf(b.Account)
		list.Items = append(list.Items, control.Ban{Kind: kind, Who: who, Reason: b.Reason, By: b.By, Since: b.Created, Until: b.Until})
	}
	return list, nil
}

var (
	errNoAddress = errors.New("expected an IPv4 or IPv6 address; accounts are let in again by `wardgate user unban`")
	errNotBarred = errors.New("this address is not barred; `wardgate bans list` shows which are")
)

// LiftBar lets callers without a session in again from an address.
func (o *Operator) LiftBar(ctx context.Context, a control.Address) error {
	address, err := netip.ParseAddr(a.Address)
	if err != nil {
		return errNoAddress
	}
	err = o.admin.LiftBar(ctx, admin.Client{}, Name, address)
	var refusal *admin.Refusal
	if errors.As(err, &refusal) && refusal.Kind == admin.Missing {
		return errNotBarred
	}
	return err
}

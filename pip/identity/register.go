package identity

import (
	"context"
	"errors"
	"fmt"

	"github.com/wardgate/wardgate/pip"
)

// An ApprovalStore approves accounts.
type ApprovalStore interface {
	// ApproveAccount makes a pending account active and links it to records
	// elsewhere, and reports whether this call did.
	ApproveAccount(ctx context.Context, id, staff, department string) (bool, error)
}

// Find returns one account, or a Refusal for the reason "not_found".
func (a *Accounts) Find(ctx context.Context, id string) (pip.Profile, error) {
	p, err := a.Account(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return pip.Profile{}, &pip.Refusal{Reason: "not_found"}
	}
	return p, err
}

// Approve makes a pending account active and links it to a staff record. It
// returns a Refusal for the reason "not_found" or "not_pending".
func (a *Accounts) Approve(ctx context.Context, id, staff, department string) (pip.Profile, error) {
	p, err := a.Find(ctx, id)
	if err != nil {
		return pip.Profile{}, err
	}
	if p.Standing != pip.AccountPending {
		return pip.Profile{}, &pip.Refusal{Reason: "not_pending", Account: id}
	}
	won, err := a.store.ApproveAccount(ctx, id, staff, department)
	if err != nil {
		return pip.Profile{}, fmt.Errorf("approve %s: %w", id, err)
	}
	if !won {
		return pip.Profile{}, &pip.Refusal{Reason: "not_pending", Account: id}
	}
	return a.Find(ctx, id)
}

// Unbar lifts the bars of an account from these origins and from strangers.
func (a *Authenticator) Unbar(ctx context.Context, account string, origins []string) error {
	if account == "" {
		return errors.New("lift bars: no account")
	}
	for _, origin := range append([]string{""}, origins...) {
		limiter := account
		if origin != "" {
			limiter += "/" + origin
		}
		if err := a.store.UpdateLimiter(ctx, limiter, func(g *Limiter) { *g = Limiter{Pending: g.Pending, PendingSince: g.PendingSince} }); err != nil {
			return fmt.Errorf("lift bars: %w", err)
		}
	}
	return nil
}

package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

const (
	// ACRMachine is the assurance level of a machine: one factor, its key.
	ACRMachine = "urn:wardgate:acr:machine"

	actionMachine = "machine.log_in"
	machinePrefix = "wgm_" // so that a leaked key is known for what it is
)

// A MachineStore keeps the hashes of machines' keys.
type MachineStore interface {
	AddMachineKey(ctx context.Context, account, hash string, at time.Time) error
	MachineOf(ctx context.Context, hash string) (account string, err error) // ErrNotFound
	DropMachineKeys(ctx context.Context, account string) error
}

// NewMachineKey gives a machine's account a key, and returns it this once. The
// evidence comes first.
func (a *Admin) NewMachineKey(ctx context.Context, c Client, by, account string) (string, error) {
	if err := a.isMachine(ctx, account); err != nil {
		return "", err
	}
	if err := a.administered(ctx, c, "machine.add_key", by, account, ""); err != nil {
		return "", err
	}
	key := machinePrefix + rand.Text() + rand.Text()
	return key, a.parts.Store.AddMachineKey(ctx, account, hashRefresh(key), a.cfg.Now())
}

// DropMachineKeys takes all keys of a machine away and ends its sessions.
func (a *Admin) DropMachineKeys(ctx context.Context, c Client, by, account string) error {
	if err := a.isMachine(ctx, account); err != nil {
		return err
	}
	if err := a.parts.Store.DropMachineKeys(ctx, account); err != nil {
		return err
	}
	return errors.Join(a.endAll(ctx, c, account, "machine_key_dropped"),
		a.ordered(ctx, c, "machine.drop_keys", by, account, "", pip.Change{What: pip.ChangeMachineKeys, Of: account}))
}

// kind is that of an account's role; "" when no rule book knows the role.
func (a *Admin) kind(p *pip.Profile) pip.RoleKind { return a.parts.Tables().Roles[p.Role].Kind }

func (a *Admin) isMachine(ctx context.Context, account string) error {
	p, err := a.user(ctx, account)
	if err != nil {
		return err
	}
	if a.kind(&p) != pip.RoleMachine {
		return Refuse(Malformed, "not_a_machine")
	}
	return nil
}

// LogInMachine exchanges a machine's key for an access token, if the policy
// agrees. There is no refresh token: a machine has its key.
func (a *Admin) LogInMachine(ctx context.Context, c Client, key string) (Tokens, error) {
	account, err := a.parts.Store.MachineOf(ctx, hashRefresh(key))
	if errors.Is(err, ErrNotFound) {
		return Tokens{}, Refuse(Unproven, "credentials_invalid")
	}
	if err != nil {
		return Tokens{}, err
	}
	profile, err := a.user(ctx, account)
	if err != nil {
		return Tokens{}, err
	}
	if a.kind(&profile) != pip.RoleMachine {
		return Tokens{}, Refuse(Unproven, "credentials_invalid")
	}
	now := a.cfg.Now()
	proof := pip.Proof{Account: profile, AMR: []string{"swk"}, AuthTime: now} // RFC 8176: a software-secured key
	decision, err := a.mayBeginAs(ctx, c, actionMachine, proof, pdp.LogIn{}, pip.Journey{}, now)
	if err != nil {
		return Tokens{}, err
	}
	tokens, s, err := a.beginMachine(ctx, c, proof, decision, now)
	if err != nil {
		return Tokens{}, err
	}
	if err := a.stillKeyed(ctx, c, proof, s, key); err != nil {
		return Tokens{}, err
	}
	return tokens, nil
}

// stillKeyed looks behind a stored session whether the key is still one, and the
// account the same: they are taken away first, and then the sessions that there are end.
func (a *Admin) stillKeyed(ctx context.Context, c Client, proof pip.Proof, s Session, key string) error {
	account, err := a.parts.Store.MachineOf(ctx, hashRefresh(key))
	switch {
	case errors.Is(err, ErrNotFound) || err == nil && account != s.Account:
		return a.endFor(ctx, c, s, reasonOvertaken)
	case err != nil:
		_, undo := a.parts.Store.End(context.WithoutCancel(ctx), s.ID, s.Account, "not_begun", a.cfg.Now())
		return errors.Join(fmt.Errorf("begin session: %w", err), undo)
	}
	return a.stillTheSame(ctx, c, proof, s)
}

func (a *Admin) beginMachine(ctx context.Context, c Client, proof pip.Proof, decision pdp.Decision, now time.Time) (Tokens, Session, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Tokens{}, Session{}, fmt.Errorf("begin session: %w", err)
	}
	until := now.Add(a.Limits().Access)
	s := Session{
		ID: id.String(), Account: proof.Account.ID, Footprint: a.observe(c), AMR: proof.AMR, ACR: ACRMachine,
		AuthTime: proof.AuthTime, Created: now, LastUsed: now, IdleUntil: until, Until: until,
	}
	if s.Sealed, err = a.sealFootprint(s.ID, s.Footprint); err != nil {
		return Tokens{}, Session{}, fmt.Errorf("begin session: %w", err)
	}
	tokens, err := a.sign(s, proof.Account.Role, s.ACR, s.AuthTime, now, a.Limits().Access)
	if err != nil {
		return Tokens{}, Session{}, fmt.Errorf("begin session: %w", err)
	}
	if err := a.parts.Store.Begin(ctx, s, Refresh{}); err != nil {
		return Tokens{}, Session{}, fmt.Errorf("begin session: %w", err)
	}
	e := a.event(c, actionMachine, s.Account, s.ID, now)
	e.Role, e.Outcome, e.Allow = proof.Account.Role, "success", true
	if err := a.parts.Journal.Append(context.WithoutCancel(ctx), a.withDecision(e, decision)); err != nil {
		_, undo := a.parts.Store.End(context.WithoutCancel(ctx), s.ID, s.Account, "not_journalled", now)
		return Tokens{}, Session{}, errors.Join(fmt.Errorf("begin session: %w", err), undo)
	}
	return tokens, s, nil
}

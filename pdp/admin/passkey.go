package admin

import (
	"context"
	"errors"
	"slices"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
)

// amrPasskey and amrPassword are how ID management calls a passkey and a password;
// amrSeveral says that there were several factors.
const (
	amrPasskey  = "pop"
	amrPassword = "pwd"
	amrSeveral  = "mfa"
)

// reasonCloned says that there are two of a passkey.
const reasonCloned = "passkey_cloned"

// Passkeys adds passkeys to an account, and removes them. A *pip.Refusal is a
// definite no, and a *problem.Malformed names faulty fields.
type Passkeys interface {
	List(ctx context.Context, account string) ([]pip.Passkey, error)
	// Offer makes a challenge for a new one, for that session alone.
	Offer(ctx context.Context, account, session string) (pip.Challenge, error)
	// OfferPortable is Offer for none that is built into the machine.
	OfferPortable(ctx context.Context, account, session string) (pip.Challenge, error)
	// Add enrols what an authenticator made for such a challenge. It calls record with the id
	// before: with its error nothing is enrolled.
	Add(ctx context.Context, account, session, challenge, name, answer string, record func(ctx context.Context, id string) error) (pip.Passkey, error)
	// Remove reports whether there was one.
	Remove(ctx context.Context, account, id string) (bool, error)
	// RemoveAll removes all but one, and returns their ids.
	RemoveAll(ctx context.Context, account, but string) (removed []string, err error)
}

// HasPasskeys reports whether passkeys are kept here.
func (a *Admin) HasPasskeys() bool { return a.parts.Passkeys != nil }

// LogInByPasskey begins a log-in that names no account. Verify ends it.
func (a *Admin) LogInByPasskey(ctx context.Context) (pip.Challenge, error) {
	challenge, err := a.parts.Authenticator.Passkey(ctx)
	return challenge, personal(err)
}

// PasskeysOf lists the passkeys of an account.
func (a *Admin) PasskeysOf(ctx context.Context, account string) ([]pip.Passkey, error) {
	if account == "" {
		return nil, Refuse(Unproven, problem.SessionMissing)
	}
	return a.parts.Passkeys.List(ctx, account)
}

// OfferPasskey makes a challenge for a new passkey. At a workstation it is one that its
// owner carries away.
func (a *Admin) OfferPasskey(ctx context.Context, c Client, account, session string) (pip.Challenge, error) {
	if account == "" || session == "" {
		return pip.Challenge{}, Refuse(Unproven, problem.SessionMissing)
	}
	offer := a.parts.Passkeys.Offer
	if c.At != nil {
		offer = a.parts.Passkeys.OfferPortable
	}
	challenge, err := offer(ctx, account, session)
	if err != nil {
		return pip.Challenge{}, personal(err)
	}
	return challenge, a.note(ctx, c, actionAddApp, account, session, "")
}

// AddPasskey enrols a passkey. In a session that began with a pass, those that there
// were are lost: they are removed, and all other sessions end.
func (a *Admin) AddPasskey(ctx context.Context, c Client, account, session, challenge, name, answer string) (pip.Passkey, error) {
	if account == "" || session == "" {
		return pip.Passkey{}, Refuse(Unproven, problem.SessionMissing)
	}
	passed, err := a.byPass(ctx, account, session)
	if err != nil {
		return pip.Passkey{}, err
	}
	// The evidence comes first: what cannot be journalled becomes no factor.
	key, err := a.parts.Passkeys.Add(ctx, account, session, challenge, name, answer, func(ctx context.Context, id string) error {
		return a.noteChange(ctx, c, actionUseApp, account, session, "", pip.Change{What: pip.ChangePasskeyAdded, Of: account + "/" + id})
	})
	if err != nil {
		return pip.Passkey{}, personal(err)
	}
	var ended error
	if passed {
		ended = a.replacePasskeys(context.WithoutCancel(ctx), c, account, session, key.ID)
	}
	a.tellOwner(ctx, c, account, pip.Notice{Kind: pip.NoticePasskeyAdded})
	return key, ended
}

// replacePasskeys removes all passkeys of an account but the new one, and ends its
// other sessions: somebody who has found a lost one may have begun them.
func (a *Admin) replacePasskeys(ctx context.Context, c Client, account, session, by string) error {
	removed, err := a.parts.Passkeys.RemoveAll(ctx, account, by)
	return errors.Join(err, a.noteRemoved(ctx, c, account, session, removed), a.endOthers(ctx, c, account, session, "factor_replaced"))
}

// RemovePasskey removes one passkey, and ends all other sessions of the account.
func (a *Admin) RemovePasskey(ctx context.Context, c Client, account, session, id string) error {
	if account == "" {
		return Refuse(Unproven, problem.SessionMissing)
	}
	keys, err := a.parts.Passkeys.List(ctx, account)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(keys, func(k pip.Passkey) bool { return k.ID == id }) {
		return Refuse(Missing, "not_found")
	}
	ctx = context.WithoutCancel(ctx)
	// The evidence comes first: without the last one a mailed code is a factor again.
	if err := a.noteRemoved(ctx, c, account, session, []string{id}); err != nil {
		return err
	}
	removed, err := a.parts.Passkeys.Remove(ctx, account, id)
	if err != nil {
		return personal(err)
	}
	if removed {
		a.tellOwner(ctx, c, account, pip.Notice{Kind: pip.NoticePasskeyRemoved})
	}
	return a.endOthers(ctx, c, account, session, "factor_removed")
}

// RemovePasskeysOf removes somebody else's passkeys, and ends all sessions of that
// account: a thief of one may have them.
func (a *Admin) RemovePasskeysOf(ctx context.Context, c Client, by, account string) error {
	p, err := a.user(ctx, account)
	if err != nil {
		return err
	}
	if p.ID == by {
		return Refuse(Forbidden, problem.OwnAccount)
	}
	keys, err := a.parts.Passkeys.List(ctx, p.ID)
	if err != nil {
		return err
	}
	// The evidence comes first: what cannot be journalled changes nothing.
	for _, key := range keys {
		if err := a.ordered(ctx, c, "user.remove_factor", by, p.ID, "", pip.Change{What: pip.ChangePasskeyGone, Of: p.ID + "/" + key.ID}); err != nil {
			return err
		}
	}
	ctx = context.WithoutCancel(ctx)
	removed, err := a.parts.Passkeys.RemoveAll(ctx, p.ID, "")
	if err != nil {
		return err
	}
	a.tell(ctx, c, p, pip.Notice{Kind: pip.NoticePasskeyRemoved, By: a.named(ctx, by)})
	added := slices.DeleteFunc(removed, func(id string) bool {
		return slices.ContainsFunc(keys, func(k pip.Passkey) bool { return k.ID == id })
	})
	return errors.Join(a.noteRemoved(ctx, c, p.ID, "", added), a.endAll(ctx, c, p.ID, "factor_removed"))
}

// noteRemoved journals that passkeys were removed, each for itself: they have to stay
// removed in a database that loses it.
func (a *Admin) noteRemoved(ctx context.Context, c Client, account, session string, ids []string) error {
	var faults []error
	for _, id := range ids {
		faults = append(faults, a.noteChange(ctx, c, actionRemoveApp, account, session, "", pip.Change{What: pip.ChangePasskeyGone, Of: account + "/" + id}))
	}
	return errors.Join(faults...)
}

// tellOfCopy tells the owner when a passkey was refused because there are two of it.
func (a *Admin) tellOfCopy(ctx context.Context, c Client, r *pip.Refusal) {
	if r.Reason == reasonCloned && r.Account != "" {
		a.tellOwner(ctx, c, r.Account, pip.Notice{Kind: pip.NoticePasskeyCloned})
	}
}

// steppedUp are the words for what was proven in a step-up of a session: a password is
// named only where the session began with one.
func steppedUp(session, proven []string) []string {
	if slices.Contains(session, amrPassword) || !slices.Contains(proven, amrPassword) {
		return proven
	}
	words := slices.DeleteFunc(slices.Clone(proven), func(word string) bool { return word == amrPassword })
	return append(words, amrSeveral)
}

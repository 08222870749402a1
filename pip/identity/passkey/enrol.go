package passkey

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
)

// Offer makes a challenge for a new passkey of the account, for that session alone. Its
// Shown are the options of navigator.credentials.create(). ErrFull when the account
// has as many as it may.
func (p *Passkeys) Offer(ctx context.Context, account, session string) (pip.Challenge, error) {
	return p.offer(ctx, account, session)
}

// OfferPortable is Offer for an authenticator that its owner carries away: the one that is
// built into a shared machine is not offered.
func (p *Passkeys) OfferPortable(ctx context.Context, account, session string) (pip.Challenge, error) {
	return p.offer(ctx, account, session, portable)
}

// portable asks browsers for no authenticator of the machine itself.
func portable(o *protocol.PublicKeyCredentialCreationOptions) error {
	o.AuthenticatorSelection.AuthenticatorAttachment = protocol.CrossPlatform
	return nil
}

func (p *Passkeys) offer(ctx context.Context, account, session string, also ...webauthn.RegistrationOption) (pip.Challenge, error) {
	if account == "" || session == "" {
		return pip.Challenge{}, errors.New("offer passkey: no account or no session")
	}
	of, err := p.owner(ctx, account)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("offer passkey: %w", err)
	}
	creation, _, err := p.party.BeginRegistration(of, append([]webauthn.RegistrationOption{
		webauthn.WithCredentialParameters(algorithms()),
		webauthn.WithExclusions(webauthn.Credentials(of.keys).CredentialDescriptors()),
	}, also...)...)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("offer passkey: %w", err)
	}
	shown, err := json.Marshal(creation.Response)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("offer passkey: %w", err)
	}
	now := p.now()
	c := identity.Pending{
		ID: rand.Text(), Account: account, Session: session, Purpose: identity.PurposeEnrol, Method: method,
		Kept: creation.Response.Challenge.String(), Created: now, Expires: now.Add(life),
	}
	if err := p.store.AddChallenge(ctx, c); err != nil {
		return pip.Challenge{}, err
	}
	return pip.Challenge{ID: c.ID, Methods: []string{method}, Expires: c.Expires, Shown: map[string]json.RawMessage{method: shown}}, nil
}

func (p *Passkeys) owner(ctx context.Context, account string) (owner, error) {
	of, err := p.accounts.Account(ctx, account)
	if err != nil {
		return owner{}, err
	}
	keys, err := p.keys(ctx, account)
	if err != nil {
		return owner{}, err
	}
	if len(keys) >= most {
		return owner{}, &pip.Refusal{Reason: "passkeys_full", Account: account}
	}
	return owner{id: of.ID, name: of.Username, keys: keys}, nil
}

// Add enrols the passkey that an authenticator made for a challenge of Offer, under a
// name of 1 to 64 characters. The challenge is used up, whatever comes of it. A
// *problem.Malformed, ErrRefused, ErrTaken or ErrFull is a definite no. Record is called
// with the id of the new passkey before it is enrolled: with its error it is not.
func (p *Passkeys) Add(ctx context.Context, account, session, challenge, name, answer string, record func(ctx context.Context, id string) error) (pip.Passkey, error) {
	name, fits := pip.PasskeyName(name)
	if !fits {
		return pip.Passkey{}, &problem.Malformed{Fields: []problem.Field{{Location: "body.name", Message: "expected 1 to 64 characters, without control characters"}}}
	}
	refused := &pip.Refusal{Reason: "passkey_refused", Account: account}
	kept, err := p.take(ctx, account, session, challenge)
	if err != nil {
		return pip.Passkey{}, err
	}
	if kept == "" {
		return pip.Passkey{}, refused
	}
	made, ok := p.made(account, kept, answer)
	if !ok {
		return pip.Passkey{}, refused
	}
	key, err := p.seal(account, name, made)
	if err != nil {
		return pip.Passkey{}, err
	}
	if err := record(ctx, key.ID); err != nil {
		return pip.Passkey{}, err
	}
	if err := p.store.AddPasskey(context.WithoutCancel(ctx), key, most); err != nil {
		return pip.Passkey{}, err
	}
	return shownOf(key, name), nil
}

// take uses up the challenge of an enrolment, and returns what was to be signed; "" for
// one that is not open, or of another account, session or ceremony.
func (p *Passkeys) take(ctx context.Context, account, session, challenge string) (string, error) {
	c, err := p.store.Challenge(ctx, challenge)
	if errors.Is(err, identity.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	fits := c.Purpose == identity.PurposeEnrol && session != "" && c.Session == session && c.Account == account
	if !fits || c.Spent || !c.Expires.After(p.now()) {
		return "", nil
	}
	won, err := p.store.SpendChallenge(ctx, c.ID, c.Kept)
	if err != nil || !won {
		return "", err
	}
	return c.Kept, nil
}

// made returns the credential that an authenticator made for a challenge, if it did.
func (p *Passkeys) made(account, challenge, answer string) (*webauthn.Credential, bool) {
	if len(answer) > maxAnswer {
		return nil, false
	}
	given, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return nil, false
	}
	credential, err := p.party.CreateCredential(owner{id: account}, webauthn.SessionData{
		Challenge: challenge, RelyingPartyID: p.party.Config.RPID, UserID: []byte(account),
		UserVerification: protocol.VerificationRequired, CredParams: algorithms(),
	}, given)
	return credential, err == nil
}

// seal makes the row of a new passkey.
func (p *Passkeys) seal(account, name string, made *webauthn.Credential) (Passkey, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Passkey{}, fmt.Errorf("add passkey: %w", err)
	}
	key := Passkey{
		ID: id.String(), Account: account, SignCount: made.Authenticator.SignCount,
		Synced: made.Flags.BackupState, Created: p.now(),
	}
	if key.Mark, err = p.vault.Mark("passkey/credential", string(made.ID)); err != nil {
		return Passkey{}, err
	}
	text, err := json.Marshal(known{
		Name: name, Credential: made.ID, Key: made.PublicKey, AAGUID: made.Authenticator.AAGUID,
		Transports: made.Transport, Syncable: made.Flags.BackupEligible,
	})
	if err != nil {
		return Passkey{}, fmt.Errorf("add passkey: %w", err)
	}
	key.Sealed, err = p.vault.Seal(place(&key), text)
	return key, err
}

// List returns the passkeys of an account, the oldest first.
func (p *Passkeys) List(ctx context.Context, account string) ([]pip.Passkey, error) {
	stored, err := p.store.Passkeys(ctx, account)
	if err != nil {
		return nil, err
	}
	list := make([]pip.Passkey, 0, len(stored))
	for _, key := range stored {
		name := ""
		if !key.Lost() {
			known, err := p.open(key)
			if err != nil {
				return nil, err
			}
			name = known.Name
		}
		list = append(list, shownOf(key, name))
	}
	return list, nil
}

func shownOf(key Passkey, name string) pip.Passkey {
	return pip.Passkey{ID: key.ID, Name: name, Created: key.Created, LastUsed: key.Used, Synced: key.Synced}
}

// Remove forgets one passkey of the account, and reports whether there was one.
func (p *Passkeys) Remove(ctx context.Context, account, id string) (bool, error) {
	return p.store.RemovePasskey(ctx, account, id)
}

// RemoveAll forgets all passkeys of the account but one, and returns which.
func (p *Passkeys) RemoveAll(ctx context.Context, account, but string) (removed []string, err error) {
	return p.store.RemovePasskeys(ctx, account, but)
}

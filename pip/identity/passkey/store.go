package passkey

import (
	"context"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pip/identity"
)

// A Passkey is one of an account, as it is stored.
type Passkey struct {
	ID        string
	Account   string
	Mark      string // keyed hash of what its authenticator calls it
	Sealed    []byte // the public key, and what does not change about it; none when it was lost
	SignCount uint32 // the authenticator's own count of signatures; 0 of one that does not count
	Signed    string // the challenge that it signed last; "" for none
	Synced    bool
	Created   time.Time
	Used      time.Time // zero when it was never used
}

// Lost reports whether the key was lost with a database: it opens nothing, and its
// account still has had one.
func (k *Passkey) Lost() bool { return len(k.Sealed) == 0 }

// A Store keeps passkeys, and the challenges of their enrolment. Each change is one
// atomic statement or transaction.
type Store interface {
	// AddPasskey returns ErrTaken when a passkey has the mark, and ErrFull when the
	// account has most of them.
	AddPasskey(ctx context.Context, k Passkey, most int) error
	HasPasskeys(ctx context.Context, account string) (bool, error)
	Passkeys(ctx context.Context, account string) ([]Passkey, error) // by id: the oldest first
	PasskeyByMark(ctx context.Context, mark string) (Passkey, error) // identity.ErrNotFound
	// UsePasskey stores count, challenge, time and whether it is synced, if the count is
	// above the stored one or if both are 0; or reports false.
	UsePasskey(ctx context.Context, k Passkey) (bool, error)
	RemovePasskey(ctx context.Context, account, id string) (bool, error)
	// RemovePasskeys removes all of an account but one, and returns their ids.
	RemovePasskeys(ctx context.Context, account, but string) ([]string, error)
	// UseUnnamed reports true to the first who uses up what was issued then, unless the
	// database was restored since.
	UseUnnamed(ctx context.Context, challenge string, issued, expires time.Time) (bool, error)

	AddChallenge(ctx context.Context, p identity.Pending) error
	Challenge(ctx context.Context, id string) (identity.Pending, error)
	SpendChallenge(ctx context.Context, id, kept string) (bool, error)
}

// known is what is sealed of a passkey.
type known struct {
	Name       string                            `json:"name"`
	Credential []byte                            `json:"credential"` // what its authenticator calls it
	Key        []byte                            `json:"key"`        // public, in COSE
	AAGUID     []byte                            `json:"aaguid"`     // the model of the authenticator, as it says
	Transports []protocol.AuthenticatorTransport `json:"transports,omitempty"`
	Syncable   bool                              `json:"syncable"` // a copy may be kept by its maker; never changes
}

// place binds what is sealed to its account and row: moved into another account, it
// does not open.
func place(k *Passkey) string { return "passkey/" + k.Account + "/" + k.ID }

func (p *Passkeys) open(k Passkey) (of known, err error) {
	text, err := p.vault.Open(place(&k), k.Sealed)
	if err != nil {
		return known{}, err
	}
	if err := strictjson.Decode(text, &of); err != nil {
		return known{}, fmt.Errorf("passkey %s is not readable", k.ID)
	}
	return of, nil
}

// credential is the passkey as the library judges by it.
func (k *known) credential(of Passkey) webauthn.Credential {
	return webauthn.Credential{
		ID: k.Credential, PublicKey: k.Key, Transport: k.Transports,
		Flags:         webauthn.CredentialFlags{UserPresent: true, UserVerified: true, BackupEligible: k.Syncable, BackupState: of.Synced},
		Authenticator: webauthn.Authenticator{AAGUID: k.AAGUID, SignCount: of.SignCount},
	}
}

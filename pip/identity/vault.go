package identity

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/tink"
)

// A Vault seals e-mail addresses and makes the index by which they are found.
type Vault struct {
	aead tink.AEAD
	mac  tink.MAC
}

// NewVault takes the key that seals and the key that makes the index. The index
// key cannot be rotated without rewriting every account.
func NewVault(aead tink.AEAD, mac tink.MAC) (*Vault, error) {
	if aead == nil || mac == nil {
		return nil, errors.New("identity vault: a key is missing")
	}
	return &Vault{aead: aead, mac: mac}, nil
}

// String keeps keys out of logs.
func (*Vault) String() string { return "redacted" }

// index is a keyed hash of a canonical address.
func (v *Vault) index(email string) (string, error) {
	sum, err := v.mac.ComputeMAC([]byte("identity/email/" + email))
	if err != nil {
		return "", fmt.Errorf("index e-mail: %w", err)
	}
	return hex.EncodeToString(sum), nil
}

func (v *Vault) seal(account, email string) ([]byte, error) {
	sealed, err := v.aead.Encrypt([]byte(email), place(account))
	if err != nil {
		return nil, fmt.Errorf("seal e-mail: %w", err)
	}
	return sealed, nil
}

func (v *Vault) open(account string, sealed []byte) (string, error) {
	email, err := v.aead.Decrypt(sealed, place(account))
	if err != nil {
		return "", fmt.Errorf("open e-mail of account %s: %w", account, err)
	}
	return string(email), nil
}

// place binds a sealed value to its row and column: moved elsewhere, it does
// not open.
func place(account string) []byte { return []byte("identity/accounts/email/" + account) }

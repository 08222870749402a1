// Package vault seals what identity keeps that is personal or secret, and makes
// the keyed index by which an e-mail address is found.
package vault

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/tink"
)

// A Vault seals what is personal or secret, and makes the index by which an
// e-mail address is found.
type Vault struct {
	aead tink.AEAD
	mac  tink.MAC
}

// New takes the key that seals and the key that makes the index. The index
// key cannot be rotated without rewriting every account.
func New(aead tink.AEAD, mac tink.MAC) (*Vault, error) {
	if aead == nil || mac == nil {
		return nil, errors.New("identity vault: a key is missing")
	}
	return &Vault{aead: aead, mac: mac}, nil
}

// String keeps keys out of logs.
func (*Vault) String() string { return "redacted" }

// Index is a keyed hash of a canonical address.
func (v *Vault) Index(email string) (string, error) {
	sum, err := v.mac.ComputeMAC([]byte("identity/email/" + email))
	if err != nil {
		return "", fmt.Errorf("index e-mail: %w", err)
	}
	return hex.EncodeToString(sum), nil
}

// SealEmail encrypts the address of an account.
func (v *Vault) SealEmail(account, email string) ([]byte, error) {
	sealed, err := v.aead.Encrypt([]byte(email), place(account))
	if err != nil {
		return nil, fmt.Errorf("seal e-mail: %w", err)
	}
	return sealed, nil
}

// OpenEmail decrypts what SealEmail made for the same account.
func (v *Vault) OpenEmail(account string, sealed []byte) (string, error) {
	email, err := v.aead.Decrypt(sealed, place(account))
	if err != nil {
		return "", fmt.Errorf("open e-mail of account %s: %w", account, err)
	}
	return string(email), nil
}

// Seal encrypts a value for one place, a row and column; it opens there alone.
func (v *Vault) Seal(place string, value []byte) ([]byte, error) {
	sealed, err := v.aead.Encrypt(value, []byte("identity/"+place))
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", place, err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same place.
func (v *Vault) Open(place string, sealed []byte) ([]byte, error) {
	value, err := v.aead.Decrypt(sealed, []byte("identity/"+place))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", place, err)
	}
	return value, nil
}

// Mark is a keyed hash of a random secret, bound to its place. Without the key it
// confirms no guess, so that a short secret may be kept so.
func (v *Vault) Mark(place, secret string) (string, error) {
	sum, err := v.mac.ComputeMAC([]byte("identity/" + place + "/" + secret))
	if err != nil {
		return "", fmt.Errorf("mark %s: %w", place, err)
	}
	return hex.EncodeToString(sum), nil
}

// place binds a sealed value to its row and column: moved elsewhere, it does
// not open.
func place(account string) []byte { return []byte("identity/accounts/email/" + account) }

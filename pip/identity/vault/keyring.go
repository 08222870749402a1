package vault

import (
	"fmt"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/mac"

	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/internal/keyfile"
)

// Open reads the keys from files in dir, mode 0600, and makes them on first use.
// Without them every e-mail address is lost: they belong into the backup, apart
// from the database.
func Open(dir string) (*Vault, error) {
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open identity vault: %w", err)
	}
	sealing, err := keyfile.OpenKeyset(filepath.Join(dir, SealFile), aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("open identity vault: %w", err)
	}
	indexing, err := keyfile.OpenKeyset(filepath.Join(dir, IndexFile), mac.HMACSHA256Tag256KeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("open identity vault: %w", err)
	}
	a, err := aead.New(sealing)
	if err != nil {
		return nil, fmt.Errorf("open identity vault: %w", err)
	}
	m, err := mac.New(indexing)
	if err != nil {
		return nil, fmt.Errorf("open identity vault: %w", err)
	}
	return New(a, m)
}

// The files of a vault's keys: what seals, and what makes the index.
const (
	SealFile  = "identity-seal.json"
	IndexFile = "identity-index.json"
)

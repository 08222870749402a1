package crypt

import (
	"fmt"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/internal/keyfile"
)

// KeyFile holds the keys, in the folder that Open is given.
const KeyFile = "records.keyset.json"

// open reads a key file, and makes the first key when there is none.
func open(path string) (*keyset.Handle, error) {
	if err := durable.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("field keys: %w", err)
	}
	handle, err := keyfile.OpenKeyset(path, aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("field keys: %w", err)
	}
	return handle, nil
}

// replace puts a new keyset in the place of the old one, whole or not at all.
func replace(path string, handle *keyset.Handle) error {
	data, err := keyfile.EncodeKeyset(handle)
	if err != nil {
		return fmt.Errorf("write field keys: %w", err)
	}
	if err := durable.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("replace field keys: %w", err)
	}
	return nil
}

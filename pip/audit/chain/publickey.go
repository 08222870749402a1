package chain

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
)

// PublicName is the file that verifies what the journal signs.
const PublicName = "audit.pub"

// ReadPublicKey reads the public key of the journal in a folder. Keep a copy
// of it elsewhere: a person who can exchange the key can forge the journal.
func ReadPublicKey(dir string) (ed25519.PublicKey, error) {
	text, err := os.ReadFile(filepath.Join(dir, PublicName))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if block, _ := pem.Decode(text); block != nil {
		if parsed, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
			if key, ok := parsed.(ed25519.PublicKey); ok {
				return key, nil
			}
		}
	}
	return nil, fmt.Errorf("%w: %s holds no Ed25519 public key", ErrKey, PublicName)
}

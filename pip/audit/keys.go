package audit

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

const privateName = "audit.key"

// loadKey returns the key that signs heads. A folder that holds no journal yet
// is given a new one; a journal whose key is gone is refused, since a new key
// would make an old head look forged.
func loadKey(dir string, fresh bool) (ed25519.PrivateKey, error) {
	path := filepath.Join(dir, privateName)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && fresh {
		return makeKey(dir)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, refuse(chain.ErrKey, "%s is missing", privateName)
	}
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, refuse(chain.ErrKey, "%s may be read or changed by others than its owner", privateName)
	}
	key, err := parsePrivate(path)
	if err != nil {
		return nil, refuse(chain.ErrKey, "%s holds no Ed25519 private key", privateName)
	}
	return key, checkPublic(dir, key)
}

func makeKey(dir string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := writeWhole(dir, privateName, text); err != nil {
		return nil, fmt.Errorf("save key: %w", err)
	}
	return key, checkPublic(dir, key)
}

// checkPublic makes sure that the public key beside the private one is its
// own, and writes it when a crash came between the two.
func checkPublic(dir string, key ed25519.PrivateKey) error {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return fmt.Errorf("encode key: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	have, err := os.ReadFile(filepath.Join(dir, chain.PublicName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return writeWhole(dir, chain.PublicName, text)
	case err != nil:
		return err
	case !bytes.Equal(have, text):
		return refuse(chain.ErrKey, "%s does not belong to %s", chain.PublicName, privateName)
	}
	return nil
}

func parsePrivate(path string) (ed25519.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, chain.ErrKey
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, chain.ErrKey
	}
	return key, nil
}

package process

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/durable"
)

// readOrMake returns the bytes of a secret file, and makes it first, with mode
// 0600, when there is none. It survives a power cut once it is returned.
func readOrMake(file string, content func() ([]byte, error)) ([]byte, error) {
	raw, err := os.ReadFile(file)
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return raw, err
	}
	if raw, err = content(); err != nil {
		return nil, err
	}
	return raw, durable.CreateFile(file, raw, 0o600)
}

// assertionKey is the secret between the enforcement point and Wardgate's own
// services.
func assertionKey(file string) (*assertion.Key, error) {
	secret, err := readOrMake(file, func() ([]byte, error) {
		b := make([]byte, 32)
		_, err := rand.Read(b)
		return b, err
	})
	if err != nil {
		return nil, fmt.Errorf("assertion key: %w", err)
	}
	return assertion.NewKey(secret)
}

// footprintKeys is the keyset that device footprints are sealed under.
func footprintKeys(file string) (tink.AEAD, error) {
	raw, err := readOrMake(file, func() ([]byte, error) {
		h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		err = insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&b))
		return b.Bytes(), err
	})
	if err != nil {
		return nil, fmt.Errorf("footprint keys: %w", err)
	}
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
	if err != nil {
		return nil, fmt.Errorf("footprint keys in %s are not readable; restore the file from a backup", file)
	}
	return aead.New(h)
}

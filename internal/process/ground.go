package process

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/datafolder"
	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/internal/health"
)

// A ground is what every part stands on.
type ground struct {
	config *config.Config
	log    *slog.Logger
	board  *health.Board
	parts  *[]*life

	data *datafolder.Folder // for the parts that are made after it was claimed
	key  *assertion.Key     // between the enforcement point and Wardgate's own services
}

// begin begins the life of a part, which the process runs and closes.
func (g *ground) begin() *life {
	l := &life{log: g.log}
	*g.parts = append(*g.parts, l)
	return l
}

// openData claims the data folder, and refuses one that has lost something.
func (g *ground) openData() (err error) {
	if g.data, err = datafolder.Open(g.config.Data, g.config.Demo); err != nil {
		return err
	}
	g.begin().onClose(g.data.Close)
	if err := g.data.Whole(g.config.Kept()); err != nil {
		return err
	}
	if err := os.MkdirAll(g.keyPath(), 0o700); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	g.key, err = g.assertionKey()
	return err
}

// keyPath is where a secret key lies.
func (g *ground) keyPath(elements ...string) string {
	if g.config.Keys.Folder != "" {
		return filepath.Join(append([]string{g.config.Keys.Folder}, elements...)...)
	}
	return g.data.Path(append([]string{"keys"}, elements...)...)
}

// assertionKey is the key that the configuration names, or one of this
// process's own.
func (g *ground) assertionKey() (*assertion.Key, error) {
	file := g.config.Assertion.KeyFile
	if file == "" {
		return ownAssertionKey(g.keyPath("assertion.key"))
	}
	secret, err := config.ReadSecretFile(file)
	if err != nil {
		return nil, fmt.Errorf("assertion.key_file: %w", err)
	}
	key, err := assertion.NewKey(secret)
	if err != nil {
		return nil, fmt.Errorf("assertion.key_file: %w", err)
	}
	return key, nil
}

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

// ownAssertionKey is the secret between the enforcement point and Wardgate's own
// services.
func ownAssertionKey(file string) (*assertion.Key, error) {
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

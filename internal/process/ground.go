package process

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/clientca"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/datafolder"
	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/internal/health"
	"github.com/wardgate/wardgate/internal/keyfile"
	"github.com/wardgate/wardgate/internal/sqldb"
)

// A ground is what every part stands on.
type ground struct {
	config *config.Config
	log    *slog.Logger
	board  *health.Board
	parts  *[]*life

	// known is the configuration of the start with the applications that are in force.
	known *atomic.Pointer[config.Config]

	workstations *clientca.Authority // nil: no machine is known by a certificate

	data *datafolder.Folder // for the parts that are made after it was claimed
	key  *assertion.Key     // between the enforcement point and Wardgate's own services
}

// begin begins the life of a part, which the process runs and closes.
func (g *ground) begin() *life {
	l := &life{log: g.log}
	*g.parts = append(*g.parts, l)
	return l
}

// watch has the board ask a database again and again.
func (g *ground) watch(l *life, key string, ready func(ctx context.Context) error) {
	l.inBackground(g.board.Store(key, !g.config.Store(key).IsServer(), ready, sqldb.Standing).Run)
}

// openData claims the data folder, and refuses one that has lost something.
func (g *ground) openData() (err error) {
	if g.data, err = datafolder.Open(g.config.Data, g.config.Demo); err != nil {
		return err
	}
	g.begin().onClose(g.data.Close)
	if err := durable.MkdirAll(g.keyPath(), 0o700); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if err := g.data.Check(g.keyPath(manifestKey), keptFiles(g)); err != nil {
		return err
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
	if err := keyfile.Check(secret); err != nil {
		return nil, fmt.Errorf("assertion.key_file: %s: %w", file, err)
	}
	key, err := assertion.NewKey(secret)
	if err != nil {
		return nil, fmt.Errorf("assertion.key_file: %w", err)
	}
	return key, nil
}

// ownAssertionKey is the secret between the enforcement point and Wardgate's own
// services.
func ownAssertionKey(file string) (*assertion.Key, error) {
	secret, err := keyfile.ReadOrMake(file, func() ([]byte, error) {
		b := make([]byte, 32)
		_, err := rand.Read(b)
		return b, err
	})
	if err != nil {
		return nil, fmt.Errorf("assertion key: %w", err)
	}
	key, err := assertion.NewKey(secret)
	if err != nil {
		return nil, fmt.Errorf("assertion key: %s: %w", file, err)
	}
	return key, nil
}

// footprintKeys is the keyset that device footprints are sealed under.
func footprintKeys(file string) (tink.AEAD, error) {
	h, err := keyfile.OpenKeyset(file, aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("footprint keys: %w", err)
	}
	return aead.New(h)
}

// Package crypt encrypts single fields of the records with AES-256-GCM. A
// sealed value is bound to its table, row and column: it opens nowhere else.
// The package owns the key file, and never shows a key or a plain value in an
// error, a log or a String method.
package crypt

import (
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/wardgate/wardgate/internal/keyfile"
)

// ErrSealed says that a value could not be opened: another key sealed it, it
// was changed, or it was moved from where it belongs.
var ErrSealed = errors.New("sealed value does not belong here")

// A Place is where a sealed value belongs.
type Place struct {
	Table  string
	Row    string
	Column string
}

// binding is the associated data of a place. The parts cannot contain the
// separator: tables and columns are constants, and row ids are checked.
func (p Place) binding() ([]byte, error) {
	parts := []string{"wardgate/records/v1", p.Table, p.Row, p.Column}
	for _, part := range parts {
		if part == "" || strings.ContainsRune(part, 0) {
			return nil, fmt.Errorf("seal or open in table %q: incomplete place", p.Table)
		}
	}
	return []byte(strings.Join(parts, "\x00")), nil
}

// A Cipher seals and opens fields. It may be used from many goroutines.
type Cipher struct {
	path    string
	rotate  sync.Mutex
	current atomic.Pointer[keys]
}

type keys struct {
	handle *keyset.Handle
	aead   tink.AEAD
}

// Open reads the key file of a folder. The first use of a folder makes both:
// the folder for its owner alone (0700) and a file with a fresh key (0600).
// If that file is lost, every sealed field is lost.
func Open(dir string) (*Cipher, error) {
	c := &Cipher{path: filepath.Join(dir, KeyFile)}
	handle, err := open(c.path)
	if err != nil {
		return nil, err
	}
	if err := c.use(handle); err != nil {
		return nil, err
	}
	return c, nil
}

// String keeps keys out of logs.
func (*Cipher) String() string { return "redacted" }

// Seal encrypts plain for its place. An empty text is sealed like any other,
// so that an erased field is noticed.
func (c *Cipher) Seal(p Place, plain string) (string, error) {
	binding, err := p.binding()
	if err != nil {
		return "", err
	}
	sealed, err := c.current.Load().aead.Encrypt([]byte(plain), binding)
	if err != nil {
		return "", fmt.Errorf("seal %s.%s: %w", p.Table, p.Column, err)
	}
	return base64.RawStdEncoding.EncodeToString(sealed), nil
}

// Open decrypts what Seal made for the same place. Anything else, the empty
// text included, is ErrSealed and never an empty field.
func (c *Cipher) Open(p Place, sealed string) (string, error) {
	binding, err := p.binding()
	if err != nil {
		return "", err
	}
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil {
		return "", fmt.Errorf("open %s.%s of %s: %w", p.Table, p.Column, p.Row, ErrSealed)
	}
	plain, err := c.current.Load().aead.Decrypt(raw, binding)
	if err != nil {
		return "", fmt.Errorf("open %s.%s of %s: %w", p.Table, p.Column, p.Row, ErrSealed)
	}
	return string(plain), nil
}

// Rotate adds a fresh key to the file and seals with it from now on. What
// older keys sealed still opens. Other processes with the same file call
// Reload before they can open what is sealed from here on.
func (c *Cipher) Rotate() error {
	c.rotate.Lock()
	defer c.rotate.Unlock()
	manager := keyset.NewManagerFromHandle(c.current.Load().handle)
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return fmt.Errorf("rotate field keys: %w", err)
	}
	if err := manager.SetPrimary(id); err != nil {
		return fmt.Errorf("rotate field keys: %w", err)
	}
	handle, err := manager.Handle()
	if err != nil {
		return fmt.Errorf("rotate field keys: %w", err)
	}
	if err := replace(c.path, handle); err != nil {
		return err
	}
	return c.use(handle)
}

// Reload reads the key file again.
func (c *Cipher) Reload() error {
	c.rotate.Lock()
	defer c.rotate.Unlock()
	handle, err := keyfile.ReadKeyset(c.path)
	if err != nil {
		return err
	}
	return c.use(handle)
}

func (c *Cipher) use(handle *keyset.Handle) error {
	primitive, err := aead.New(handle)
	if err != nil {
		return fmt.Errorf("use field keys: %w", err)
	}
	c.current.Store(&keys{handle: handle, aead: primitive})
	return nil
}

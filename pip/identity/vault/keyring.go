package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

// Open reads the keys from files in dir, mode 0600, and makes them on first use.
// Without them every e-mail address is lost: they belong into the backup, apart
// from the database.
func Open(dir string) (*Vault, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open identity vault: %w", err)
	}
	sealing, err := openKeyset(filepath.Join(dir, "identity-seal.json"), aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	indexing, err := openKeyset(filepath.Join(dir, "identity-index.json"), mac.HMACSHA256Tag256KeyTemplate())
	if err != nil {
		return nil, err
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

func openKeyset(path string, template *tinkpb.KeyTemplate) (*keyset.Handle, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKeyset(path, template)
	}
	if err != nil {
		return nil, fmt.Errorf("read keyset: %w", err)
	}
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(content)))
	if err != nil {
		return nil, fmt.Errorf("read keyset %s: %w", filepath.Base(path), err)
	}
	return h, nil
}

// makeKeyset writes beside and links, so that of two processes that start at
// once one makes the key and the other reads it.
func makeKeyset(path string, template *tinkpb.KeyTemplate) (*keyset.Handle, error) {
	h, err := keyset.NewHandle(template)
	if err != nil {
		return nil, fmt.Errorf("make keyset: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".keyset-*")
	if err != nil {
		return nil, fmt.Errorf("make keyset: %w", err)
	}
	defer os.Remove(f.Name())
	err = insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(f))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("make keyset: %w", err)
	}
	err = os.Link(f.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return openKeyset(path, template)
	}
	if err != nil {
		return nil, fmt.Errorf("make keyset: %w", err)
	}
	return h, nil
}

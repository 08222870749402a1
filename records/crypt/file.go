package crypt

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

	"github.com/wardgate/wardgate/internal/durable"
)

const keyFile = "records.keyset.json"

var (
	errNoKeyFile = errors.New("no key file")
	errLoose     = errors.New("readable by others than its owner")
)

// load reads a key file. One that others may read is refused: its keys count
// as known.
func load(path string) (*keyset.Handle, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoKeyFile
	}
	if err != nil {
		return nil, fmt.Errorf("read field keys: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("read field keys %s: %w", path, errLoose)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read field keys: %w", err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(data)))
	if err != nil {
		// The reader's own error may quote the file.
		return nil, fmt.Errorf("read field keys %s: not a keyset", path)
	}
	return handle, nil
}

// create makes a first key. When two processes create at once, both end up
// with the key of the one that came first.
func create(path string) (*keyset.Handle, error) {
	if err := durable.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("create field keys: %w", err)
	}
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("create field keys: %w", err)
	}
	data, err := encode(handle)
	if err != nil {
		return nil, err
	}
	if err := durable.CreateFile(path, data, 0o600); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create field keys: %w", err)
	}
	return load(path)
}

// replace puts a new keyset in the place of the old one, whole or not at all.
func replace(path string, handle *keyset.Handle) error {
	data, err := encode(handle)
	if err != nil {
		return err
	}
	if err := durable.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("replace field keys: %w", err)
	}
	return nil
}

func encode(handle *keyset.Handle) ([]byte, error) {
	var data bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&data)); err != nil {
		return nil, fmt.Errorf("write field keys: %w", err)
	}
	return data.Bytes(), nil
}

package signing

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/wardgate/wardgate/internal/durable"
)

// The headers of a key file. The file's name means nothing.
const (
	headerID      = "Kid"
	headerCreated = "Created"
)

func readKey(path string) (key, error) {
	name := filepath.Base(path)
	info, err := os.Stat(path)
	if err != nil {
		return key{}, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return key{}, fmt.Errorf("%s can be read by others: mode %v, 0600 is needed", name, info.Mode().Perm())
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return key{}, err
	}
	block, _ := pem.Decode(content)
	if block == nil || block.Headers[headerID] == "" {
		return key{}, fmt.Errorf("%s is no key file", name)
	}
	created, err := time.Parse(time.RFC3339Nano, block.Headers[headerCreated])
	if err != nil {
		return key{}, fmt.Errorf("%s does not say when it was made", name)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return key{}, fmt.Errorf("%s: %w", name, err)
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || private.Curve != elliptic.P256() {
		return key{}, fmt.Errorf("%s is no P-256 key", name)
	}
	return key{id: block.Headers[headerID], created: created, private: private, file: path}, nil
}

// writeKey gives the file its name only when it is whole.
func writeKey(dir string, k key) (path string, err error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return "", err
	}
	content := pem.EncodeToMemory(&pem.Block{
		Type:    "PRIVATE KEY",
		Headers: map[string]string{headerID: k.id, headerCreated: k.created.Format(time.RFC3339Nano)},
		Bytes:   der,
	})
	path = filepath.Join(dir, k.id+".pem")
	return path, durable.WriteFile(path, content, 0o600)
}

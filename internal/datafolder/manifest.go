package datafolder

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/internal/keyfile"
)

const (
	manifestName   = "manifest.json"
	manifestFormat = 1
	// signedAs keeps a signature of a manifest from being one of anything else.
	signedAs = "wardgate data folder manifest\n"
)

// A manifest is what a data folder must hold. On the disk it is two lines: this,
// and the signature over this line.
type manifest struct {
	Format   int       `json:"format"`
	Written  time.Time `json:"written"`
	Files    []entry   `json:"files"`
	Accepted *Accepted `json:"accepted,omitempty"` // what is still to be journalled
}

// An entry is one file on a manifest.
type entry struct {
	Name   string `json:"name"`
	Rule   Rule   `json:"rule"`
	Size   int64  `json:"size,omitempty"`   // of one that never changes
	SHA256 string `json:"sha256,omitempty"` // of one that never changes
}

// Accepted is a loss that somebody answered for.
type Accepted struct {
	Reason string   `json:"reason"`
	Lost   []string `json:"lost"`
}

type signature struct {
	Key     string `json:"key"`
	Ed25519 string `json:"ed25519"`
}

// errSignature says that a manifest is not what this installation wrote.
var errSignature = errors.New("its signature is not by this installation's key")

// sealKey reads the key that signs, and makes it when it may.
func sealKey(path string, mayMake bool) (ed25519.PrivateKey, error) {
	read := keyfile.Read
	if mayMake {
		read = func(path string) ([]byte, error) { return keyfile.ReadOrMake(path, newSealKey) }
	}
	text, err := read(path)
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(text); block != nil {
		if parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if key, ok := parsed.(ed25519.PrivateKey); ok {
				return key, nil
			}
		}
	}
	return nil, fmt.Errorf("%s: it holds no Ed25519 private key; restore it from a backup", path)
}

func newSealKey() ([]byte, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// fingerprint names a key: the digest of its public half.
func fingerprint(key ed25519.PrivateKey) string {
	sum := sha256.Sum256(key.Public().(ed25519.PublicKey))
	return hex.EncodeToString(sum[:])
}

// write puts a manifest in the place of the old one.
func (d *Folder) write(m *manifest, key ed25519.PrivateKey) error {
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	signed, err := json.Marshal(signature{
		Key: fingerprint(key), Ed25519: base64.StdEncoding.EncodeToString(ed25519.Sign(key, append([]byte(signedAs), line...))),
	})
	if err != nil {
		return err
	}
	if err := durable.WriteFile(d.Path(manifestName), bytes.Join([][]byte{line, signed, nil}, []byte("\n")), 0o600); err != nil {
		return err
	}
	d.listed = m
	return nil
}

// readManifest returns the manifest, or an error that is fs.ErrNotExist.
func (d *Folder) readManifest(key ed25519.PrivateKey) (*manifest, error) {
	raw, err := os.ReadFile(d.Path(manifestName))
	if err != nil {
		return nil, err
	}
	line, rest, _ := bytes.Cut(raw, []byte("\n"))
	var s signature
	if err := json.Unmarshal(bytes.TrimSpace(rest), &s); err != nil {
		return nil, errors.New("it is not whole")
	}
	sum, err := base64.StdEncoding.DecodeString(s.Ed25519)
	if err != nil || !ed25519.Verify(key.Public().(ed25519.PublicKey), append([]byte(signedAs), line...), sum) {
		return nil, errSignature
	}
	var m manifest
	if err := json.Unmarshal(line, &m); err != nil {
		return nil, errors.New("it is not whole")
	}
	if m.Format != manifestFormat {
		return nil, fmt.Errorf("it has format %d, and this program reads format %d; use the program that wrote it", m.Format, manifestFormat)
	}
	return &m, nil
}

// entryOf describes a file that is there.
func entryOf(f *File) (entry, error) {
	e := entry{Name: f.Name, Rule: f.Rule}
	if f.Rule != Fixed {
		return e, nil
	}
	content, err := os.ReadFile(f.Path)
	if err != nil {
		return entry{}, err
	}
	sum := sha256.Sum256(content)
	e.Size, e.SHA256 = int64(len(content)), hex.EncodeToString(sum[:])
	return e, nil
}

func (m *manifest) entry(name string) (entry, bool) {
	if m != nil {
		for _, e := range m.Files {
			if e.Name == name {
				return e, true
			}
		}
	}
	return entry{}, false
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

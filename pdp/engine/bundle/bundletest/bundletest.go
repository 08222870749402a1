// Package bundletest makes the keys with which tests sign rule books.
package bundletest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
)

// A Pair is a key that signs and the one that verifies, as PEM.
type Pair struct{ Private, Public []byte }

// NewPair makes a pair of a new ECDSA key.
func NewPair(t testing.TB) Pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return PairOf(t, key)
}

// PairOf is the pair of a key.
func PairOf(t testing.TB, key crypto.Signer) Pair {
	t.Helper()
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return Pair{
		Private: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		Public:  pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}),
	}
}

// Signer signs with the pair, under a name.
func (p Pair) Signer(t testing.TB, id, scope string) *bundle.Signer {
	t.Helper()
	s, err := bundle.NewSigner(p.Private, id, scope)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Trust believes what the pair signed under a name.
func (p Pair) Trust(t testing.TB, id, scope string) *bundle.Trust {
	t.Helper()
	trust, err := bundle.NewTrust(map[string][]byte{id: p.Public}, scope)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

// Files writes the pair into a folder of the test.
func (p Pair) Files(t testing.TB) (private, public string) {
	t.Helper()
	dir := t.TempDir()
	private, public = filepath.Join(dir, "policy.pem"), filepath.Join(dir, "policy.pub")
	for name, content := range map[string][]byte{private: p.Private, public: p.Public} {
		if err := durable.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return private, public
}

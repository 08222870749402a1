package bundle

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	opa "github.com/open-policy-agent/opa/v1/bundle"
)

// Trust is whose bundles are taken. The zero Trust takes none.
type Trust struct {
	keys  map[string]*opa.KeyConfig
	scope string
}

// NewTrust reads public keys in PEM by key id: ECDSA on P-256, or RSA of at
// least 2048 bits. The key fixes the algorithm, never the token. Bundles must be
// signed for exactly this scope; "" is those without one.
func NewTrust(keys map[string][]byte, scope string) (*Trust, error) {
	t := &Trust{keys: map[string]*opa.KeyConfig{}, scope: scope}
	var faults []error
	for id, text := range keys {
		key, algorithm, err := parsePublic(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("verification key %q: %w", id, err))
			continue
		}
		t.keys[id] = &opa.KeyConfig{Key: string(key), Algorithm: algorithm, Scope: scope}
	}
	if len(keys) == 0 {
		faults = append(faults, errors.New("no verification key is named"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return t, nil
}

var errKey = errors.New("expected a PEM file with an ECDSA key on P-256 or an RSA key of at least 2048 bits")

// parsePublic returns a public key as OPA reads it, and its algorithm.
func parsePublic(text []byte) ([]byte, string, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, "", errKey
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, "", errKey
	}
	algorithm, err := algorithmOf(key)
	return pem.EncodeToMemory(block), algorithm, err
}

func algorithmOf(public any) (string, error) {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			return "ES256", nil
		}
	case *rsa.PublicKey:
		if key.N.BitLen() >= 2048 {
			return "RS256", nil
		}
	}
	return "", errKey
}

// A Signer signs bundles. Printing it shows no secret.
type Signer struct {
	id        string
	scope     string
	algorithm string
	key       crypto.Signer
}

// NewSigner reads a private key in PEM: PKCS #8, or SEC 1 for ECDSA. id is the
// name under which verifiers know its public key.
func NewSigner(text []byte, id, scope string) (*Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errKey
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		parsed, err = x509.ParseECPrivateKey(block.Bytes)
	}
	key, ok := parsed.(crypto.Signer)
	if err != nil || !ok {
		return nil, errKey
	}
	algorithm, err := algorithmOf(key.Public())
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, errors.New("a signing key needs an id, under which its public key is known")
	}
	return &Signer{id: id, scope: scope, algorithm: algorithm, key: key}, nil
}

// String keeps the key out of logs.
func (*Signer) String() string { return "redacted" }

// GoString keeps the key out of logs.
func (*Signer) GoString() string { return "redacted" }

// sign returns a JWS signature (RFC 7518, section 3). Both kinds are
// deterministic (RFC 6979; PKCS #1 v1.5), so that equal books give equal bytes.
func (s *Signer) sign(message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	signature, err := s.key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if s.algorithm == "ES256" {
		return fixedLength(signature)
	}
	return signature, nil
}

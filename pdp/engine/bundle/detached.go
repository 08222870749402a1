package bundle

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
)

// A statement that a person signs about a rule book stands beside it and is no
// bundle. Its first line says what kind it is, which no token of a bundle can begin
// with, so that a signature of one is none of the other.

// KeyID is the name under which verifiers know the signer's public key.
func (s *Signer) KeyID() string { return s.id }

// SignStatement signs a text of that kind, in base64url.
func (s *Signer) SignStatement(kind string, text []byte) (string, error) {
	signature, err := s.sign(statementOf(kind, text))
	return base64.RawURLEncoding.EncodeToString(signature), err
}

func statementOf(kind string, text []byte) []byte {
	return bytes.Join([][]byte{[]byte(kind), text}, []byte("\n"))
}

var errStatement = errors.New("the signature does not hold")

// VerifyStatement reports whether the key of that id signed a text of that kind.
// It returns the key, by which two ids for one key are told.
func (t *Trust) VerifyStatement(kind string, text []byte, id, signature string) (key string, err error) {
	if t == nil || t.keys[id] == nil {
		return "", fmt.Errorf("no key is known by the id %q", id)
	}
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return "", errStatement
	}
	block, _ := pem.Decode([]byte(t.keys[id].Key))
	if block == nil {
		return "", errKey
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return "", errKey
	}
	digest := sha256.Sum256(statementOf(kind, text))
	holds := false
	switch p := public.(type) {
	case *ecdsa.PublicKey:
		holds = len(raw) == 64 && ecdsa.Verify(p, digest[:], new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:]))
	case *rsa.PublicKey:
		holds = rsa.VerifyPKCS1v15(p, crypto.SHA256, digest[:], raw) == nil
	}
	if !holds {
		return "", errStatement
	}
	return string(block.Bytes), nil
}

package model

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// SignManifest returns the detached Ed25519 signature of a manifest's bytes.
// It signs nothing that ParseManifest would refuse.
func SignManifest(key ed25519.PrivateKey, manifest []byte) ([]byte, error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, errors.New("sign manifest: not an Ed25519 private key")
	}
	if _, err := ParseManifest(manifest); err != nil {
		return nil, fmt.Errorf("sign manifest: %w", err)
	}
	return ed25519.Sign(key, manifest), nil
}

// VerifyManifest returns the manifest when signature is genuine. Nothing of
// the bytes is parsed before that.
func VerifyManifest(key ed25519.PublicKey, manifest, signature []byte) (Manifest, error) {
	if len(key) != ed25519.PublicKeySize {
		return Manifest{}, errors.New("verify manifest: not an Ed25519 public key")
	}
	if !ed25519.Verify(key, manifest, signature) {
		return Manifest{}, errors.New("verify manifest: the signature is not genuine")
	}
	return ParseManifest(manifest)
}

// ParsePublicKey reads a PEM block "PUBLIC KEY" that holds an Ed25519 key.
func ParsePublicKey(raw []byte) (ed25519.PublicKey, error) {
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, errors.New("parse public key: expected a PEM block PUBLIC KEY")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parse public key: %w", err)
	}
	public, ok := key.(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("parse public key: not an Ed25519 key")
	}
	return public, nil
}

// ParsePrivateKey reads a PEM block "PRIVATE KEY" that holds an Ed25519 key.
func ParsePrivateKey(raw []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, errors.New("parse private key: expected a PEM block PRIVATE KEY")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		// The cause may quote the block, so that it is not passed on.
		return nil, errors.New("parse private key: not PKCS #8")
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("parse private key: not an Ed25519 key")
	}
	return private, nil
}

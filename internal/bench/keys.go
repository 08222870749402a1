package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"

	"github.com/golang-jwt/jwt/v5"
)

// A signingKey stands for the policy administrator's keys.
type signingKey struct{ private *ecdsa.PrivateKey }

func newSigningKey() (*signingKey, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return &signingKey{private}, err
}

// Key knows the one key.
func (k *signingKey) Key(id string) (crypto.PublicKey, bool) {
	return &k.private.PublicKey, id == "bench"
}

// Generation never changes.
func (*signingKey) Generation() uint64 { return 0 }

func (k *signingKey) sign(c jwt.Claims) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodES256, c)
	t.Header["typ"], t.Header["kid"] = "at+jwt", "bench"
	return t.SignedString(k.private)
}

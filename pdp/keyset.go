package pdp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
)

// A KeySet is a set of public keys (RFC 7517, section 5) that verify ES256
// signatures. It has no place for a private one.
type KeySet struct {
	Keys []PublicKey `json:"keys"`
}

// A PublicKey is one key as RFC 7517 writes it.
type PublicKey struct {
	Type      string `json:"kty"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	ID        string `json:"kid"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	Y         string `json:"y"`
}

// coordinate is the length of one half of a point on P-256.
const coordinate = 32

// NewKeySet writes keys by their ids, sorted.
func NewKeySet(keys map[string]*ecdsa.PublicKey) (KeySet, error) {
	set := KeySet{Keys: make([]PublicKey, 0, len(keys))}
	for _, id := range slices.Sorted(maps.Keys(keys)) {
		point, err := keys[id].Bytes() // 0x04, then X and Y of equal length
		if err != nil || len(point) != 1+2*coordinate {
			return KeySet{}, fmt.Errorf("public key %s is not on P-256", id)
		}
		set.Keys = append(set.Keys, PublicKey{
			Type: "EC", Use: "sig", Algorithm: "ES256", ID: id, Curve: "P-256",
			X: base64.RawURLEncoding.EncodeToString(point[1 : 1+coordinate]),
			Y: base64.RawURLEncoding.EncodeToString(point[1+coordinate:]),
		})
	}
	return set, nil
}

// Public reads the keys by their ids. A set with one faulty key is no set.
func (s KeySet) Public() (map[string]*ecdsa.PublicKey, error) {
	keys := make(map[string]*ecdsa.PublicKey, len(s.Keys))
	for i := range s.Keys {
		k := &s.Keys[i]
		if k.Type != "EC" || k.Use != "sig" || k.Algorithm != "ES256" || k.Curve != "P-256" || k.ID == "" {
			return nil, fmt.Errorf("key %d: expected an ES256 signing key with an id", i)
		}
		if keys[k.ID] != nil {
			return nil, fmt.Errorf("key %d: its id is another key's too", i)
		}
		x, errX := base64.RawURLEncoding.Strict().DecodeString(k.X)
		y, errY := base64.RawURLEncoding.Strict().DecodeString(k.Y)
		if errX != nil || errY != nil || len(x) != coordinate || len(y) != coordinate {
			return nil, fmt.Errorf("key %d: expected the coordinates of a point", i)
		}
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i, err)
		}
		keys[k.ID] = public
	}
	return keys, nil
}

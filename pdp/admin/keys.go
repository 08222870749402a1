package admin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// accessTokenType is the typ header of RFC 9068, section 2.1.
const accessTokenType = "at+jwt"

// Keys holds the keys that sign access tokens (ES256). The newest signs; each
// older one still verifies for as long as a token of its own can live.
type Keys struct {
	dir     string
	outlive time.Duration
	now     func() time.Time

	rotations atomic.Uint64

	mu   sync.RWMutex
	keys []key // oldest first, never empty
}

type key struct {
	id      string
	created time.Time
	private *ecdsa.PrivateKey
	file    string
}

// OpenKeys reads the keys in dir, files of mode 0600, and makes the first one.
// Outlive is how long a key verifies after it was replaced: at least the life
// of a token and the leeway of clocks; 330 seconds when zero. A nil now is the
// wall clock.
func OpenKeys(dir string, outlive time.Duration, now func() time.Time) (*Keys, error) {
	if outlive == 0 {
		outlive = Limits{}.withDefaults().tokenLife()
	}
	if now == nil {
		now = time.Now
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open signing keys: %w", err)
	}
	k := &Keys{dir: dir, outlive: outlive, now: now}
	files, err := filepath.Glob(filepath.Join(dir, "*.pem"))
	if err != nil {
		return nil, fmt.Errorf("open signing keys: %w", err)
	}
	for _, f := range files {
		one, err := readKey(f)
		if err != nil {
			return nil, fmt.Errorf("open signing keys: %w", err)
		}
		k.keys = append(k.keys, one)
	}
	slices.SortFunc(k.keys, func(a, b key) int { return a.created.Compare(b.created) })
	if len(k.keys) == 0 {
		return k, k.Rotate()
	}
	return k, nil
}

// String keeps keys out of logs.
func (*Keys) String() string { return "redacted" }

// Rotate makes a new key, which signs from now on, and removes the keys whose
// last token has expired.
func (k *Keys) Rotate() error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("rotate signing key: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	created := k.now().UTC().Truncate(time.Microsecond)
	if n := len(k.keys); n > 0 && !created.After(k.keys[n-1].created) {
		created = k.keys[n-1].created.Add(time.Microsecond)
	}
	fresh := key{id: rand.Text(), created: created, private: private}
	if fresh.file, err = writeKey(k.dir, fresh); err != nil {
		return fmt.Errorf("rotate signing key: %w", err)
	}
	k.keys = append(k.keys, fresh)
	k.rotations.Add(1)
	return k.prune()
}

func (k *Keys) prune() error {
	var errs []error
	kept := make([]key, 0, len(k.keys))
	for i, one := range k.keys {
		if k.verifies(i) {
			kept = append(kept, one)
			continue
		}
		if err := os.Remove(one.file); err != nil {
			errs = append(errs, fmt.Errorf("remove retired key: %w", err))
		}
	}
	k.keys = kept
	return errors.Join(errs...)
}

// verifies reports whether tokens under the key with index i may still live.
// A key was replaced when its successor was made.
func (k *Keys) verifies(i int) bool {
	return i == len(k.keys)-1 || k.now().Before(k.keys[i+1].created.Add(k.outlive))
}

// Public returns the keys that verify access tokens now, by key id.
func (k *Keys) Public() map[string]*ecdsa.PublicKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	public := make(map[string]*ecdsa.PublicKey, len(k.keys))
	for i, one := range k.keys {
		if k.verifies(i) {
			public[one.id] = &one.private.PublicKey
		}
	}
	return public
}

// A JWK is a public key as RFC 7517 writes it.
type JWK struct {
	Type      string `json:"kty"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	ID        string `json:"kid"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	Y         string `json:"y"`
}

// A JWKS is a set of public keys (RFC 7517, section 5).
type JWKS struct {
	Keys []JWK `json:"keys"`
}

// JWKS returns what Public returns, as a document.
func (k *Keys) JWKS() (JWKS, error) {
	public := k.Public()
	set := JWKS{Keys: make([]JWK, 0, len(public))}
	for _, id := range slices.Sorted(maps.Keys(public)) {
		point, err := public[id].Bytes() // 0x04, then X and Y of equal length
		if err != nil {
			return JWKS{}, fmt.Errorf("public key %s: %w", id, err)
		}
		half := (len(point) - 1) / 2
		set.Keys = append(set.Keys, JWK{
			Type: "EC", Use: "sig", Algorithm: "ES256", ID: id, Curve: "P-256",
			X: base64.RawURLEncoding.EncodeToString(point[1 : 1+half]),
			Y: base64.RawURLEncoding.EncodeToString(point[1+half:]),
		})
	}
	return set, nil
}

func (k *Keys) sign(c jwt.Claims) (string, error) {
	k.mu.RLock()
	newest := k.keys[len(k.keys)-1]
	k.mu.RUnlock()
	t := jwt.NewWithClaims(jwt.SigningMethodES256, c)
	t.Header["typ"] = accessTokenType
	t.Header["kid"] = newest.id
	return t.SignedString(newest.private)
}

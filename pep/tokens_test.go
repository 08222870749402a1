package pep_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// A tokenIssuer stands for the policy administrator: it signs access tokens
// and offers the keys that verify them.
type tokenIssuer struct {
	t       testing.TB
	private *ecdsa.PrivateKey

	mu         sync.Mutex
	keys       map[string]crypto.PublicKey
	generation uint64
	lookups    int
	fixed      string
}

func newTokenIssuer(t testing.TB) *tokenIssuer {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatalf("key: %v", err)
	}
	i := &tokenIssuer{t: t, private: private, generation: 1,
		keys: map[string]crypto.PublicKey{"key-1": &private.PublicKey}}
	i.fixed = i.sign(i.claims(), i.header())
	return i
}

func (i *tokenIssuer) Key(id string) (crypto.PublicKey, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.lookups++
	key, ok := i.keys[id]
	return key, ok
}

func (i *tokenIssuer) Generation() uint64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.generation
}

// retire takes a key away, as a rotation does.
func (i *tokenIssuer) retire(id string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.keys, id)
	i.generation++
}

// checked counts the looks at keys since the last call: none means that a
// token came from the cache.
func (i *tokenIssuer) checked() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := i.lookups
	i.lookups = 0
	return n
}

// good is one token that is valid all through a test.
func (i *tokenIssuer) good() string { return i.fixed }

func (i *tokenIssuer) claims() jwt.MapClaims {
	now := time.Now()
	return jwt.MapClaims{
		"iss": testIssuer, "aud": testAudience, "sub": "account-1", "jti": "token-1",
		"iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "auth_time": now.Unix(),
		"sid": uuid.NewString(), "acr": "aal2", "amr": []string{"pwd", "otp"}, "role": "doctor", "fp": "sealed",
	}
}

func (i *tokenIssuer) header() map[string]any {
	return map[string]any{"typ": "at+jwt", "alg": "ES256", "kid": "key-1"}
}

func (i *tokenIssuer) sign(claims jwt.MapClaims, header map[string]any) string {
	i.t.Helper()
	t := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	t.Header = header
	signed, err := t.SignedString(i.private)
	if err != nil {
		i.t.Fatalf("sign: %v", err)
	}
	return signed
}

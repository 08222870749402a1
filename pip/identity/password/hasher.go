package password

import (
	"golang.org/x/crypto/bcrypt"
)

// A Hasher does the slow work of passwords and codes. There is one real
// implementation; the interface lets a test count the work, because what a
// stranger could tell apart by time is the number of these calls.
type Hasher interface {
	Hash(secret []byte, cost int) ([]byte, error)
	Same(hash, secret []byte) bool
}

// Bcrypt is the real Hasher.
type Bcrypt struct{}

// Hash returns the bcrypt hash. Secrets over 72 bytes are an error.
func (Bcrypt) Hash(secret []byte, cost int) ([]byte, error) {
	return bcrypt.GenerateFromPassword(secret, cost)
}

// Same compares a secret with a hash.
func (Bcrypt) Same(hash, secret []byte) bool {
	return bcrypt.CompareHashAndPassword(hash, secret) == nil
}

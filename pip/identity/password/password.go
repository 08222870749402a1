// Package password says which passwords a person may choose, hashes them, and
// compares them at the same cost whether or not there is an account.
package password

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
	cost      = 12
	minLength = 10
	maxLength = 72 // bytes; bcrypt ignores whatever follows
)

// decoyHash has the cost and the shape of a real hash, and belongs to no
// known password. Comparing with it costs what a real comparison costs.
var decoyHash = []byte("$2a$12$" + strings.Repeat(".", 53))

// ErrMalformed says that a password is too short, too long or holds a NUL byte.
var ErrMalformed = errors.New("a password needs at least 10 characters and at most 72 bytes, without NUL")

// Hash returns the bcrypt hash of a new password, or ErrMalformed. It
// takes a good part of a second of one core; callers with many accounts may
// run it in parallel.
func Hash(password string) (string, error) {
	if len([]rune(password)) < minLength || !hashable(password) {
		return "", ErrMalformed
	}
	return HashWith(Bcrypt{}, password)
}

// HashWith is Hash with another Hasher, for a password that was checked.
func HashWith(h Hasher, password string) (string, error) {
	hash, err := h.Hash([]byte(password), cost)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return string(hash), nil
}

// ErrCommon says that a password is among the first that a guesser tries.
var ErrCommon = errors.New("the password is a common one")

// Check returns ErrMalformed or ErrCommon for what no person may choose.
func Check(password string) error {
	if len([]rune(password)) < minLength || !hashable(password) {
		return ErrMalformed
	}
	if common(password) {
		return ErrCommon
	}
	return nil
}

// hashable reports whether bcrypt sees the whole password. It ignores what
// follows 72 bytes, and repeats a password with a NUL between the copies, so
// that "secret" and "secret\x00secret" would be the same.
func hashable(password string) bool {
	return len(password) <= maxLength && !strings.Contains(password, "\x00")
}

// Same compares with hash, or does the same work in vain when hash is
// empty or the password is not hashable.
func Same(h Hasher, hash, password string) bool {
	if hash == "" || !hashable(password) {
		_ = h.Same(decoyHash, []byte(password[:min(len(password), maxLength)]))
		return false
	}
	return h.Same([]byte(hash), []byte(password))
}

// CheckHash refuses a stored hash that is weaker than Hash makes it.
func CheckHash(hash string) error {
	found, err := bcrypt.Cost([]byte(hash))
	if err != nil {
		return fmt.Errorf("password hash: %w", err)
	}
	if found < cost {
		return fmt.Errorf("password hash: cost %d, at least %d is needed", found, cost)
	}
	return nil
}

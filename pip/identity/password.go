package identity

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
	passwordCost = 12
	minPassword  = 10
	maxPassword  = 72 // bytes; bcrypt ignores whatever follows
)

// nobodysHash has the cost and the shape of a real hash, and belongs to no
// known password. Comparing with it costs what a real comparison costs.
var nobodysHash = []byte("$2a$12$" + strings.Repeat(".", 53))

// ErrPassword says that a password is too short, too long or holds a NUL byte.
var ErrPassword = errors.New("a password needs at least 10 characters and at most 72 bytes, without NUL")

// HashPassword returns the bcrypt hash of a new password, or ErrPassword. It
// takes a good part of a second of one core; callers with many accounts may
// run it in parallel.
func HashPassword(password string) (string, error) {
	if len([]rune(password)) < minPassword || !hashable(password) {
		return "", ErrPassword
	}
	return hashPassword(Bcrypt{}, password)
}

func hashPassword(h Hasher, password string) (string, error) {
	hash, err := h.Hash([]byte(password), passwordCost)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return string(hash), nil
}

// ErrCommon says that a password is among the first that a guesser tries.
var ErrCommon = errors.New("the password is a common one")

// CheckPassword returns ErrPassword or ErrCommon for what no person may choose.
func CheckPassword(password string) error {
	if len([]rune(password)) < minPassword || !hashable(password) {
		return ErrPassword
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
	return len(password) <= maxPassword && !strings.Contains(password, "\x00")
}

// samePassword compares with hash, or does the same work in vain when hash is
// empty or the password is not hashable.
func samePassword(h Hasher, hash, password string) bool {
	if hash == "" || !hashable(password) {
		_ = h.Same(nobodysHash, []byte(password[:min(len(password), maxPassword)]))
		return false
	}
	return h.Same([]byte(hash), []byte(password))
}

// checkHash refuses a stored hash that is weaker than HashPassword makes it.
func checkHash(hash string) error {
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil {
		return fmt.Errorf("password hash: %w", err)
	}
	if cost < passwordCost {
		return fmt.Errorf("password hash: cost %d, at least %d is needed", cost, passwordCost)
	}
	return nil
}

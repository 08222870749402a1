// Package password says which passwords a person may choose, hashes them, and
// compares them at the same cost whether or not there is an account.
package password

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

const (
	minLength = 10
	maxLength = 72 // bytes; bcrypt ignores whatever follows
)

// cost is bcrypt's, of passwords.
var cost = costIn(testing.Testing())

// costIn is 12, a good part of a second of one core, but in programs that `go test`
// built: there thousands of passwords are hashed, and what is tested is how many are.
func costIn(test bool) int {
	if test {
		return bcrypt.MinCost + 1 // one more, so that a weaker hash can be told
	}
	return 12
}

// decoyHash has the cost and the shape of a real hash, and belongs to no
// known password. Comparing with it costs what a real comparison costs.
var decoyHash = fmt.Appendf(nil, "$2a$%02d$%s", cost, strings.Repeat(".", 53))

// ErrMalformed says that a password is too short, too long or holds a control
// character.
var ErrMalformed = errors.New("a password needs at least 10 characters and at most 72 bytes, without control characters")

// Hash returns the bcrypt hash of a new password, or ErrMalformed. It
// takes a good part of a second of one core; callers with many accounts may
// run it in parallel.
func Hash(password string) (string, error) {
	if malformed(Normal(password)) {
		return "", ErrMalformed
	}
	return HashWith(Bcrypt{}, password)
}

// HashWith is Hash with another Hasher, for a password that was checked.
func HashWith(h Hasher, password string) (string, error) {
	hash, err := h.Hash([]byte(Normal(password)), cost)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return string(hash), nil
}

// ErrCommon says that a password is among the first that a guesser tries.
var ErrCommon = errors.New("the password is a common one")

// Check returns ErrMalformed or ErrCommon for what no person may choose.
func Check(password string) error {
	password = Normal(password)
	if malformed(password) {
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

// malformed takes a password in its normal form.
func malformed(password string) bool {
	return len([]rune(password)) < minLength || !hashable(password) || !choosable(password)
}

// Same compares with hash, or does the same work in vain when hash is
// empty or the password is not hashable.
//
// A hash may be older than normal forms: a password that is not in its own is
// compared as it was given too. Both are always compared, so that the time tells
// of what was given, and nothing of the hash.
func Same(h Hasher, hash, password string) bool {
	normal := Normal(password)
	same := sameBytes(h, hash, normal)
	if normal == password {
		return same
	}
	return sameBytes(h, hash, password) || same
}

func sameBytes(h Hasher, hash, password string) bool {
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

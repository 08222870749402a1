// Package keyfile reads and makes files that hold secret keys. A file that others
// may read, that a power cut has emptied, or whose bytes were not drawn by chance is
// refused by its name: such a key protects nothing. It never makes a key in the
// place of one that is there, and never shows a key in an error.
package keyfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/wardgate/wardgate/internal/durable"
)

// What a key file is refused for.
var (
	ErrLoose = errors.New("it can be read by others; mode 0600 is needed")
	ErrEmpty = errors.New("it is empty, as a power cut or a full disk leaves a file; restore it from a backup")
	ErrWeak  = errors.New("it holds no random key (zero bytes, or bytes that repeat); restore it from a backup")
)

// Read returns what a key file holds. An error that is fs.ErrNotExist says that
// there is none.
func Read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s: %w, and its mode is %v", path, ErrLoose, info.Mode().Perm())
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := Check(content); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return content, nil
}

// ReadOrMake is Read, and makes the file first, with mode 0600, when there is
// none. Of two processes that start at once, one makes it and both read it.
func ReadOrMake(path string, content func() ([]byte, error)) ([]byte, error) {
	found, err := Read(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return found, err
	}
	made, err := content()
	if err != nil {
		return nil, err
	}
	if err := durable.CreateFile(path, made, 0o600); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return Read(path)
}

// fewest is how many different bytes a secret has at least. Of 32 that were
// drawn by chance it has fewer once in more than 10^30 times; of as many
// hexadecimal digits, once in more than 10^7.
const fewest = 8

// Check refuses bytes that were not drawn by chance: too few different ones, a part
// that is repeated to the end, or each as far from the one before as that is from
// its own.
func Check(secret []byte) error {
	if len(secret) == 0 {
		return ErrEmpty
	}
	different := map[byte]bool{}
	for _, b := range secret {
		different[b] = true
	}
	if len(different) < min(fewest, len(secret)) || repeats(secret) || counts(secret) {
		return ErrWeak
	}
	return nil
}

// repeats reports whether the first half, or less, makes up all of it.
func repeats(secret []byte) bool {
	for period := 1; period <= len(secret)/2; period++ {
		same := true
		for i := period; i < len(secret) && same; i++ {
			same = secret[i] == secret[i-period]
		}
		if same {
			return true
		}
	}
	return false
}

// counts reports whether the bytes go up or down by one step.
func counts(secret []byte) bool {
	for i := 2; i < len(secret); i++ {
		if secret[i]-secret[i-1] != secret[1]-secret[0] {
			return false
		}
	}
	return len(secret) > 2
}

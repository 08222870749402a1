package config

import (
	"fmt"
	"os"
	"strings"
)

// ReadSecretFile reads a file, and refuses one that others than its owner may read.
func ReadSecretFile(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others: mode %v, 0600 is needed", file, info.Mode().Perm())
	}
	return os.ReadFile(file)
}

// ReadSecret reads the one line of such a file.
func ReadSecret(file string) (string, error) {
	raw, err := ReadSecretFile(file)
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(raw), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("%s is empty", file)
	}
	return secret, nil
}

// OptionalSecret is ReadSecret where a file is named, and "" where none is. The
// key stands in the error.
func OptionalSecret(key, file string) (string, error) {
	if file == "" {
		return "", nil
	}
	secret, err := ReadSecret(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	return secret, nil
}

func authorities(key, file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return pem, nil
}

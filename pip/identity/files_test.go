//go:build !integration

package identity_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStoredFilesHoldNoAddressAndAreTheOwners(t *testing.T) {
	w := newWorld(t)
	w.login()
	for _, name := range []string{"identity.db", "identity.db-wal", "keys/identity-seal.json"} {
		path := filepath.Join(w.dir, name)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{email, passphrase, w.mail.Code(t)} {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s holds a secret in the clear", name)
			}
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got mode %v, want 0600 (%v)", name, info.Mode().Perm(), err)
		}
	}
}

func TestStoredFilesHoldNoSecretOfAnApp(t *testing.T) {
	p := newPhone(t)
	for _, name := range []string{"identity.db", "identity.db-wal"} {
		content, err := os.ReadFile(filepath.Join(p.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{p.secret, p.recovery[0], strings.ReplaceAll(p.recovery[0], "-", "")} {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s holds a secret in the clear", name)
			}
		}
	}
}

func TestStoredFilesHoldNothingOfASignUp(t *testing.T) {
	o := newOffice(t)
	o.signUp(patient("pat"))
	for _, name := range []string{"identity.db", "identity.db-wal"} {
		content, err := os.ReadFile(filepath.Join(o.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"open-sesame", "pat@home.test", fresh, o.mail.Code(t)} {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s holds a secret in the clear", name)
			}
		}
	}
}

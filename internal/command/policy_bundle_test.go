package command_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/command"
	"github.com/wardgate/wardgate/policies"
)

// keyPair writes a signing key and its public key.
func keyPair(t *testing.T) (private, public string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	private = write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	if der, err = x509.MarshalPKIXPublicKey(key.Public()); err != nil {
		t.Fatal(err)
	}
	return private, write(t, "key.pub", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
}

func TestBundleIsSignedAndVerified(t *testing.T) {
	private, public := keyPair(t)
	_, stranger := keyPair(t)
	dir := t.TempDir()
	book := filepath.Join(dir, "policies")
	if err := os.CopyFS(book, policies.FS); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (int, string) {
		var out, errOut bytes.Buffer
		code := command.Run(append([]string{"policy", "bundle"}, args...), &out, &errOut, nil)
		return code, out.String() + errOut.String()
	}
	one, two := filepath.Join(dir, "1.tar.gz"), filepath.Join(dir, "2.tar.gz")
	sign := func(to string) (int, string) {
		return run("--policies", book, "--out", to, "--signing-key", private, "--key-id", "hospital",
			"--scope", "production", "--revision-time", "2026-03-01T12:00:00Z")
	}
	for _, to := range []string{one, two} {
		if code, said := sign(to); code != 0 || !strings.Contains(said, "2026-03-01T12:00:00Z") {
			t.Fatalf("got %d %s", code, said)
		}
	}
	if a, b := read(t, one), read(t, two); !bytes.Equal(a, b) {
		t.Error("equal books give different bundles")
	}
	if code, said := run("--verify", one, "--verification-key", public, "--key-id", "hospital", "--scope", "production"); code != 0 || !strings.Contains(said, "signed by  hospital, for the scope production") {
		t.Errorf("got %d %s", code, said)
	}
	for name, args := range map[string][]string{
		"another key":     {"--verify", one, "--verification-key", stranger, "--key-id", "hospital", "--scope", "production"},
		"another scope":   {"--verify", one, "--verification-key", public, "--key-id", "hospital", "--scope", "test"},
		"no key":          {"--verify", one},
		"no bundle":       {"--verify", public, "--verification-key", public},
		"nothing named":   nil,
		"no signing key":  {"--out", two},
		"public key":      {"--policies", book, "--out", two, "--signing-key", public},
		"verify and sign": {"--verify", one, "--verification-key", public, "--out", two},
	} {
		if code, said := run(args...); code != 1 {
			t.Errorf("%s: got %d %s", name, code, said)
		}
	}
	if err := os.Chmod(private, 0o644); err != nil {
		t.Fatal(err)
	}
	if code, said := sign(two); code != 1 || !strings.Contains(said, "0600") {
		t.Errorf("a key that others can read: got %d %s", code, said)
	}
	if err := os.Chmod(private, 0o600); err != nil {
		t.Fatal(err)
	}

	rights := filepath.Join(book, "authz", "tables", "rights.rego")
	changed := strings.Replace(string(read(t, rights)), `"Billing and Finance": {`, `"Billing and Finance": {"nurse": "department", `, 1)
	if err := os.WriteFile(rights, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(two); err != nil {
		t.Fatal(err)
	}
	if code, said := sign(two); code != 1 || !strings.Contains(said, "no bundle is written") {
		t.Errorf("a book whose tests fail: got %d %s", code, said)
	}
	if _, err := os.Stat(two); err == nil {
		t.Error("a refused book was written")
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

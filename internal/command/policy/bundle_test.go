package policy_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/command"
	"github.com/wardgate/wardgate/internal/command/commandtest"
	"github.com/wardgate/wardgate/pdp/engine/bundle/bundletest"
)

// keyPair writes a signing key and its public key.
func keyPair(t *testing.T) (private, public string) {
	t.Helper()
	return bundletest.NewPair(t).Files(t)
}

func TestBundleIsSignedAndVerified(t *testing.T) {
	private, public := keyPair(t)
	_, stranger := keyPair(t)
	dir := t.TempDir()
	book := commandtest.LeanFolder(t)
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
	if code, said := run("--verify", one, "--verification-key", public, "--key-id", "hospital", "--scope", "production"); code != 0 || !strings.Contains(said, "signed by  hospital, for the scope production") ||
		!strings.Contains(said, "proof      of this book, by this Wardgate's analyser") {
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

	// One word that no test of the rule book asks about.
	place := filepath.Join(book, "authz", "tables", "thresholds.rego")
	before := read(t, place)
	if err := os.WriteFile(place, bytes.Replace(before, []byte(`"elevation_seconds": 300`), []byte(`"elevation_seconds": 30000`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := sign(two + ".2"); code != 1 || !strings.Contains(said, "refuted: never long_elevation") || !strings.Contains(said, "not proved; no bundle is written") {
		t.Errorf("a book that is refuted: got %d %s", code, said)
	}
	if err := os.WriteFile(place, before, 0o600); err != nil {
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

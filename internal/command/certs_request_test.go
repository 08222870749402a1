package command_test

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/command/commandtest"
)

// der is what a file holds (PEM).
func der(t *testing.T, file, kind string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != kind || len(rest) > 0 {
		t.Fatalf("%s is no %s", file, kind)
	}
	return block.Bytes
}

func TestACertificateIsAskedFor(t *testing.T) {
	settings := filepath.Join(t.TempDir(), "wardgate.yaml")
	if err := os.WriteFile(settings, []byte(`pep:
  home: https://home.hospital.example
  hosts: [gate.hospital.example]
applications:
  - {name: imaging, hosts: [imaging.hospital.example], upstreams: ["https://10.0.0.7:8043"]}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"ecdsa", "rsa"} {
		dir := filepath.Join(t.TempDir(), "certs")
		got := commandtest.Run("certs", "request", "--out", dir, "--host", "home.hospital.example", "--host", "10.0.0.5", "--config", settings, "--key", kind)
		if got.Code != 0 {
			t.Fatalf("%s: got %d: %s", kind, got.Code, got.Err)
		}
		file := filepath.Join(dir, "home.hospital.example")
		request, err := x509.ParseCertificateRequest(der(t, file+".csr", "CERTIFICATE REQUEST"))
		if err != nil || request.CheckSignature() != nil {
			t.Fatalf("%s: %v, %v", kind, err, request.CheckSignature())
		}
		if want := []string{"home.hospital.example", "gate.hospital.example", "imaging.hospital.example"}; !slices.Equal(request.DNSNames, want) ||
			len(request.IPAddresses) != 1 || request.IPAddresses[0].String() != "10.0.0.5" {
			t.Errorf("%s: asked for %v and %v", kind, request.DNSNames, request.IPAddresses)
		}
		key, err := x509.ParsePKCS8PrivateKey(der(t, file+".key", "PRIVATE KEY"))
		if err != nil {
			t.Fatal(err)
		}
		if public, is := key.(crypto.Signer).Public().(interface{ Equal(crypto.PublicKey) bool }); !is || !public.Equal(request.PublicKey) {
			t.Errorf("%s: the key is another one", kind)
		}
		if info, err := os.Stat(file + ".key"); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: the key has mode %v, %v", kind, info.Mode(), err)
		}
		if again := commandtest.Run("certs", "request", "--out", dir, "--host", "home.hospital.example"); again.Code != 1 || strings.Count(again.Err, "is not overwritten") != 2 {
			t.Errorf("%s, again: got %d: %s", kind, again.Code, again.Err)
		}
	}
}

func TestCertificatesForNothingAreNotAskedFor(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certs")
	for want, args := range map[string][]string{
		"expected one host at least":   nil,
		`"a b" is neither a host name`: {"--host", "a b"},
		`"*.*.test" is neither`:        {"--host", "*.*.test"},
		`"../x" is neither`:            {"--host", "../x"},
	} {
		if got := commandtest.Run(append([]string{"certs", "request", "--out", dir}, args...)...); got.Code != 1 || !strings.Contains(got.Err, want) {
			t.Errorf("got %d: %s, want it to say %q", got.Code, got.Err, want)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a refused run made the folder")
	}
}

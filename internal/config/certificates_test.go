package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
)

func TestFaultsOfCertificatesAreNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wardgate.yaml")
	if err := os.WriteFile(file, []byte(`pep:
  certificates:
    - certificate: /nowhere/imaging.pem
      key: /nowhere/imaging.key
    - {certificate: /nowhere/lab.pem}
    - {certificate: /nowhere/pharmacy.pem, keys: /nowhere/pharmacy.key}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	err := config.CheckFile(file, nil, nil, true)
	if err == nil {
		t.Fatal("no fault was found")
	}
	for _, want := range []string{
		":2: pep.certificates: it is set without pep.certificate",
		":3: pep.certificates: entry 1: certificate: open /nowhere/imaging.pem",
		":5: pep.certificates: entry 2: expected both, as in {certificate: ",
		`:6: pep.certificates: entry 3: unknown member "keys"; was "key" meant?`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %q", err, want)
		}
	}
}

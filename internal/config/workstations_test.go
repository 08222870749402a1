package config_test

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/clientca/clientcatest"
	"github.com/wardgate/wardgate/internal/config"
)

// What is wrong with the authority for workstations is said at once, by the key's name.
func TestAuthorityForWorkstationsIsTheirOwn(t *testing.T) {
	good := clientcatest.New(t, "wards", nil).File
	folder := t.TempDir()
	raw, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	if err := os.Mkdir(filepath.Join(data, "certs"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, copied := range []string{filepath.Join(folder, "ca.pem"), filepath.Join(data, "certs", "ca.pem")} {
		if err := os.WriteFile(copied, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set := func(c *config.Config) {
		c.PEP.WorkstationCAFile, c.PEP.Home = good, "https://wardgate.test"
		c.PEP.Certificate, c.PEP.Key = "c.pem", "c.key"
	}
	for name, tt := range map[string]struct {
		change func(*config.Config)
		want   []string // "" is none
	}{
		"good":    {func(*config.Config) {}, nil},
		"none":    {func(c *config.Config) { c.PEP.WorkstationCAFile = "" }, nil},
		"no file": {func(c *config.Config) { c.PEP.WorkstationCAFile = folder + "/no.pem" }, []string{"no such file"}},
		"expired": {func(c *config.Config) {
			c.PEP.WorkstationCAFile = clientcatest.New(t, "old", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }).File
		}, []string{"has expired"}},
		"a machine's": {func(c *config.Config) {
			c.PEP.WorkstationCAFile = clientcatest.New(t, "wards", func(c *x509.Certificate) { c.IsCA = false }).File
		}, []string{"not that of an authority"}},
		"of the parts":              {func(c *config.Config) { c.Certificates.Folder = folder }, []string{"the authority of certificates.folder too"}},
		"of the parts, by name":     {func(c *config.Config) { c.Certificates.CA = good }, []string{"the authority of certificates.ca too"}},
		"of the parts, made here":   {func(c *config.Config) { c.Data = data }, []string{"the authority of the parts of Wardgate"}},
		"of callers":                {func(c *config.Config) { c.PDP.ClientCAFile = good }, []string{"the authority of pdp.client_ca_file too"}},
		"of everybody at once":      {func(c *config.Config) { c.PDP.ClientCAFile, c.Data = good, data }, []string{"pdp.client_ca_file", "the parts of Wardgate"}},
		"without TLS, and no home":  {func(c *config.Config) { c.PEP.Certificate, c.PEP.Key, c.PEP.Home = "", "", "" }, []string{"set pep.certificate and pep.key", "set pep.home"}},
		"where no browser comes to": {func(c *config.Config) { c.Roles, c.PEP.Certificate, c.PEP.Key = []string{config.RoleRecords}, "", "" }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := config.Default()
			set(&c)
			tt.change(&c)
			var said []string
			_, err := c.WorkstationAuthority()
			for _, fault := range []error{err, c.Check()} {
				if fault == nil {
					continue
				}
				for line := range strings.SplitSeq(fault.Error(), "\n") {
					if strings.HasPrefix(line, "pep.workstation_ca_file: ") {
						said = append(said, line)
					}
				}
			}
			if len(said) != len(tt.want) {
				t.Fatalf("got %q, want %q", said, tt.want)
			}
			all := strings.Join(said, "\n")
			for _, want := range tt.want {
				if !strings.Contains(all, want) {
					t.Errorf("got %q, want %q", said, want)
				}
			}
		})
	}
}

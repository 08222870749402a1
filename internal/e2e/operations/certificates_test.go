package operations_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/clientca/clientcatest"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// Another program renews certificates while Wardgate serves: each host shows its own, the
// next connection gets the renewed one, and what ends or cannot be read is said.
func TestCertificatesAreRenewedWhileServing(t *testing.T) {
	authority, dir := clientcatest.New(t, "hospital", nil), t.TempDir()
	keep := func(name, host string, ends time.Time) config.Certificate {
		t.Helper()
		made := authority.Issue(name, func(c *x509.Certificate) {
			c.DNSNames, c.NotAfter, c.ExtKeyUsage = []string{host}, ends, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		})
		raw, err := x509.MarshalPKCS8PrivateKey(made.PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		files := config.Certificate{Certificate: filepath.Join(dir, name+".pem"), Key: filepath.Join(dir, name+".key")}
		for file, text := range map[string][]byte{
			files.Certificate: []byte(clientcatest.PEM(made)), files.Key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}),
		} {
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return files
	}
	nextYear := time.Now().AddDate(1, 0, 0)
	home, lab := keep("home", "home.test", nextYear), keep("lab", "lab.test", time.Now().AddDate(0, 0, 10))
	w := rig.New(t, func(c *config.Config) {
		c.PEP.Certificate, c.PEP.Key, c.PEP.Certificates = home.Certificate, home.Key, []config.Certificate{lab}
	})
	shown := func(host string) *x509.Certificate {
		t.Helper()
		c, err := tls.Dial("tcp", strings.TrimPrefix(w.Process.Address(), "https://"), &tls.Config{ServerName: host, InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0]
	}
	if a, b := shown("home.test").DNSNames[0], shown("lab.test").DNSNames[0]; a != "home.test" || b != "lab.test" {
		t.Errorf("got the certificates of %s and %s", a, b)
	}
	if a, b := w.Condition("pep.certificate"), w.Condition("pep.certificates.1"); a != "current" || b != "ends_soon" {
		t.Errorf("they stand %s and %s", a, b)
	}
	keep("lab", "lab.test", nextYear)
	if got := shown("lab.test"); got.NotAfter.Unix() != nextYear.Unix() {
		t.Errorf("after it was renewed, one is shown that ends on %v", got.NotAfter)
	}
	if got := w.Condition("pep.certificates.1"); got != "current" {
		t.Errorf("renewed, it stands %s", got)
	}
	if err := os.WriteFile(home.Certificate, []byte("spoilt"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := shown("home.test").DNSNames[0]; got != "home.test" {
		t.Errorf("got %s, want the last good one", got)
	}
	status, r := w.Ready()
	if status != 200 || r.Detail["pep.certificate"].State != "refused" || w.DegradedMetric("pep.certificate") != "1" {
		t.Errorf("with a spoilt file: %d, %+v", status, r.Detail["pep.certificate"])
	}
	if !strings.Contains(w.Metrics(), `wardgate_certificate_expires_timestamp_seconds{certificate="pep.certificates.1"}`) {
		t.Error("there is no metric of when it ends")
	}
}

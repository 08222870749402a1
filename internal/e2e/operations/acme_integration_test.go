//go:build integration

package operations_test

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/realserver"
)

// An authority issues the certificates of all hosts that are served, and of no other; they
// are there at once after a restart, also while the authority is not.
func TestAnAuthorityIssuesCertificates(t *testing.T) {
	address := rig.Port(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	authority := realserver.StartACME(t, port)
	data := filepath.Join(t.TempDir(), "var")
	begin := func(directory string) *rig.World {
		return rig.New(t, func(c *config.Config) {
			c.Data, c.PEP.Listen, c.PEP.Home = data, address, "https://home.hospital.test"
			c.PEP.Hosts = []string{"home.hospital.test", "Gate.hospital.test"}
			c.TLS.ACME = config.ACME{Directory: directory, CAFile: authority.CAFile, Terms: "accepted"}
		})
	}
	w := begin(authority.Directory)
	roots := authority.Roots()
	verified := func(host string) error {
		c, err := tls.Dial("tcp", address, &tls.Config{ServerName: host, RootCAs: roots, NextProtos: []string{"http/1.1"}})
		if err != nil {
			return err
		}
		return c.Close()
	}
	for patience := time.Now().Add(2 * time.Minute); w.Condition("tls.acme.home.hospital.test") != "current" || w.Condition("tls.acme.gate.hospital.test") != "current"; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(patience) {
			_, r := w.Ready()
			t.Fatalf("they stand %+v", r.Detail)
		}
	}
	for _, host := range []string{"home.hospital.test", "GATE.hospital.test"} {
		if err := verified(host); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, other := range []string{"other.hospital.test", "hospital.test"} {
		if err := verified(other); err == nil {
			t.Errorf("a stranger had a certificate issued for %s", other)
		}
	}
	if c, err := tls.Dial("tcp", address, &tls.Config{ServerName: "home.hospital.test", InsecureSkipVerify: true, NextProtos: []string{"acme-tls/1"}}); err == nil {
		_ = c.Close()
		t.Error("without a question of the authority's there is an answer to it")
	}
	if !strings.Contains(w.Metrics(), `wardgate_issued_certificate_expires_timestamp_seconds{host="home.hospital.test"}`) {
		t.Error("there is no metric of when it ends")
	}
	client := &http.Client{Transport: &http.Transport{
		DialTLSContext: (&tls.Dialer{Config: &tls.Config{ServerName: "home.hospital.test", RootCAs: roots}}).DialContext,
	}}
	defer client.CloseIdleConnections()
	if res, err := client.Get("https://" + address + "/healthz-of-no-route"); err != nil {
		t.Error(err)
	} else if _ = res.Body.Close(); res.TLS == nil && res.StatusCode == 0 {
		t.Error("nothing is served behind it")
	}
	err = filepath.WalkDir(filepath.Join(data, "acme"), func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v", d.Name(), info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	w.Stop()
	w = begin("https://127.0.0.1:1/dir") // an authority that is not there
	for patience := time.Now().Add(time.Minute); verified("home.hospital.test") != nil; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(patience) {
			t.Fatal("after a restart: ", verified("home.hospital.test"))
		}
	}
	w.Stop()
	if _, err := os.Stat(filepath.Join(data, "acme")); errors.Is(err, os.ErrNotExist) {
		t.Error("nothing is kept")
	}
}

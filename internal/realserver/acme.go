package realserver

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// An ACME is an authority that issues certificates (RFC 8555), Pebble, for one test. It looks
// for each host at this machine.
type ACME struct {
	Directory string // URL
	CAFile    string // by which its own certificate is trusted

	t          testing.TB
	management string
}

// StartACME starts an authority that proves hosts on a port of this machine. A test that calls
// it is not parallel. The program was built by .ci/pebble.
func StartACME(t testing.TB, port string) *ACME {
	t.Helper()
	dns, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	management, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	own, err := newCertificate(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	StartProxy(t, "pebble-challtestsrv", nil, "-dnsserver", dns, "-management", "ADDRESS", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "",
		"-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "")
	authority := StartProxy(t, "pebble", map[string]string{"config.json": fmt.Sprintf(`{"pebble": {"listenAddress": "ADDRESS",
		"managementListenAddress": %q, "certificate": %q, "privateKey": %q, "httpPort": 1, "tlsPort": %s}}`, management, own.cert, own.key, port)},
		"-config", filepath.Join("DIR", "config.json"), "-dnsserver", dns, "-strict")
	return &ACME{Directory: "https://" + authority.Address + "/dir", CAFile: own.cert, t: t, management: management}
}

// Roots are by which what it issued is trusted: it makes a root at each start.
func (a *ACME) Roots() *x509.CertPool {
	a.t.Helper()
	own := x509.NewCertPool()
	text, err := os.ReadFile(a.CAFile)
	if err != nil || !own.AppendCertsFromPEM(text) {
		a.t.Fatal("the authority's own certificate cannot be read:", err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: own}}}
	defer client.CloseIdleConnections()
	res, err := client.Get("https://" + a.management + "/roots/0")
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	roots := x509.NewCertPool()
	if text, err = io.ReadAll(res.Body); err != nil || !roots.AppendCertsFromPEM(text) {
		a.t.Fatal("the authority's root cannot be read:", err)
	}
	return roots
}

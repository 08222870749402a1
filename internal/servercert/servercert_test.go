package servercert_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/servercert"
)

// write makes a certificate for these names in files of the pair.
func write(t *testing.T, p servercert.Pair, serial int64, ends time.Time, names ...string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: ends.Add(-time.Hour), NotAfter: ends, DNSNames: names}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{p.Certificate: {Type: "CERTIFICATE", Bytes: der}, p.Key: {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func pair(dir, name string) servercert.Pair {
	return servercert.Pair{Name: name, Certificate: filepath.Join(dir, name+".pem"), Key: filepath.Join(dir, name+".key")}
}

// shown is the serial number of what a client gets that asks for a name.
func shown(t *testing.T, s *servercert.Set, name string) int64 {
	t.Helper()
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	go func() { _ = tls.Server(there, &tls.Config{GetCertificate: s.Get}).Handshake() }()
	c := tls.Client(here, &tls.Config{ServerName: name, InsecureSkipVerify: true})
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func TestEachNameHasItsCertificate(t *testing.T) {
	dir := t.TempDir()
	first, wild, exact := pair(dir, "first"), pair(dir, "wild"), pair(dir, "exact")
	hour := time.Now().Add(time.Hour)
	write(t, first, 1, hour, "home.test")
	write(t, wild, 2, hour, "*.apps.test")
	write(t, exact, 3, hour, "lab.test", "LIS.test")
	s, err := servercert.Open(first, wild, exact)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int64{
		"home.test": 1, "pacs.apps.test": 2, "lab.test": 3, "lis.TEST": 3, // as asked for
		"": 1, "other.test": 1, "apps.test": 1, "a.b.apps.test": 1, "x.lab.test": 1, // none is made for these
	} {
		if got := shown(t, s, name); got != want {
			t.Errorf("%q: got certificate %d, want %d", name, got, want)
		}
	}
}

// What another program renews is shown to the next client. What it has half written is not:
// the last good one is, and it is said.
func TestRenewedCertificatesAreShown(t *testing.T) {
	dir := t.TempDir()
	first, second := pair(dir, "first"), pair(dir, "second")
	soon, later := time.Now().Add(time.Hour), time.Now().Add(3*time.Hour)
	write(t, first, 1, soon, "home.test")
	write(t, second, 2, soon, "lab.test")
	s, err := servercert.Open(first, second)
	if err != nil {
		t.Fatal(err)
	}
	half := pair(t.TempDir(), "second")
	write(t, half, 4, later, "lab.test")
	text, err := os.ReadFile(half.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(second.Certificate, append(text, '\n'), 0o600); err != nil { // the key is still the old one's
		t.Fatal(err)
	}
	if got := shown(t, s, "lab.test"); got != 2 {
		t.Errorf("half renewed: got certificate %d, want the old one", got)
	}
	standing := s.Standing()
	if standing[0].Fault != nil || standing[1].Fault == nil || standing[1].Expires.After(soon) {
		t.Errorf("half renewed: it stands %+v", standing)
	}
	write(t, second, 3, later, "lab.test")
	if got := shown(t, s, "lab.test"); got != 3 {
		t.Errorf("renewed: got certificate %d, want the new one", got)
	}
	if got := s.Standing(); got[1].Fault != nil || got[1].Expires.Before(soon) || got[0].Expires.After(soon) {
		t.Errorf("renewed: it stands %+v", got)
	}
	if err := os.Remove(second.Key); err != nil {
		t.Fatal(err)
	}
	if got := shown(t, s, "lab.test"); got != 3 || s.Standing()[1].Fault == nil {
		t.Errorf("its key is gone: got certificate %d, and it stands %+v", got, s.Standing()[1])
	}
}

func TestAllFaultyPairsAreNamed(t *testing.T) {
	dir := t.TempDir()
	good := pair(dir, "good")
	write(t, good, 1, time.Now().Add(time.Hour), "home.test")
	swapped := servercert.Pair{Name: "swapped", Certificate: good.Key, Key: good.Certificate}
	_, err := servercert.Open(good, pair(dir, "missing"), swapped)
	for _, want := range []string{"missing: open ", "swapped: "} {
		if err == nil || !slices.ContainsFunc(strings.Split(err.Error(), "\n"), func(line string) bool { return strings.HasPrefix(line, want) }) {
			t.Errorf("got %v, want a line that begins with %q", err, want)
		}
	}
	if _, err := servercert.Open(); err == nil {
		t.Error("no certificate is one")
	}
}

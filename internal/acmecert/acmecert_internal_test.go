package acmecert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/acme/autocert"
)

// unreachable has an authority that is not there.
func unreachable(t *testing.T, hosts ...string) (*Certificates, *[]string) {
	t.Helper()
	served := &hosts
	return New(Config{
		Directory: "https://127.0.0.1:1/dir", Folder: t.TempDir(), Hosts: func() []string { return *served }, Log: slog.New(slog.DiscardHandler),
	}), served
}

func issued(t *testing.T, begins, ends time.Time) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: begins, NotAfter: ends, DNSNames: []string{"home.hospital.test"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func hello(name string, protocols ...string) *tls.ClientHelloInfo {
	return &tls.ClientHelloInfo{
		ServerName: name, SupportedProtos: protocols, SupportedVersions: []uint16{tls.VersionTLS13},
		SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256}, SupportedCurves: []tls.CurveID{tls.CurveP256},
	}
}

// What the disk does not take is kept while the process runs, and it is said.
func TestWhatTheDiskDoesNotTakeIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "no-folder")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := &cache{folder: filepath.Join(file, "acme")}
	if _, err := c.Get(t.Context(), "home.hospital.test"); err == nil {
		t.Error("there is something before anything was put")
	}
	if err := c.Put(t.Context(), "home.hospital.test", []byte("issued")); err != nil || c.standing() == nil {
		t.Errorf("got %v, and it stands well: %t", err, c.standing() == nil)
	}
	if got, err := c.Get(t.Context(), "home.hospital.test"); err != nil || string(got) != "issued" {
		t.Errorf("got %q, %v", got, err)
	}
	c.folder = filepath.Join(t.TempDir(), "acme")
	if err := c.Put(t.Context(), "home.hospital.test", []byte("renewed")); err != nil || c.standing() != nil {
		t.Errorf("got %v, %v", err, c.standing())
	}
	if got, err := (&cache{folder: c.folder}).Get(t.Context(), "home.hospital.test"); err != nil || string(got) != "renewed" {
		t.Errorf("after a restart: got %q, %v", got, err)
	}
	if err := os.WriteFile(filepath.Join(c.folder, "acme_account+key"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(t.Context(), "acme_account+key"); !errors.Is(err, autocert.ErrCacheMiss) {
		t.Errorf("an empty file: got %v", err)
	}
}

// An authority that fails is asked less and less often, and says why for each host.
func TestAFailingAuthorityIsAskedLessOften(t *testing.T) {
	s, served := unreachable(t, "home.hospital.test", "lab.hospital.test")
	now := time.Now()
	if due := s.due(now); !slices.Equal(due, *served) {
		t.Fatalf("due are %q", due)
	}
	var waits []time.Duration
	for range 9 {
		before := time.Now()
		s.ask("home.hospital.test")
		waits = append(waits, s.hosts["home.hospital.test"].next.Sub(before).Round(time.Minute))
	}
	if !slices.IsSorted(waits) || waits[0] != leastWait || waits[8] != mostWait {
		t.Errorf("it waits %v", waits)
	}
	if due := s.due(now); !slices.Equal(due, []string{"lab.hospital.test"}) {
		t.Errorf("due are %q", due)
	}
	standing := s.Standing()
	if standing[0].Fault == nil || errors.Is(standing[0].Fault, errNone) || !errors.Is(standing[1].Fault, errNone) || !standing[0].Expires.IsZero() {
		t.Errorf("they stand %+v", standing)
	}
}

// A client has nothing issued: it gets what is held for its name, or nothing.
func TestClientsHaveNothingIssued(t *testing.T) {
	s, served := unreachable(t, "home.hospital.test")
	now := time.Now()
	s.due(now)
	held := issued(t, now.Add(-time.Hour), now.Add(24*time.Hour))
	s.hosts["home.hospital.test"].held = held
	for name, want := range map[string]*tls.Certificate{
		"home.hospital.test": held, "HOME.hospital.test.": held, "other.hospital.test": nil, "": nil,
	} {
		if got, err := s.Get(hello(name, "h2", "http/1.1")); err != nil || got != want {
			t.Errorf("%q: got %v, %v", name, got != nil, err)
		}
	}
	if got, err := s.Get(&tls.ClientHelloInfo{ServerName: "home.hospital.test", SignatureSchemes: []tls.SignatureScheme{tls.PKCS1WithSHA256}, SupportedVersions: []uint16{tls.VersionTLS12}}); err != nil || got != nil {
		t.Error("a client gets a certificate that it can do nothing with")
	}
	if got, err := s.Get(hello("home.hospital.test", Protocol)); err == nil || got != nil {
		t.Error("the authority's question is answered though it asked nothing")
	}
	// A name that is no host's is not even read, however much work it would be.
	if got, err := s.Get(hello(strings.Repeat("\u6f22", 20_000)+".a", Protocol)); err != nil || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if len(s.hosts) != 1 {
		t.Errorf("clients made %d hosts", len(s.hosts)-1)
	}
	gone := s.hosts["home.hospital.test"]
	*served = nil // it is served no more
	s.due(now)
	if got, _ := s.Get(hello("home.hospital.test")); got != nil {
		t.Error("a host that is served no more has a certificate")
	}
	if !gone.gone.Load() {
		t.Error("the authority is asked for it still")
	}
}

// One that is in the last part of its life was not renewed, whatever it was issued for.
func TestWhatWasNotRenewedIsSaid(t *testing.T) {
	s, _ := unreachable(t, "home.hospital.test")
	now := time.Now()
	s.due(now)
	for name, tt := range map[string]struct {
		begins, ends time.Duration
		want         error
	}{
		"a day, of which most is left":      {-time.Hour, 23 * time.Hour, nil},
		"a day, of which little is left":    {-20 * time.Hour, 4 * time.Hour, errLate},
		"90 days, of which 29 are left":     {-61 * 24 * time.Hour, 29 * 24 * time.Hour, nil},
		"90 days, of which a few is left":   {-80 * 24 * time.Hour, 10 * 24 * time.Hour, errLate},
		"a year, of which 30 days are left": {-335 * 24 * time.Hour, 30 * 24 * time.Hour, nil},
		"a year, of which 20 days are left": {-345 * 24 * time.Hour, 20 * 24 * time.Hour, errLate},
		"over":                              {-48 * time.Hour, -time.Hour, errLate},
	} {
		s.hosts["home.hospital.test"].held = issued(t, now.Add(tt.begins), now.Add(tt.ends))
		if got := s.Standing()[0].Fault; !errors.Is(got, tt.want) {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}

package clientca_test

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/clientca"
	"github.com/wardgate/wardgate/internal/clientca/clientcatest"
	"github.com/wardgate/wardgate/internal/serve"
)

func open(t *testing.T, file string) *clientca.Authority {
	t.Helper()
	a, err := clientca.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestCertificateIsWholeOrNone(t *testing.T) {
	ours, others := clientcatest.New(t, "wards", nil), clientcatest.New(t, "wards", nil) // the same name
	a := open(t, ours.File)
	good := ours.Issue("bay 1", nil)
	name, err := a.Named(clientcatest.PEM(good), time.Now())
	if err != nil || len(name) != 64 {
		t.Fatalf("got %q, %v", name, err)
	}
	renewed := ours.IssueFor("bay 1, the next year", good.PrivateKey.(*ecdsa.PrivateKey), nil)
	if got, err := a.Named(clientcatest.PEM(renewed), time.Now()); got != name || err != nil {
		t.Errorf("renewed: got %q, %v, want the same machine", got, err)
	}
	if got, err := a.Named(clientcatest.PEM(ours.Issue("bay 1", nil)), time.Now()); got == name || err != nil {
		t.Errorf("another key of that name: got %q, %v", got, err)
	}
	for want, one := range map[string]tls.Certificate{
		"another authority":     others.Issue("bay 1", nil),
		"expired":               ours.Issue("bay 1", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Second) }),
		"not valid yet":         ours.Issue("bay 1", func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }),
		"purposes do not name":  ours.Issue("bay 1", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }),
		"do not name client":    ours.Issue("bay 1", func(c *x509.Certificate) { c.ExtKeyUsage = nil }),
		"client authentication": ours.Issue("bay 1", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }),
		"that of an authority":  ours.Issue("bay 1", func(c *x509.Certificate) { c.IsCA = true }),
		"unhandled critical":    ours.Issue("bay 1", critical),
	} {
		if got, err := a.Named(clientcatest.PEM(one), time.Now()); got != "" || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %q, %v", want, got, err)
		}
	}
	for _, text := range []string{"", " ", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		strings.ReplaceAll(clientcatest.PEM(good), "CERTIFICATE", "PRIVATE KEY"), clientcatest.PEM(good) + "x"} {
		if got, err := a.Named(text, time.Now()); got != "" || err == nil {
			t.Errorf("%q: got %q", text, got)
		}
	}
}

// critical adds an extension that nothing here understands.
func critical(c *x509.Certificate) {
	c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}})
}

func TestAuthorityThatIsNoneIsNamed(t *testing.T) {
	leaf := filepath.Join(t.TempDir(), "leaf.pem")
	write := func(file, text string) string {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for name, tt := range map[string]struct{ file, want string }{
		"no file":      {filepath.Join(t.TempDir(), "none.pem"), "no such file"},
		"a folder":     {t.TempDir(), "is a directory"},
		"empty":        {write(filepath.Join(t.TempDir(), "empty.pem"), "\n"), "it is empty"},
		"no PEM":       {write(filepath.Join(t.TempDir(), "text.pem"), "hello"), "no PEM"},
		"a key":        {write(filepath.Join(t.TempDir(), "key.pem"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "it holds a PRIVATE KEY"},
		"a machine's":  {write(leaf, clientcatest.PEM(clientcatest.New(t, "x", nil).Issue("bay 1", nil))), "not that of an authority"},
		"expired":      {clientcatest.New(t, "x", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }).File, "has expired"},
		"may not sign": {clientcatest.New(t, "x", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }).File, "may not sign"},
	} {
		if a, err := clientca.Open(tt.file); a != nil || err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.file) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

func TestChangedFileIsReadAgain(t *testing.T) {
	first, second := clientcatest.New(t, "first", nil), clientcatest.New(t, "second, of another length", nil)
	a := open(t, first.File)
	old, renewed := clientcatest.PEM(first.Issue("bay 1", nil)), clientcatest.PEM(second.Issue("bay 1", nil))
	known := func(text string) bool { _, err := a.Named(text, time.Now()); return err == nil }
	first.Rewrite(first, second)
	if !known(old) || !known(renewed) {
		t.Error("both count while both are in the file")
	}
	first.Rewrite(second)
	if known(old) || !known(renewed) {
		t.Error("what was taken out of the file counts, or what is in it does not")
	}
	if err := os.WriteFile(first.File, []byte("half of a"), 0o600); err != nil {
		t.Fatal(err)
	}
	if known(old) || !known(renewed) {
		t.Error("a file that is half written took the last good one's place")
	}
}

// A browser without a certificate, or with one that counts for nothing, is served as any
// other, and one with a certificate is known on each connection by the key alone: a
// session ticket stands for none.
func TestConnectionsAreServedAndMachinesKnown(t *testing.T) {
	ours := clientcatest.New(t, "wards", nil)
	a := open(t, ours.File)
	own := clientcatest.New(t, "server", nil)
	server := own.Issue("server", func(c *x509.Certificate) {
		c.DNSNames, c.ExtKeyUsage = []string{"wardgate.test"}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	})
	good := ours.Issue("bay 1", nil)
	want, err := a.Named(clientcatest.PEM(good), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := a.Asking(&tls.Config{Certificates: []tls.Certificate{server}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	s := serve.Edge("pep", l, config, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resumed := ""
		if r.TLS.DidResume {
			resumed = " resumed"
		}
		_, _ = io.WriteString(w, a.Of(r.TLS, time.Now())+resumed)
	}), slog.New(slog.DiscardHandler))
	go func() { _ = s.Service.Serve(s.Listener) }()
	t.Cleanup(func() { _ = s.Service.Close() })

	tickets := tls.NewLRUClientSessionCache(8)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, tt := range []struct {
			name, want string
			shown      *tls.Certificate
			tickets    tls.ClientSessionCache
		}{
			{"its certificate", want, &good, tickets},
			{"its certificate, and a ticket", want, &good, tickets},
			{"its ticket, and no key", "", nil, tickets},
			{"none, resumed", " resumed", nil, tickets},
			{"none", "", nil, nil},
			{"another authority's", "", ptr(own.Issue("bay 1", nil)), nil},
			{"one that has expired", "", ptr(ours.Issue("bay 1", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })), nil},
			{"one for servers", "", ptr(ours.Issue("bay 1", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })), nil},
		} {
			c := &tls.Config{InsecureSkipVerify: true, ServerName: "wardgate.test", MinVersion: version, MaxVersion: version, ClientSessionCache: tt.tickets}
			if tt.shown != nil {
				c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return tt.shown, nil }
			}
			transport := &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true}
			res, err := (&http.Client{Transport: transport}).Get("https://" + l.Addr().String())
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
				continue
			}
			got, _ := io.ReadAll(res.Body)
			res.Body.Close()
			transport.CloseIdleConnections()
			if string(got) != tt.want {
				t.Errorf("TLS %x, %s: got %q, want %q", version, tt.name, got, tt.want)
			}
		}
	}
}

// A copy of a certificate without its key proves nothing: no connection comes about.
func TestCertificateWithoutItsKeyIsNone(t *testing.T) {
	ours := clientcatest.New(t, "wards", nil)
	stolen, other := ours.Issue("bay 1", nil), ours.Issue("thief", nil)
	stolen.PrivateKey = other.PrivateKey
	config := open(t, ours.File).Asking(&tls.Config{Certificates: []tls.Certificate{ours.Issue("server", nil)}})
	if err := shake(t, config, &stolen); err == nil {
		t.Error("a certificate was taken without its key")
	}
}

// What is shown is bounded: it is kept for each connection of anybody.
func TestTooManyCertificatesAreRefused(t *testing.T) {
	ours := clientcatest.New(t, "wards", nil)
	server := ours.Issue("server", nil)
	config := open(t, ours.File).Asking(&tls.Config{Certificates: []tls.Certificate{server}})
	huge := ours.Issue("bay 1", func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Value: make([]byte, 12<<10)})
	})
	many := func(n int) *tls.Certificate {
		c := ours.Issue("bay 1", nil)
		for len(c.Certificate) < n {
			c.Certificate = append(c.Certificate, server.Certificate[0])
		}
		return &c
	}
	for name, tt := range map[string]struct {
		shown *tls.Certificate
		taken bool
	}{"four": {many(4), true}, "five": {many(5), false}, "a huge one": {&huge, false}} {
		if err := shake(t, config, tt.shown); (err == nil) != tt.taken {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// shake is what a server says of a client that shows a certificate.
func shake(t *testing.T, server *tls.Config, shown *tls.Certificate) error {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		near, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			return
		}
		defer near.Close()
		_ = tls.Client(near, &tls.Config{InsecureSkipVerify: true, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return shown, nil
		}}).Handshake()
		_, _ = io.Copy(io.Discard, near) // the alert, or a ticket
	}()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	return tls.Server(far, server).Handshake()
}

func ptr(c tls.Certificate) *tls.Certificate { return &c }

func TestSharedAuthorityIsNamed(t *testing.T) {
	one, other := clientcatest.New(t, "one", nil), clientcatest.New(t, "other", nil)
	got := clientca.Shared(one.File, map[string]string{"a": other.File, "b": one.File, "c": "/no/such/file"})
	if len(got) != 1 || got[0] != "b" {
		t.Errorf("got %v", got)
	}
	other.Rewrite(other, one)
	if got := clientca.Shared(one.File, map[string]string{"a": other.File}); len(got) != 1 {
		t.Errorf("one of two: got %v", got)
	}
}

// An authority under another is its part: a machine of the one that shows both certificates
// is known to the other.
func TestAuthorityUnderAnotherIsShared(t *testing.T) {
	hospital := clientcatest.New(t, "hospital", nil)
	wards := hospital.Under("wards")
	known, err := clientca.Open(hospital.File)
	if err != nil {
		t.Fatal(err)
	}
	chain := []*x509.Certificate{wards.Issue("bay 1", nil).Leaf, wards.Certificate()}
	if key, err := known.Key(chain, time.Now()); err != nil || key == "" {
		t.Fatalf("the chain does not hold: %v", err)
	}
	for name, of := range map[string][2]string{"wards of callers": {wards.File, hospital.File}, "callers of wards": {hospital.File, wards.File}} {
		if got := clientca.Shared(of[0], map[string]string{"a": of[1]}); len(got) != 1 {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if got := clientca.Shared(wards.File, map[string]string{"a": hospital.Under("callers").File}); len(got) != 0 {
		t.Errorf("beside each other: got %v", got)
	}
}

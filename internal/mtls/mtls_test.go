package mtls_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/mtls"
)

func open(t *testing.T, dir string) *mtls.Authority {
	t.Helper()
	a, err := mtls.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func issue(t *testing.T, a *mtls.Authority, name string) *mtls.Part {
	t.Helper()
	p, err := a.Issue(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func client(t *testing.T, p *mtls.Part, server string) *tls.Config {
	t.Helper()
	c, err := p.Client(server)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func server(t *testing.T, p *mtls.Part, caller string) *tls.Config {
	t.Helper()
	c, err := p.Server(caller)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// speak reports whether a client gets a byte through to a server and back.
func speak(t *testing.T, from, to *tls.Config) bool {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", to)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		_, _ = io.CopyN(conn, conn, 1)
	}()
	defer func() { _ = l.Close(); <-done }()
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: time.Minute}, "tcp", l.Addr().String(), from)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Write([]byte{7}); err != nil {
		return false
	}
	var b [1]byte
	_, err = io.ReadFull(conn, b[:])
	return err == nil && b[0] == 7
}

// A certificate that the tests sign themselves, with the authority's own key
// or with one of their own.
type forgery struct {
	uris      []string
	names     []string
	notBefore time.Duration
	notAfter  time.Duration
	isCA      bool
	usage     []x509.ExtKeyUsage
	selfMade  bool
}

func (f forgery) config(t *testing.T, dir string) *tls.Config {
	t.Helper()
	authority, err := tls.LoadX509KeyPair(filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(f.notBefore), NotAfter: time.Now().Add(f.notAfter),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: f.usage, DNSNames: f.names, BasicConstraintsValid: true, IsCA: f.isCA,
	}
	for _, raw := range f.uris {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		template.URIs = append(template.URIs, u)
	}
	parent, signer := authority.Leaf, authority.PrivateKey
	if f.selfMade {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{
		InsecureSkipVerify: true, // the client forges: whom it speaks to is not its concern
		Certificates:       []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
	}
}

// TestOnlyTheNamedCallerGetsIn dials a service with each kind of certificate.
func TestOnlyTheNamedCallerGetsIn(t *testing.T) {
	const pep = "spiffe://wardgate.internal/pep"
	dir := t.TempDir()
	ours, others := open(t, dir), open(t, t.TempDir())
	records := server(t, issue(t, ours, "records"), "pep")
	both := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	good := forgery{uris: []string{pep}, notBefore: -time.Hour, notAfter: time.Hour, usage: both}
	forged := func(change func(*forgery)) *tls.Config {
		f := good
		change(&f)
		return f.config(t, dir)
	}
	foreign := client(t, issue(t, others, "pep"), "records")
	foreign.InsecureSkipVerify, foreign.VerifyPeerCertificate = true, nil
	for name, test := range map[string]struct {
		from *tls.Config
		want bool
	}{
		"the PEP":                 {client(t, issue(t, ours, "pep"), "records"), true},
		"the template of a PEP":   {forged(func(*forgery) {}), true},
		"another part":            {client(t, issue(t, ours, "inference"), "records"), false},
		"records itself":          {client(t, issue(t, ours, "records"), "records"), false},
		"a PEP of another house":  {foreign, false},
		"no certificate":          {&tls.Config{InsecureSkipVerify: true}, false},
		"self-signed":             {forged(func(f *forgery) { f.selfMade = true }), false},
		"expired":                 {forged(func(f *forgery) { f.notAfter = -time.Minute }), false},
		"not yet valid":           {forged(func(f *forgery) { f.notBefore, f.notAfter = time.Hour, 2*time.Hour }), false},
		"no name":                 {forged(func(f *forgery) { f.uris = nil }), false},
		"name in DNS alone":       {forged(func(f *forgery) { f.uris, f.names = nil, []string{"pep", "wardgate.internal"} }), false},
		"name below the PEP's":    {forged(func(f *forgery) { f.uris = []string{pep + "/x"} }), false},
		"name with a prefix":      {forged(func(f *forgery) { f.uris = []string{pep + "2"} }), false},
		"name in another case":    {forged(func(f *forgery) { f.uris = []string{"spiffe://wardgate.internal/PEP"} }), false},
		"name in another domain":  {forged(func(f *forgery) { f.uris = []string{"spiffe://evil.internal/pep"} }), false},
		"name of another scheme":  {forged(func(f *forgery) { f.uris = []string{"https://wardgate.internal/pep"} }), false},
		"two names":               {forged(func(f *forgery) { f.uris = []string{"spiffe://wardgate.internal/x", pep} }), false},
		"an authority of its own": {forged(func(f *forgery) { f.isCA = true }), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := speak(t, test.from, records); got != test.want {
				t.Errorf("got through: %t, want %t", got, test.want)
			}
		})
	}
}

func TestPlainClientGetsNothing(t *testing.T) {
	a := open(t, t.TempDir())
	l, err := tls.Listen("tcp", "127.0.0.1:0", server(t, issue(t, a, "records"), "pep"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		if conn, err := l.Accept(); err == nil {
			_, _ = io.Copy(conn, conn)
			_ = conn.Close()
		}
	}()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(conn); len(got) > 0 && got[0] != 21 { // a TLS alert is all that may come
		t.Errorf("got %q", got)
	}
}

// TestTheCallerKnowsWhomItCalls is the other direction: the enforcement point
// hands requests to no impostor.
func TestTheCallerKnowsWhomItCalls(t *testing.T) {
	ours, others := open(t, t.TempDir()), open(t, t.TempDir())
	from := client(t, issue(t, ours, "pep"), "records")
	for name, test := range map[string]struct {
		to   *tls.Config
		want bool
	}{
		"records":                  {server(t, issue(t, ours, "records"), "pep"), true},
		"inference":                {server(t, issue(t, ours, "inference"), "pep"), false},
		"records of another house": {server(t, issue(t, others, "records"), "pep"), false},
	} {
		if got := speak(t, from, test.to); got != test.want {
			t.Errorf("%s: got through: %t, want %t", name, got, test.want)
		}
	}
	old := from.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	if speak(t, old, server(t, issue(t, ours, "records"), "pep")) {
		t.Error("TLS 1.2 was spoken")
	}
}

func TestOpenKeepsTheAuthority(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir)
	info, err := os.Stat(filepath.Join(dir, "ca.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("ca.key: %v, %v", info, err)
	}
	second := open(t, dir)
	if !speak(t, client(t, issue(t, second, "pep"), "records"), server(t, issue(t, first, "records"), "pep")) {
		t.Error("opened again it is another authority")
	}
	if err := os.Remove(filepath.Join(dir, "ca.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := mtls.Open(dir); err == nil {
		t.Error("half an authority was opened")
	}
}

func TestNamesThatAreNone(t *testing.T) {
	a := open(t, t.TempDir())
	part := issue(t, a, "pep")
	for _, name := range []string{"", "/", "a/b", "..", "a b", "ä"} {
		_, issued := a.Issue(name)
		_, served := part.Server(name)
		_, called := part.Client(name)
		if issued == nil || served == nil || called == nil {
			t.Errorf("%q: %v, %v, %v, want errors", name, issued, served, called)
		}
	}
}

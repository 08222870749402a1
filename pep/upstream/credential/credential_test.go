package credential_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/pep/upstream/credential"
)

func write(t *testing.T, file, text string) string {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func in(t *testing.T, name, text string) string {
	return write(t, filepath.Join(t.TempDir(), name), text)
}

// A last is the end of the line: it keeps what was sent.
type last struct{ got http.Header }

func (l *last) RoundTrip(r *http.Request) (*http.Response, error) {
	l.got = r.Header
	return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
}

// sent is what an application gets of a request by these credentials.
func sent(t *testing.T, c *credential.Credentials, header http.Header) http.Header {
	t.Helper()
	end := &last{}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://app.test/", nil)
	r.Header = header
	if _, err := c.Over(end).RoundTrip(r); err != nil {
		t.Fatal(err)
	}
	return end.got
}

// TestOneHeaderGoesOut: the configured one, whatever stood there in any spelling, and the
// request that was given stays as it was.
func TestOneHeaderGoesOut(t *testing.T) {
	for name, tt := range map[string]struct {
		files credential.Files
		want  string
	}{
		"basic":               {credential.Files{Basic: in(t, "a", "pacs:hush: twice\r\n")}, "Basic cGFjczpodXNoOiB0d2ljZQ=="},
		"beyond ASCII":        {credential.Files{Basic: in(t, "a", "pacs:pässwörd\n")}, "Basic cGFjczpww6Rzc3fDtnJk"},
		"an empty password":   {credential.Files{Basic: in(t, "a", "pacs:")}, "Basic cGFjczo="},
		"bearer":              {credential.Files{Bearer: in(t, "a", "aB0-._~+/==\n")}, "Bearer aB0-._~+/=="},
		"a certificate alone": {pair(t, t.TempDir(), "a", time.Hour), ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := credential.Open(tt.files, os.ReadFile)
			if err != nil {
				t.Fatal(err)
			}
			given := http.Header{"Accept": {"*/*"}}
			if tt.want != "" {
				given["Authorization"], given["authorization"] = []string{"forged"}, []string{"forged"}
			}
			before := len(given)
			got := sent(t, c, given)
			if got.Get("Authorization") != tt.want || len(got["authorization"]) > 0 || got.Get("Accept") == "" || len(given) != before {
				t.Errorf("got %v of %v", got, given)
			}
		})
	}
}

// TestFaultsRepeatNoSecret: all at once, by file.
func TestFaultsRepeatNoSecret(t *testing.T) {
	good := pair(t, t.TempDir(), "good", time.Hour)
	other := pair(t, t.TempDir(), "other", time.Hour)
	for name, tt := range map[string]struct {
		files credential.Files
		want  []string
	}{
		"no colon":          {credential.Files{Basic: in(t, "a", "hush")}, []string{"basic_file: expected one line: a user"}},
		"no user":           {credential.Files{Basic: in(t, "a", ":hush")}, []string{"basic_file: expected one line"}},
		"two lines":         {credential.Files{Basic: in(t, "a", "pacs:hush\nX-Admin: hush")}, []string{"basic_file: expected one line"}},
		"empty":             {credential.Files{Basic: in(t, "a", "")}, []string{"basic_file: expected one line"}},
		"no text":           {credential.Files{Basic: in(t, "a", "pacs:hush\xff")}, []string{"basic_file: expected one line"}},
		"a whole header":    {credential.Files{Bearer: in(t, "a", "Bearer hush")}, []string{"bearer_file: expected one line: a token"}},
		"a token too long":  {credential.Files{Bearer: in(t, "a", strings.Repeat("hush", 1<<20))}, []string{"bearer_file: expected at most 65536 bytes"}},
		"not there":         {credential.Files{Bearer: "/nowhere/token"}, []string{"bearer_file: open /nowhere/token"}},
		"no certificate":    {credential.Files{Certificate: in(t, "a", "hush"), Key: good.Key}, []string{"certificate_file: expected a certificate in PEM"}},
		"no key":            {credential.Files{Certificate: good.Certificate, Key: in(t, "a", "hush")}, []string{"certificate_file: expected a certificate in PEM, and its private key"}},
		"another's key":     {credential.Files{Certificate: good.Certificate, Key: other.Key}, []string{"certificate_file: it does not belong to the key"}},
		"an expired one":    {pair(t, t.TempDir(), "old", -time.Hour), []string{"certificate_file: it has expired on "}},
		"both are not good": {credential.Files{Bearer: "/nowhere/token", Certificate: good.Certificate, Key: other.Key}, []string{"bearer_file: open", "certificate_file: it does"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := credential.Open(tt.files, os.ReadFile)
			if err == nil || c != nil {
				t.Fatalf("got %v, %v", c, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("a secret is in %v", err)
			}
		})
	}
	c, err := credential.Open(credential.Files{Basic: in(t, "a", "pacs:hush")}, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	if said := fmt.Sprintf("%v %+v %#v %s", c, c, c, c); strings.Contains(said, "hush") || strings.Contains(said, "cGFj") {
		t.Errorf("they print as %s", said)
	}
}

// TestFilesAreFollowed: what is whole is taken, once two readings agree; what is not leaves
// the last good one in use, and is told of once.
func TestFilesAreFollowed(t *testing.T) {
	file := in(t, "pacs.user", "pacs:first")
	synctest.Test(t, func(t *testing.T) {
		c, err := credential.Open(credential.Files{Basic: file}, os.ReadFile)
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		ctx, cancel := context.WithCancel(t.Context())
		go c.Run(ctx, func(err error) { told = append(told, fmt.Sprint(err)) })
		user := func(password string) string {
			r := http.Request{Header: sent(t, c, http.Header{})}
			_, got, _ := r.BasicAuth()
			if got != password {
				t.Errorf("got the password %q, want %q", got, password)
			}
			return got
		}
		wait := func(readings int) { time.Sleep(time.Duration(readings) * credential.Every); synctest.Wait() }
		wait(2)
		time.Sleep(credential.Every / 2)
		write(t, file, "pacs:sec")
		wait(1)
		user("first") // it may be half of it
		write(t, file, "pacs:second")
		wait(2)
		user("second")
		write(t, file, "")
		wait(1)
		if c.Err() != nil {
			t.Error("an empty file was told of at once")
		}
		wait(3)
		user("second")
		if c.Err() == nil {
			t.Error("nothing is said of an empty file")
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		wait(3)
		user("second")
		write(t, file, "pacs:third")
		wait(2)
		user("third")
		if c.Err() != nil || len(told) != 4 || told[0] != "<nil>" || !strings.Contains(told[1], "expected one line") || !strings.Contains(told[2], "no such file") || told[3] != "<nil>" {
			t.Errorf("got %v, told %q", c.Err(), told)
		}
		cancel()
		synctest.Wait()
	})
}

// pair writes a certificate and its key, that is valid for so long.
func pair(t *testing.T, dir, name string, life time.Duration) credential.Files {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IPAddresses: []net.IP{{127, 0, 0, 1}},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(life), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return credential.Files{
		Certificate: write(t, filepath.Join(dir, "client.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))),
		Key:         write(t, filepath.Join(dir, "client.key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))),
	}
}

// aServer asks for certificates as told, and keeps the names on those that it saw.
func aServer(t *testing.T, ask tls.ClientAuthType) (trust *tls.Config, address string, seen func() []string) {
	t.Helper()
	var names []string
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for _, one := range r.TLS.PeerCertificates {
			names = append(names, one.Subject.CommonName)
		}
	}))
	s.TLS, s.Config.ErrorLog = &tls.Config{ClientAuth: ask, MinVersion: tls.VersionTLS12}, log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{RootCAs: roots, ServerName: "example.com", MinVersion: tls.VersionTLS12}, s.Listener.Addr().String(), func() []string { return names }
}

// TestTheCertificateOfTheMoment is shown on each new connection.
func TestTheCertificateOfTheMoment(t *testing.T) {
	trust, address, seen := aServer(t, tls.RequireAnyClientCert)
	dir := t.TempDir()
	c, err := credential.Open(pair(t, dir, "first", time.Hour), os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	if when, is := c.Expires(); !is || time.Until(when) > time.Hour || !c.Shows() {
		t.Errorf("it expires at %v", when)
	}
	dial := c.DialTLS((&net.Dialer{}).DialContext, trust)
	get := func() {
		t.Helper()
		client := &http.Client{Transport: &http.Transport{DialTLSContext: dial, DisableKeepAlives: true}}
		res, err := client.Get("https://" + address + "/")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	get()
	ctx, cancel := context.WithCancel(t.Context())
	taken := make(chan error, 1)
	done := make(chan struct{})
	go func() { c.Run(ctx, func(err error) { taken <- err }); close(done) }()
	pair(t, dir, "second", time.Hour)
	if err := <-taken; err != nil {
		t.Fatal(err)
	}
	cancel()
	<-done
	get()
	if got := seen(); !slices.Equal(got, []string{"first", "second"}) {
		t.Errorf("it saw %q", got)
	}
}

// TestAnUpstreamThatDoesNotAsk knows nothing of who forwards: it gets no request.
func TestAnUpstreamThatDoesNotAsk(t *testing.T) {
	c, err := credential.Open(pair(t, t.TempDir(), "first", time.Hour), os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		trust, address, _ := aServer(t, tls.NoClientCert)
		trust.MaxVersion = version
		conn, err := c.DialTLS((&net.Dialer{}).DialContext, trust)(t.Context(), "tcp", address)
		if !errors.Is(err, credential.ErrUnasked) || conn != nil {
			t.Errorf("got %v, %v", conn, err)
		}
	}
}

package mtls_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/mtls"
)

// A listener that counts connections.
type counted struct {
	net.Listener
	n atomic.Int64
}

func (c *counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.n.Add(1)
	}
	return conn, err
}

// serve serves as a part until the test ends. It counts connections and
// requests.
func serve(t *testing.T, as *tls.Config, now func() time.Time) (url string, connections, requests *atomic.Int64) {
	t.Helper()
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l, got := &counted{Listener: plain}, &atomic.Int64{}
	s := &httptest.Server{Listener: tls.NewListener(l, as), Config: &http.Server{
		Handler: mtls.WhileValid(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got.Add(1)
			body, _ := io.ReadAll(r.Body)
			_, _ = w.Write(body)
		}), now),
	}}
	s.Start()
	t.Cleanup(s.Close)
	return "https://" + plain.Addr().String(), &l.n, got
}

func post(t *testing.T, c *http.Client, url string) error {
	t.Helper()
	res, err := c.Post(url, "text/plain", strings.NewReader("a question"))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "a question" {
		t.Errorf("got %q, %v", body, err)
	}
	return nil
}

func dialing(t *testing.T, p *mtls.Part, server string) *http.Client {
	t.Helper()
	dial, err := p.Dialer(server, &net.Dialer{Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialTLSContext: dial}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// shortLife is short, and long enough for what is done before it is over, also on a
// machine that others keep busy.
const shortLife = 10 * time.Second

// Whoever's certificate ends, the connection on which it was shown takes no
// request any more. The caller notices first: with renewed files it connects
// anew, and nobody sees a failure.
func TestConnectionsEndWithTheirCertificates(t *testing.T) {
	for _, tt := range []struct {
		name            string
		caller, service time.Duration
		inTime          bool // renewed before the end
	}{
		{"the caller's", shortLife, time.Hour, false},
		{"the service's", time.Hour, shortLife, false},
		{"both, renewed in time", shortLife, shortLife, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // they wait
			dir := t.TempDir()
			pepFiles := write(t, dir, mtls.PEP, tt.caller)
			recordsFiles := write(t, dir, mtls.Records, tt.service)
			pep, records := load(t, mtls.PEP, pepFiles), load(t, mtls.Records, recordsFiles)
			url, connections, requests := serve(t, server(t, records, mtls.PEP), nil)
			c := dialing(t, pep, mtls.Records)
			for range 3 {
				if err := post(t, c, url); err != nil {
					t.Fatal(err)
				}
			}
			if connections.Load() != 1 {
				t.Fatalf("got %d connections, want one that is kept: else this shows nothing", connections.Load())
			}
			renew := func() {
				for name, f := range map[string]mtls.Files{mtls.PEP: pepFiles, mtls.Records: recordsFiles} {
					remove(t, f)
					write(t, dir, name, time.Hour)
				}
			}
			if tt.inTime {
				renew()
				for over := time.Now().Add(shortLife + time.Second); time.Now().Before(over); time.Sleep(20 * time.Millisecond) {
					if err := post(t, c, url); err != nil {
						t.Fatal(err)
					}
				}
				if connections.Load() != 2 {
					t.Errorf("got %d connections, want the old and a new one", connections.Load())
				}
				return
			}
			time.Sleep(shortLife + time.Second)
			if err := post(t, c, url); err == nil || requests.Load() != 3 {
				t.Errorf("got %v and %d requests served, want a failure and 3", err, requests.Load())
			}
			renew()
			for range 3 {
				if err := post(t, c, url); err != nil {
					t.Fatalf("with renewed files: %v", err)
				}
			}
		})
	}
}

// A caller that does not look at its own certificate is not served either.
func TestServicesLookAtCertificatesOfEachRequest(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir)
	pep, records := issue(t, a, mtls.PEP), issue(t, a, mtls.Records)
	var later atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	url, connections, requests := serve(t, server(t, records, mtls.PEP), now)
	transport := &http.Transport{TLSClientConfig: client(t, pep, mtls.Records)}
	t.Cleanup(transport.CloseIdleConnections)
	c := &http.Client{Transport: transport}
	for range 2 {
		if err := post(t, c, url); err != nil {
			t.Fatal(err)
		}
	}
	later.Store(int64(91 * 24 * time.Hour))
	if err := post(t, c, url); err == nil || requests.Load() != 2 || connections.Load() != 1 {
		t.Errorf("got %v, %d requests served on %d connections, want a failure, 2 and 1", err, requests.Load(), connections.Load())
	}
	later.Store(int64(-time.Hour)) // a clock that was set back finds a certificate that is not valid yet
	if err := post(t, c, url); err == nil || requests.Load() != 2 {
		t.Errorf("got %v, %d requests served before the certificate is valid", err, requests.Load())
	}
}

func remove(t *testing.T, f mtls.Files) {
	t.Helper()
	if err := errors.Join(os.Remove(f.Certificate), os.Remove(f.Key)); err != nil {
		t.Fatal(err)
	}
}

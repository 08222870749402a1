package stories_test

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/mtls"
)

// aLaboratory is an application of the hospital's that nobody wrote for
// Wardgate. It remembers the requests it got.
type aLaboratory struct {
	*httptest.Server
	mu       sync.Mutex
	got      []http.Header
	uploaded string // digest of the newest upload that came whole
}

func newLaboratory(t *testing.T) *aLaboratory {
	t.Helper()
	l := &aLaboratory{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == uploadPath {
			l.take(r)
			return
		}
		l.mu.Lock()
		l.got = append(l.got, r.Header.Clone())
		l.mu.Unlock()
		w.Header().Set("ETag", `"whole"`)
		if r.URL.Path == "/lab/reports/plain" {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "national id: INVENTED-ID")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"items":[{"id":9007199254740993,"national_id":"INVENTED-ID","value":1.50}]}`)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *aLaboratory) requests() []http.Header {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]http.Header(nil), l.got...)
}

func TestForeignApplicationIsMaskedForTheRole(t *testing.T) {
	lab := newLaboratory(t)
	w := rig.New(t, func(c *config.Config) {
		c.Policies = withUploads(t, rig.BookWithLaboratory(t))
		c.Applications = rig.At("lab", lab.URL)
	})
	w.Anonymous().Get("/lab/reports/r-1").Is(401)
	if got := lab.requests(); len(got) != 0 {
		t.Fatalf("a stranger reached the laboratory: %v", got)
	}
	nurse, doctor := w.As("nurse"), w.As("doctor")
	a := nurse.Get("/lab/reports/r-1").Is(200)
	if got, want := string(a.Body), `{"items":[{"id":9007199254740993,"value":1.50}]}`; got != want {
		t.Errorf("the nurse got %s, want %s", got, want)
	}
	if a.Header.Get("Wardgate-Withheld") != "/items/*/national_id" || a.Header.Get("ETag") != "" {
		t.Errorf("the nurse got header %v", a.Header)
	}
	if a := nurse.Get("/lab/reports/plain"); a.Status != 502 || strings.Contains(string(a.Body), "INVENTED") {
		t.Errorf("an answer that cannot be masked: got %d %s", a.Status, a.Body)
	}
	if a := doctor.Get("/lab/reports/r-1").Is(200); !strings.Contains(string(a.Body), "INVENTED-ID") || a.Header.Get("Wardgate-Withheld") != "" {
		t.Errorf("the doctor got %s", a.Body)
	}
	for _, h := range lab.requests() {
		for _, name := range []string{"Authorization", "Cookie", "Wardgate-Assertion"} {
			if h.Get(name) != "" {
				t.Errorf("%s reached the laboratory", name)
			}
		}
	}
	uploads(t, w, doctor, lab)
}

// TestAnApplicationWithSeveralServers: at an address at which nothing listens, and at a
// Unix socket, which gets what the other does not take.
func TestAnApplicationWithSeveralServers(t *testing.T) {
	const gone = "http://127.0.0.1:1" // a port that was given back may be given to another server
	socket := filepath.Join(t.TempDir(), "lab.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	lab := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"items":[]}`)
	})}
	go func() { _ = lab.Serve(l) }()
	t.Cleanup(func() { _ = lab.Close() })
	w := rig.New(t, func(c *config.Config) {
		c.Policies = rig.BookWithLaboratory(t)
		c.Applications = []config.Application{{Name: "lab", Upstreams: []string{gone, "unix:" + socket}}}
	})
	doctor := w.As("doctor")
	for range 4 {
		if a := doctor.Get("/lab/reports/r-1").Is(200); string(a.Body) != `{"items":[]}` {
			t.Errorf("got %s", a.Body)
		}
	}
}

// TestAnApplicationAtItsHost: it is found there and nowhere else, and the home's pages
// are not there.
func TestAnApplicationAtItsHost(t *testing.T) {
	lab := newLaboratory(t)
	w := rig.New(t, func(c *config.Config) {
		c.Policies, c.Applications = rig.BookWithLaboratory(t), rig.At("lab", lab.URL)
		c.Applications[0].Hosts = []string{"lab.localhost"}
	})
	doctor := w.As("doctor")
	doctor.Get("/lab/reports/r-1").Is(404)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(w.Process.Address(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]int{
		"lab.localhost:" + port + " /lab/reports/r-1": 200, "lab.localhost:" + port + " /api/me": 404, "lab.localhost:" + port + " /login": 404,
		"lab.localhost:" + port + " /demo/outbox": 404, "lab.localhost:" + port + " /.well-known/jwks.json": 404, "lab.localhost:" + port + " /.wardgate/look.css": 200,
		"lab.localhost:1 /lab/reports/r-1": 421, "lab.localhost /lab/reports/r-1": 421, "lab.localhost.:" + port + " /lab/reports/r-1": 421,
		"other.localhost:" + port + " /lab/reports/r-1": 421, "localhost:" + port + " /lab/reports/r-1": 404, "localhost:" + port + " /api/me": 200,
	} {
		host, path, _ := strings.Cut(line, " ")
		doctor.Host = host
		if a := doctor.Get(path); a.Status != want {
			t.Errorf("%s: got %d %s, want %d", line, a.Status, a.Body, want)
		}
	}
}

// TestCredentialsGoToTheirApplicationAlone: with requests and with checks, as the file says
// now; no client, log, record or metric has them.
func TestCredentialsGoToTheirApplicationAlone(t *testing.T) {
	lab, other := newLaboratory(t), newLaboratory(t)
	file := filepath.Join(t.TempDir(), "lab.user")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("wardgate:first-hush\n")
	w := rig.New(t, func(c *config.Config) {
		c.Policies, c.Applications = rig.BookWithLaboratory(t), append(rig.At("lab", lab.URL), rig.At("archive", other.URL)...)
		for i := range c.Applications {
			c.Applications[i].Health = &config.Health{Path: "/healthz", Interval: "1s"}
		}
		c.Applications[0].Credentials.BasicFile = file
	})
	doctor := w.As("doctor")
	got := func() string {
		a := doctor.Get("/lab/reports/r-1").Is(200)
		if a.Header.Get("Authorization") != "" || strings.Contains(string(a.Body), "hush") {
			t.Errorf("the client got %v %s", a.Header, a.Body)
		}
		all := lab.requests()
		return all[len(all)-1].Get("Authorization")
	}
	encoded := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	first, second := encoded("wardgate:first-hush"), encoded("wardgate:second-hush")
	if auth := got(); auth != "Basic "+first {
		t.Errorf("the laboratory got %q", auth)
	}
	write("wardgate second-hush\n")
	rig.Until(t, "the fault is told of", func() bool { return w.Condition("applications.lab.credentials") == "refused" })
	if auth := got(); auth != "Basic "+first || w.Condition("applications.lab") != "serving" {
		t.Errorf("the last good ones are not used: %q", auth)
	}
	if status, _ := w.Ready(); status != 200 {
		t.Errorf("got %d", status)
	}
	write("wardgate:second-hush\n")
	rig.Until(t, "they are taken", func() bool { return got() == "Basic "+second })
	rig.Until(t, "the other was checked", func() bool { return len(other.requests()) > 0 })
	for _, h := range other.requests() {
		if h.Get("Authorization") != "" {
			t.Errorf("another application got %v", h)
		}
	}
	for _, h := range lab.requests() {
		if auth := h.Get("Authorization"); auth != "Basic "+first && auth != "Basic "+second {
			t.Errorf("the laboratory got %q", auth)
		}
	}
	w.HoldsNoSecret("hush", first, second)
	if said := w.Metrics(); strings.Contains(said, "hush") || strings.Contains(said, file) {
		t.Error("a metric has a secret or a file")
	}
}

// TestAnApplicationIsToldInPlainHeaders: the account's id, whatever a client says. /readyz
// names the application for which unauthenticated identity was accepted.
func TestAnApplicationIsToldInPlainHeaders(t *testing.T) {
	lab := newLaboratory(t)
	w := rig.New(t, func(c *config.Config) {
		c.Policies, c.Applications = rig.BookWithLaboratory(t), rig.At("lab", lab.URL)
		c.Applications[0].Tell.Headers = map[string]string{"Remote-User": "account", "x-role": "role", "X-Name": "username"}
		c.Applications[0].UnauthenticatedIdentity = "accepted"
		c.Applications[0].Headers.Request.Set = map[string]string{"X-Site": "north"}
		c.Applications[0].Headers.Answer.Set = map[string]string{"Referrer-Policy": "no-referrer"}
	})
	doctor := w.As("doctor")
	var me struct{ ID, Username string }
	doctor.Get("/api/me").Is(200).Into(&me)
	if a := doctor.Get("/lab/reports/r-1").Is(200); a.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("got %v", a.Header)
	}
	got := lab.requests()[0]
	if user := got.Get("Remote-User"); user == "" || user != me.ID || me.Username == "" || got.Get("X-Name") != me.Username || got.Get("X-Role") != "doctor" || got.Get("X-Site") != "north" {
		t.Errorf("got %v of %+v", got, me)
	}
	if status, r := w.Ready(); status != 200 || r.Detail["applications.lab.identity"].State != "unauthenticated" || len(r.Degraded) > 0 {
		t.Errorf("got %d %+v", status, r)
	}
}

// TestAnApplicationThatKnowsTheProxyByItsCertificate: requests and checks show it, and a
// server that does not ask for it gets neither.
func TestAnApplicationThatKnowsTheProxyByItsCertificate(t *testing.T) {
	own := mtlsFiles(t)
	for name, ask := range map[string]tls.ClientAuthType{"asks": tls.RequireAnyClientCert, "does not ask": tls.NoClientCert} {
		t.Run(name, func(t *testing.T) {
			var served, unknown atomic.Int64
			lab := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if served.Add(1); len(r.TLS.PeerCertificates) != 1 {
					unknown.Add(1)
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, `{"items":[]}`)
			}))
			lab.TLS = &tls.Config{ClientAuth: ask, MinVersion: tls.VersionTLS12}
			lab.Config.ErrorLog = log.New(io.Discard, "", 0)
			lab.StartTLS()
			t.Cleanup(lab.Close)
			authority := filepath.Join(t.TempDir(), "lab.pem")
			if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: lab.Certificate().Raw}), 0o600); err != nil {
				t.Fatal(err)
			}
			w := rig.New(t, func(c *config.Config) {
				c.Policies, c.Applications = rig.BookWithLaboratory(t), rig.At("lab", lab.URL)
				c.Applications[0].CAFile, c.Applications[0].Credentials = authority, own
				c.Applications[0].Health = &config.Health{Path: "/healthz", Interval: "1s", Unhealthy: 1}
			})
			doctor := w.As("doctor")
			if ask == tls.NoClientCert {
				rig.Until(t, "it is out", func() bool { return w.Condition("applications.lab") == "out" })
				doctor.Get("/lab/reports/r-1").Is(503)
				if !strings.Contains(w.Logs.String(), "did not ask for the client certificate") {
					t.Error("the log does not say why")
				}
			} else {
				doctor.Get("/lab/reports/r-1").Is(200)
				rig.Until(t, "it was checked", func() bool { return served.Load() > 1 })
				if when := w.Metric(`wardgate_upstream_certificate_expires_timestamp_seconds{application="lab"}`); when == "" {
					t.Error("nothing says when the certificate expires")
				}
			}
			if unknown.Load() > 0 || (served.Load() > 0) != (ask != tls.NoClientCert) {
				t.Errorf("it served %d, %d of them unknown", served.Load(), unknown.Load())
			}
		})
	}
}

// mtlsFiles are a client certificate and its key.
func mtlsFiles(t *testing.T) config.Credentials {
	t.Helper()
	dir := t.TempDir()
	authority, err := mtls.Open(filepath.Join(dir, "authority"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := authority.Write(dir, mtls.PEP, nil, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return config.Credentials{CertificateFile: files.Certificate, KeyFile: files.Key}
}

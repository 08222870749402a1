package extauth_test

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/extauth"
)

// nginxFrame holds what an installation has around the documented part.
const nginxFrame = `
daemon off;
worker_processes 1;
pid DIR/nginx.pid;
error_log DIR/error.log;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path DIR/body;
  proxy_temp_path DIR/proxy;
  fastcgi_temp_path DIR/fastcgi;
  uwsgi_temp_path DIR/uwsgi;
  scgi_temp_path DIR/scgi;
  DOCUMENTED
}
`

var nginxBlock = regexp.MustCompile("(?s)```nginx\n(.*?)```")

// startNginx runs the documented configuration in front of the world's backend
// and returns its address.
func startNginx(t *testing.T, w *world) string {
	t.Helper()
	return startNginxOf(t, w, func(first, _ string) string { return first })
}

// startNginxOf makes one configuration of the two documented ones, for all who ask and
// for people at browsers.
func startNginxOf(t *testing.T, w *world, of func(first, browsers string) string) string {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			t.Skip("NOT RUN: nginx is not installed")
		}
	}
	page, err := os.ReadFile("../../docs/extauth.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := nginxBlock.FindAllSubmatch(page, -1)
	if len(blocks) != 2 {
		t.Fatalf("docs/extauth.md has %d configurations of nginx, want one for all and one for browsers", len(blocks))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	dir := t.TempDir()
	text := strings.NewReplacer(
		"127.0.0.1:8080", w.address,
		"127.0.0.1:9000", w.backend.Listener.Addr().String(),
		"127.0.0.1:8000", address).Replace(of(string(blocks[0][1]), string(blocks[1][1])))
	text = strings.ReplaceAll(strings.Replace(nginxFrame, "DOCUMENTED", text, 1), "DIR", dir)
	config := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.Command(program, "-c", config, "-p", dir, "-e", filepath.Join(dir, "error.log"))
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = run.Process.Signal(os.Interrupt)
		_ = run.Wait()
	})
	for by := time.Now().Add(time.Minute); time.Now().Before(by); {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return address
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("nginx does not listen")
	return ""
}

func client(method, target string, lines ...string) string {
	return method + " " + target + " HTTP/1.1\r\nHost: hospital.test\r\nConnection: close\r\n" +
		strings.Join(append(lines, "Accept: */*"), "\r\n") + "\r\n\r\n"
}

// A navigation without a session is led to log-in by the configuration for people at
// browsers, with the nonce that brings it back; a call stays 401; a cookie is a session.
func TestARealNginxLeadsNavigationsToLogIn(t *testing.T) {
	var asked pdp.Request
	w, cookie := newBrowserWorld(t, &asked)
	w.address = startNginxOf(t, w, func(first, browsers string) string {
		ask, logIn, ok := strings.Cut(browsers, "  location @log_in {")
		inside := regexp.MustCompile(`(?s)location / \{(.*?)# and the rest as above`).FindStringSubmatch(ask)
		const begun = "\n    auth_request /wardgate;\n"
		if !ok || inside == nil || !strings.Contains(first, begun) {
			t.Fatal("docs/extauth.md says something else of people at browsers")
		}
		one := strings.Replace(first, begun, inside[1], 1)
		one = strings.Replace(one, "  location = /wardgate {", "  location @log_in {"+logIn+"\n  location = /wardgate {", 1)
		return strings.ReplaceAll(one, "$scheme", "https") // nginx takes TLS off elsewhere
	})
	navigation := []string{"Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}
	a := w.ask("127.0.0.3", client("GET", "/api/patients?a=1", navigation...))
	at, err := url.Parse(a.header.Get("Location"))
	if err != nil || a.status != http.StatusSeeOther || at.Scheme+"://"+at.Host+at.Path != "https://home.test/login" ||
		at.Query().Get("next") != "https://hospital.test/api/patients?a=1" || !strings.HasPrefix(a.header.Get("Set-Cookie"), "__Host-wardgate-nonce=") {
		t.Errorf("a navigation: got %d %v", a.status, a.header)
	}
	a = w.ask("127.0.0.3", client("GET", "/api/patients", "Accept: application/json"))
	if a.status != http.StatusUnauthorized || a.header.Get("Location") != "" {
		t.Errorf("a call: got %d %v", a.status, a.header)
	}
	if got := w.backend.taken(); len(got) != 0 {
		t.Fatalf("%d requests were forwarded without a session", len(got))
	}
	a = w.ask("127.0.0.3", client("GET", "/api/patients", append(navigation, "Cookie: "+cookie)...))
	got := w.backend.taken()
	if a.status != http.StatusOK || len(got) != 1 || got[0].Header.Get("Cookie") != "" {
		t.Errorf("with a session: got %d, forwarded %v", a.status, got)
	}
	a = w.ask("127.0.0.3", client("GET", "/api/patients", "Cookie: "+cookie, "Origin: https://evil.test"))
	if asked.Context.Credential.Site != pdp.SiteForeign {
		t.Errorf("begun by another site: got %d, and the policy was told %q", a.status, asked.Context.Credential.Site)
	}
}

func TestBehindARealNginx(t *testing.T) {
	w := newWorld(t, nil)
	asked := w.address
	w.address = startNginx(t, w)
	for _, tt := range []struct {
		name, raw string
		status    int
		target    string // that reaches the application, "" when nothing does
	}{
		{"allowed", client("GET", "/api/patients/p-1?after=a%20b", bearer), 200, "/api/patients/p-1?after=a%20b"},
		{"a forged description", client("GET", "/api/patients", bearer, "X-Original-URL: https://hospital.test/images",
			"X-Original-Method: POST", "X-Forwarded-For: 127.0.0.1", "Wardgate-Assertion: forged", "Wardgate-Decision: forged", "Cookie: a=b"), 200, "/api/patients"},
		{"no session", client("GET", "/api/patients"), 401, ""},
		{"a fresh factor would do", client("DELETE", "/api/patients/p-1", bearer), 401, ""},
		{"a forged description of another request", client("GET", "/forbidden/p-1", bearer,
			"X-Original-URL: https://hospital.test/api/patients"), 403, ""},
		{"forbidden", client("GET", "/forbidden/p-1", bearer), 403, ""},
		{"unknown facts", client("GET", "/unsure/p-1", bearer), 403, ""},
		{"no route", client("GET", "/nowhere", bearer), 403, ""},
		{"another host", strings.Replace(client("GET", "/api/patients", bearer), "hospital.test", "evil.test", 1), 403, ""},
		{"a host that holds another target", strings.Replace(client("GET", "/forbidden/p-1", bearer), "hospital.test",
			"hospital.test/api/patients?x=", 1), 400, ""},
		{"a host that ends in a query", strings.Replace(client("GET", "/forbidden/p-1", bearer), "hospital.test", "hospital.test?", 1), 403, ""},
		{"a target without a slash", client("GET", ":/api/patients", bearer), 400, ""},
		{"a target in absolute form", client("GET", "http://hospital.test/forbidden/p-1", bearer), 403, ""},
		{"two tokens", client("GET", "/api/patients", bearer, bearer), 400, ""},
		{"dot segments", client("GET", "/images/../api/patients", bearer), 403, ""},
		{"encoded dot segments", client("GET", "/images/%2e%2e/api/patients", bearer), 403, ""},
		{"double slash", client("GET", "//api/patients", bearer), 403, ""},
		{"encoded slash", client("GET", "/api%2Fpatients", bearer), 403, ""},
		{"method override", client("GET", "/api/patients", bearer, "X-HTTP-Method-Override: DELETE"), 403, ""},
		{"asking nginx for the question itself", client("GET", "/wardgate", bearer), 404, ""},
		{"asking Wardgate through nginx", client("GET", extauth.AuthRequestPath, bearer), 403, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := w.ask("127.0.0.3", tt.raw)
			got := w.backend.taken()
			if a.status != tt.status || len(got) > 1 || (len(got) == 1) != (tt.target != "") {
				t.Fatalf("got %d and %d requests forwarded, want %d and %q", a.status, len(got), tt.status, tt.target)
			}
			if (tt.status == http.StatusUnauthorized) != (a.header.Get("WWW-Authenticate") != "") {
				t.Errorf("got WWW-Authenticate %q", a.header.Get("WWW-Authenticate"))
			}
			if a.header.Get(assertion.Header) != "" {
				t.Error("the client got the assertion")
			}
			if len(got) == 1 {
				w.judgeForwarded(got[0], tt.target)
			}
		})
	}
	w.address = asked
}

// judgeForwarded holds that what reached the application is what was allowed.
func (w *world) judgeForwarded(r *http.Request, target string) {
	w.t.Helper()
	signed := r.Header.Values(assertion.Header)
	if r.RequestURI != target || len(signed) != 1 {
		w.t.Fatalf("the application got %s with %d assertions, want %s", r.RequestURI, len(signed), target)
	}
	w.delegated("records", signed[0], r.Header.Get(extauth.DecisionHeader), r.Method, target, nil)
	if r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
		w.t.Error("the application got the user's token or cookie")
	}
	if e := w.journal.of(w.t, r.Header.Get(extauth.DecisionHeader)); e.Address != "127.0.0.3" {
		w.t.Errorf("the client's address is recorded as %q", e.Address)
	}
}

//go:build integration

package extauth_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/pep/extauth"
)

// documented returns the configuration in docs/extauth.md that stands below a
// heading, in a block of that kind.
func documented(t *testing.T, heading, kind string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/extauth.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)\n## " + heading + "\n.*?```" + kind + "\n(.*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatalf("docs/extauth.md has no configuration of %s", heading)
	}
	return string(block[1])
}

// fronts starts each proxy, configured as documented, in front of a world. What of
// a body each shows is what the row's body class is held by.
var fronts = []struct {
	name  string
	start func(*testing.T, *world) string
	shows bool // the body
}{
	{"caddy", startCaddy, false},
	{"traefik", startTraefik, true},
	{"envoy", startEnvoy, true},
	{"nginx", startNginx, false},
}

func (w *world) rewritten(text string) string {
	return strings.NewReplacer(
		"127.0.0.1:8080", w.address,
		"127.0.0.1:9191", w.asked,
		"127.0.0.1:9000", w.backend.Listener.Addr().String(),
		"app.hospital.example", "hospital.test").Replace(text)
}

func startCaddy(t *testing.T, w *world) string {
	text := strings.Replace(w.rewritten(documented(t, "Caddy", "caddy")), "hospital.test {", "http://hospital.test:PORT {", 1)
	return realserver.StartProxy(t, "caddy", map[string]string{
		"Caddyfile": "{\n\tadmin off\n\tauto_https off\n}\n" + text,
	}, "run", "--config", "DIR/Caddyfile", "--adapter", "caddyfile").Address
}

func startTraefik(t *testing.T, w *world) string {
	services := "  services:\n    application: { loadBalancer: { servers: [{ url: http://127.0.0.1:9000 }] } }\n"
	address := realserver.StartProxy(t, "traefik", map[string]string{
		"static.yaml":  "entryPoints: { web: { address: ADDRESS } }\nproviders: { file: { filename: DIR/dynamic.yaml, watch: false } }\n",
		"dynamic.yaml": w.rewritten(documented(t, "Traefik", "yaml") + services),
	}, "--configFile=DIR/static.yaml").Address
	// It listens before it knows its routers.
	for by := time.Now().Add(time.Minute); time.Now().Before(by); {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, client("GET", "/api/patients"))
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		_ = conn.Close()
		if err == nil && res.StatusCode == http.StatusUnauthorized {
			return address
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("traefik knows no router")
	return ""
}

// envoyFrame holds what an installation has around the documented filter.
const envoyFrame = `
static_resources:
  listeners:
  - address: { socket_address: { address: 127.0.0.1, port_value: PORT } }
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: front
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes: [{ match: { prefix: / }, route: { cluster: application } }]
FILTERS
          - name: envoy.filters.http.router
            typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
  clusters:
  - name: application
    load_assignment: { cluster_name: application, endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: BACKEND } } } }] }] }
  - name: wardgate
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: { http2_protocol_options: {} }
    load_assignment: { cluster_name: wardgate, endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: ASKED } } } }] }] }
`

func startEnvoy(t *testing.T, w *world) string {
	filters := "          " + strings.ReplaceAll(strings.TrimSpace(documented(t, "Envoy", "yaml")), "\n", "\n          ")
	after := func(address string) string { _, p, _ := strings.Cut(address, ":"); return p }
	text := strings.NewReplacer("FILTERS", filters, "BACKEND", after(w.backend.Listener.Addr().String()), "ASKED", after(w.asked)).Replace(envoyFrame)
	return realserver.StartProxy(t, "envoy", map[string]string{"envoy.yaml": text},
		"-c", "DIR/envoy.yaml", "--log-level", "warning", "--use-dynamic-base-id", "--concurrency", "1").Address
}

// rewrites names proxies that clean a target before they ask, and forward it so.
var rewrites = map[string]bool{"traefik": true}

// judged holds that what the application got is what was judged.
func (w *world) judged(r *http.Request) {
	w.t.Helper()
	if r.Header.Get("Authorization")+r.Header.Get("Cookie") != "" {
		w.t.Error("the application got the user's token or cookie")
	}
	e := w.journal.of(w.t, r.Header.Get(extauth.DecisionHeader))
	path, query, _ := strings.Cut(r.RequestURI, "?")
	if !e.Allow || e.Address != "127.0.0.3" || e.Method != r.Method || e.Path != path || e.QueryDigest != assertion.Digest([]byte(query)) {
		w.t.Errorf("the application got %s %s, recorded is %+v", r.Method, r.RequestURI, e)
	}
}

func TestBehindRealProxies(t *testing.T) {
	for _, front := range fronts {
		t.Run(front.name, func(t *testing.T) {
			w := newWorld(t, nil)
			address := front.start(t, w)
			w.address = address
			body := func(method, target, text string) string {
				head, _, _ := strings.Cut(client(method, target, bearer, "Content-Type: application/json"), "\r\n\r\n")
				return head + "\r\nContent-Length: " + strconv.Itoa(len(text)) + "\r\n\r\n" + text
			}
			for _, tt := range []struct {
				name, raw string
				allowed   bool
				target    string // "" where the proxy may read it anew before it asks
			}{
				{"allowed", client("GET", "/api/patients", bearer), true, "/api/patients"},
				{"with a query", client("GET", "/api/patients/p-1?after=a%20b&x", bearer), true, "/api/patients/p-1?after=a%20b&x"},
				{"with a query of two readings", client("GET", "/api/patients?a;b", bearer), false, ""},
				{"an empty query", client("GET", "/api/patients?", bearer), true, "/api/patients?"},
				{"no session", client("GET", "/api/patients?x=1"), false, ""},
				{"forbidden", client("GET", "/forbidden/p-1?x=1", bearer), false, ""},
				{"a forged description", client("GET", "/forbidden/p-1", bearer, "X-Forwarded-Uri: /api/patients", "X-Forwarded-Method: GET"), false, ""},
				{"a forged address", client("GET", "/api/patients", bearer, "X-Forwarded-For: 127.0.0.1"), true, "/api/patients"},
				{"the question itself", client("GET", "/api/authz/forward-auth?x=1", bearer), false, ""},
				{"dot segments", client("GET", "/images/%2e%2e/api/patients", bearer), false, ""},
				{"a body where none is taken, elsewhere", body("DELETE", "/images/p-1", `{}`), false, ""},
				{"a body that nobody judged, elsewhere", body("POST", "/images", `{"a":1,"a":2}`), false, ""},
			} {
				t.Run(tt.name, func(t *testing.T) {
					a := w.ask("127.0.0.3", tt.raw)
					got := w.backend.taken()
					if a.status == http.StatusOK && !tt.allowed && len(got) == 1 && rewrites[front.name] {
						w.judged(got[0]) // what it made of the target is what was judged
						return
					}
					if (a.status == http.StatusOK) != tt.allowed || (len(got) == 1) != tt.allowed || len(got) > 1 {
						t.Fatalf("got %d and %d requests forwarded, want allowed %t; %s", a.status, len(got), tt.allowed, a.body)
					}
					if tt.allowed {
						if got[0].RequestURI != strings.TrimSuffix(tt.target, "?") && got[0].RequestURI != tt.target {
							t.Errorf("the application got %s, want %s", got[0].RequestURI, tt.target)
						}
						w.judged(got[0])
					}
				})
			}
			a := w.ask("127.0.0.3", body("POST", "/images", `{"a":1}`))
			if got := len(w.backend.taken()); (got == 1) != front.shows {
				t.Errorf("a body that is taken: got %d and %d requests forwarded, shown: %t", a.status, got, front.shows)
			}
		})
	}
}

package stories_test

import (
	"net/http"
	"strings"
	"testing"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// traefik is where another proxy asks from.
const traefik = "127.0.0.5"

func TestOtherProxiesGetTheSameDecisions(t *testing.T) {
	w := rig.New(t, func(c *config.Config) { c.PEP.TrustedProxies = []string{traefik} })
	doctor, other := w.As("doctor"), w.As("doctor2")
	patient := "/api/patients/" + doctor.Items("/api/patients")[0].ID
	tests := []struct {
		who          *rig.Person
		method, path string
	}{
		{doctor, "GET", "/api/patients"}, {doctor, "GET", patient}, {other, "GET", patient},
		{doctor, "GET", patient + "/bills"}, {doctor, "DELETE", patient}, {doctor, "GET", "/nowhere"},
		{w.Anonymous(), "GET", patient},
	}
	for _, tt := range tests {
		a := throughTraefik(tt.who, tt.method, tt.path)
		if got := throughEnvoy(tt.who, tt.method, tt.path); got != a.Status {
			t.Errorf("%s: %s %s: Envoy gets %d, Traefik %d", tt.who.Name, tt.method, tt.path, got, a.Status)
		}
		direct := tt.who.Do(tt.method, tt.path, nil)
		if a.Status != direct.Status || a.Header.Get("WWW-Authenticate") != direct.Header.Get("WWW-Authenticate") {
			t.Errorf("%s: %s %s: asked %d %s, direct %d %s", tt.who.Name, tt.method, tt.path, a.Status, a.Body, direct.Status, direct.Body)
		}
		if (a.Status == http.StatusOK) != (a.Header.Get("Wardgate-Assertion") != "") {
			t.Errorf("%s: %s %s: got %d with assertion %q", tt.who.Name, tt.method, tt.path, a.Status, a.Header.Get("Wardgate-Assertion"))
		}
	}
	doctor.Post("/auth/logout", nil).Is(204)
	throughTraefik(doctor, "GET", patient).Denied(401, "session_revoked")
}

// TestALoadBalancerOnAHospitalAddressMakesNobodyOnSite: the address of who hands
// on requests says nothing about who made them.
func TestALoadBalancerOnAHospitalAddressMakesNobodyOnSite(t *testing.T) {
	w := rig.New(t, func(c *config.Config) { c.PEP.TrustedProxies = []string{traefik} })
	doctor := w.As("doctor") // from 127.0.0.1, which is the hospital's
	patient := "/api/patients/" + doctor.Items("/api/patients")[0].ID
	for _, tt := range []struct {
		name   string
		lines  http.Header
		status int
		masked bool
	}{
		{"a client outside", http.Header{"X-Forwarded-For": {"198.51.100.7"}}, 200, true},
		{"a client outside, by Forwarded", http.Header{"Forwarded": {"for=198.51.100.7"}}, 200, true},
		{"a client outside who claims to be inside", http.Header{"X-Forwarded-For": {"127.0.0.1, 198.51.100.7"}}, 200, true},
		{"a client inside", http.Header{"X-Forwarded-For": {"127.0.0.1"}}, 200, false},
		{"nobody is named", nil, 503, false},
		{"the proxy alone is named", http.Header{"X-Forwarded-For": {traefik}}, 503, false},
		{"two clients", http.Header{"X-Forwarded-For": {"127.0.0.1"}, "Forwarded": {"for=198.51.100.7"}}, 400, false},
		{"garbage", http.Header{"X-Forwarded-For": {"127.0.0.1, x"}}, 400, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asking := *doctor
			asking.Via = traefik
			r := asking.Request("GET", patient, nil)
			for name, values := range tt.lines {
				r.Header[name] = values
			}
			a := asking.Send(r)
			if a.Status != tt.status {
				t.Fatalf("got %d %s, want %d", a.Status, a.Body, tt.status)
			}
			if masked := strings.Contains(string(a.Body), `"national_id"`) && strings.Contains(string(a.Body), `"withheld"`); a.Status == 200 && masked != tt.masked {
				t.Errorf("masked: %t, want %t: %s", masked, tt.masked, a.Body)
			}
		})
	}
}

// TestALoadBalancersClientsCannotAsk: it hands on whatever path they name.
func TestALoadBalancersClientsCannotAsk(t *testing.T) {
	w := rig.New(t, func(c *config.Config) {
		c.PEP.TrustedProxies = []string{traefik, "127.0.0.6"}
		c.ExtAuth.Proxies = []string{"127.0.0.6"}
	})
	throughTraefik(w.As("doctor"), "GET", "/api/patients").Denied(404, "route_unknown")
}

func TestNobodyIsTrustedToAskByDefault(t *testing.T) {
	w := rig.New(t, nil)
	throughTraefik(w.As("doctor"), "GET", "/api/patients").Denied(404, "route_unknown")
}

// throughTraefik asks as a proxy on this machine does about a request of p's.
func throughTraefik(p *rig.Person, method, uri string) *rig.Answer {
	p.World.T.Helper()
	r, err := http.NewRequest(http.MethodGet, p.World.Process.Address()+"/api/authz/forward-auth", http.NoBody)
	if err != nil {
		p.World.T.Fatal(err)
	}
	r.Header = http.Header{
		"User-Agent":         {rig.Browser},
		"X-Forwarded-Method": {method},
		"X-Forwarded-Proto":  {"http"},
		"X-Forwarded-Host":   {"localhost"},
		"X-Forwarded-Uri":    {uri},
		"X-Forwarded-For":    {"127.0.0.1"},
	}
	if p.Token != "" {
		r.Header.Set("Authorization", "Bearer "+p.Token)
	}
	asking := *p
	asking.Via = traefik
	return asking.Send(r)
}

// throughEnvoy asks Check about a request of p's, and reports the status.
func throughEnvoy(p *rig.Person, method, path string) int {
	p.World.T.Helper()
	headers := map[string]string{"user-agent": rig.Browser}
	if p.Token != "" {
		headers["authorization"] = "Bearer " + p.Token
	}
	conn, err := grpc.NewClient(p.World.Process.ExtAuth(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		p.World.T.Fatal(err)
	}
	defer conn.Close()
	res, err := auth.NewAuthorizationClient(conn).Check(p.World.T.Context(), &auth.CheckRequest{Attributes: &auth.AttributeContext{
		Source: &auth.AttributeContext_Peer{Address: &core.Address{Address: &core.Address_SocketAddress{
			SocketAddress: &core.SocketAddress{Address: "127.0.0.1"},
		}}},
		Request: &auth.AttributeContext_Request{Http: &auth.AttributeContext_HttpRequest{
			Method: method, Path: path, Host: "localhost", Scheme: "http",
			Headers: headers,
		}},
	}})
	if err != nil {
		p.World.T.Fatal(err)
	}
	if denied := res.GetDeniedResponse(); denied != nil {
		return int(denied.GetStatus().GetCode())
	}
	return http.StatusOK
}

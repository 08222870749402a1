package e2e_test

import (
	"net/http"
	"testing"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/wardgate/wardgate/internal/config"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// throughTraefik asks as a proxy on this machine does about a request of p's.
func (p *person) throughTraefik(method, uri string) *answer {
	p.w.t.Helper()
	r, err := http.NewRequest(http.MethodGet, p.w.app.Address()+"/api/authz/forward-auth", http.NoBody)
	if err != nil {
		p.w.t.Fatal(err)
	}
	r.Header = http.Header{
		"User-Agent":         {browser},
		"X-Forwarded-Method": {method},
		"X-Forwarded-Proto":  {"http"},
		"X-Forwarded-Host":   {"localhost"},
		"X-Forwarded-Uri":    {uri},
		"X-Forwarded-For":    {"127.0.0.1"},
	}
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	return p.send(r)
}

// throughEnvoy asks Check about a request of p's, and reports the status.
func (p *person) throughEnvoy(method, path string) int {
	p.w.t.Helper()
	headers := map[string]string{"user-agent": browser}
	if p.token != "" {
		headers["authorization"] = "Bearer " + p.token
	}
	conn, err := grpc.NewClient(p.w.app.ExtAuth(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		p.w.t.Fatal(err)
	}
	defer conn.Close()
	res, err := auth.NewAuthorizationClient(conn).Check(p.w.t.Context(), &auth.CheckRequest{Attributes: &auth.AttributeContext{
		Source: &auth.AttributeContext_Peer{Address: &core.Address{Address: &core.Address_SocketAddress{
			SocketAddress: &core.SocketAddress{Address: "127.0.0.1"},
		}}},
		Request: &auth.AttributeContext_Request{Http: &auth.AttributeContext_HttpRequest{
			Method: method, Path: path, Host: "localhost", Scheme: "http",
			Headers: headers,
		}},
	}})
	if err != nil {
		p.w.t.Fatal(err)
	}
	if denied := res.GetDeniedResponse(); denied != nil {
		return int(denied.GetStatus().GetCode())
	}
	return http.StatusOK
}

func TestOtherProxiesGetTheSameDecisions(t *testing.T) {
	w := newWorld(t, func(c *config.Config) { c.PEP.TrustedProxies = []string{"127.0.0.1"} })
	doctor, other := w.as("doctor"), w.as("doctor2")
	patient := "/api/patients/" + doctor.items("/api/patients")[0].ID
	tests := []struct {
		who          *person
		method, path string
	}{
		{doctor, "GET", "/api/patients"}, {doctor, "GET", patient}, {other, "GET", patient},
		{doctor, "GET", patient + "/bills"}, {doctor, "DELETE", patient}, {doctor, "GET", "/nowhere"},
		{w.stranger(), "GET", patient},
	}
	for _, tt := range tests {
		a := tt.who.throughTraefik(tt.method, tt.path)
		if got := tt.who.throughEnvoy(tt.method, tt.path); got != a.status {
			t.Errorf("%s: %s %s: Envoy gets %d, Traefik %d", tt.who.name, tt.method, tt.path, got, a.status)
		}
		direct := tt.who.do(tt.method, tt.path, nil)
		if a.status != direct.status || a.header.Get("WWW-Authenticate") != direct.header.Get("WWW-Authenticate") {
			t.Errorf("%s: %s %s: asked %d %s, direct %d %s", tt.who.name, tt.method, tt.path, a.status, a.body, direct.status, direct.body)
		}
		if (a.status == http.StatusOK) != (a.header.Get("Wardgate-Assertion") != "") {
			t.Errorf("%s: %s %s: got %d with assertion %q", tt.who.name, tt.method, tt.path, a.status, a.header.Get("Wardgate-Assertion"))
		}
	}
	doctor.post("/auth/logout", nil).is(204)
	doctor.throughTraefik("GET", patient).denied(401, "session_revoked")
}

func TestNobodyIsTrustedToAskByDefault(t *testing.T) {
	w := newWorld(t, nil)
	w.as("doctor").throughTraefik("GET", "/api/patients").denied(404, "route_unknown")
}

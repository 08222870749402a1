package stories_test

import (
	"net/http"
	"testing"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

func TestOtherProxiesGetTheSameDecisions(t *testing.T) {
	w := rig.New(t, func(c *config.Config) { c.PEP.TrustedProxies = []string{"127.0.0.1"} })
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
	return p.Send(r)
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

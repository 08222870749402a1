package remote_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

func keyID(t *testing.T, token string) string {
	t.Helper()
	parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	id, _ := parsed.Header["kid"].(string)
	return id
}

// answers reports whether the address says anything at all to this caller.
func answers(t *testing.T, address string, c *tls.Config) bool {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: c, DisableKeepAlives: true}
	res, err := transport.RoundTrip(rig.MustRequest(t, "GET", address+"/internal/v1/keys", ""))
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return true
}

// Every part listens to the enforcement point's certificate and to nothing else.
func TestSegments(t *testing.T) {
	h := rig.NewSplit(t)
	h.StartAll()
	foreign := filepath.Join(t.TempDir(), "certs")
	if code, said := rig.Command("certs", "--out", foreign); code != 0 {
		t.Fatal(said)
	}
	for _, part := range []string{"pdp", "records", "inference"} {
		address := h.Parts[part].Process.Inside(part)
		for _, tt := range []struct {
			caller string
			with   *tls.Config
			want   bool
		}{
			{"the enforcement point", rig.Presented(t, h.Certs, "pep"), true},
			{"the decision point", rig.Presented(t, h.Certs, "pdp"), false},
			{"records", rig.Presented(t, h.Certs, "records"), false},
			{"inference", rig.Presented(t, h.Certs, "inference"), false},
			{"the authority itself", rig.Presented(t, h.Certs, "ca"), false},
			{"an enforcement point whose time is over", rig.Presented(t, h.Expired("pep"), "pep"), false},
			{"an enforcement point of another house", rig.Presented(t, foreign, "pep"), false},
			{"nobody", &tls.Config{InsecureSkipVerify: true}, false},
		} {
			if got := answers(t, address, tt.with); got != tt.want {
				t.Errorf("%s answers %s: %t, want %t", part, tt.caller, got, tt.want)
			}
		}
		plain := "http://" + strings.TrimPrefix(address, "https://")
		if res, err := http.Get(plain + "/internal/v1/keys"); err == nil {
			if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusBadRequest {
				t.Errorf("%s answers in the clear: %d %s", part, res.StatusCode, body)
			}
			_ = res.Body.Close()
		}
	}
}

// What the enforcement point forwards for somebody never reaches what it asks
// for itself, and what it asks for itself never reaches an application.
func TestForwardedRequestsReachNothingInternal(t *testing.T) {
	h := rig.NewSplit(t)
	h.StartAll()
	transport := &http.Transport{TLSClientConfig: rig.Presented(t, h.Certs, "pep"), DisableKeepAlives: true}
	secret, err := os.ReadFile(filepath.Join(h.Certs, "assertion.key"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := assertion.NewKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	at := h.Parts["pdp"].Process.Inside("pdp")
	for _, tt := range []struct {
		method, path string
		asserted     bool
		want         int
	}{
		{"GET", "/internal/v1/keys", false, 200},
		{"GET", "/internal/v1/keys", true, 401},
		{"GET", "/internal/v1/revocations", true, 401},
		{"POST", "/internal/v1/decide", true, 401},
		{"POST", "/internal/v1/sessions/0190a0b0-0000-7000-8000-000000000000/revoke", true, 401},
		{"GET", "/api/me", false, 401},
		{"GET", "/api/admin/users", false, 401},
	} {
		r := rig.MustRequest(t, tt.method, at, "")
		r.URL.Opaque = tt.path // as it stands
		if tt.asserted {
			claims := assertion.Claims{Action: "account.read", Decision: "d-1", Method: tt.method, Path: tt.path, Role: "security"}
			claims.Subject = "u-1"
			signed, err := key.Sign(claims, "admin", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set(assertion.Header, signed)
		}
		res, err := transport.RoundTrip(r)
		if err != nil {
			t.Errorf("%s %s: %v", tt.method, tt.path, err)
			continue
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != tt.want {
			t.Errorf("%s %s, asserted %t: got %d %s, want %d", tt.method, tt.path, tt.asserted, res.StatusCode, body, tt.want)
		}
	}
}

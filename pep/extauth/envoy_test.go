package extauth_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/codes"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pep/extauth"
)

// asEnvoy describes a request as Envoy does.
func (w *world) asEnvoy(method, target string, body []byte, change func(*auth.AttributeContext)) *auth.CheckRequest {
	h := &auth.AttributeContext_HttpRequest{
		Method: method, Path: target, Host: "hospital.test", Scheme: "https", Protocol: "HTTP/1.1", RawBody: body,
		Headers: map[string]string{
			":method": method, ":path": target, ":authority": "hospital.test", ":scheme": "https",
			"authorization": "Bearer " + w.token, "user-agent": "test", "accept": "*/*",
		},
	}
	if len(body) > 0 {
		h.Headers["content-type"] = "application/json"
		h.Headers["content-length"] = strconv.Itoa(len(body))
		h.Headers["x-envoy-auth-partial-body"] = "false"
	}
	a := &auth.AttributeContext{
		Source:  &auth.AttributeContext_Peer{Address: socket("192.0.2.7")},
		Request: &auth.AttributeContext_Request{Http: h},
	}
	if change != nil {
		change(a)
	}
	return &auth.CheckRequest{Attributes: a}
}

func socket(ip string) *core.Address {
	return &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
		Address: ip, PortSpecifier: &core.SocketAddress_PortValue{PortValue: 40000},
	}}}
}

func (w *world) check(r *auth.CheckRequest) *auth.CheckResponse {
	w.t.Helper()
	res, err := w.envoy.Check(w.t.Context(), r)
	if err != nil {
		w.t.Fatalf("Check answers with an error: %v", err)
	}
	return res
}

// headersOf also holds that each is overwritten, never appended to the client's.
func headersOf(t testing.TB, options []*core.HeaderValueOption) http.Header {
	t.Helper()
	h := http.Header{}
	for _, o := range options {
		if o.GetAppendAction() != core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD {
			t.Errorf("%s is appended", o.GetHeader().GetKey())
		}
		h.Add(o.GetHeader().GetKey(), o.GetHeader().GetValue())
	}
	return h
}

// allows reports whether a response lets the request pass. One that says both
// fails the test.
func allows(t testing.TB, res *auth.CheckResponse) bool {
	t.Helper()
	ok := res.GetStatus() != nil && res.GetStatus().GetCode() == int32(codes.OK)
	if ok != (res.GetOkResponse() != nil) || ok == (res.GetDeniedResponse() != nil) {
		t.Errorf("the response contradicts itself: %v", res.GetStatus())
	}
	return ok
}

func TestEnvoyForwardsWhatWasJudged(t *testing.T) {
	w := newWorld(t, nil)
	body := []byte(`{"name":"invented"}`)
	raw := func(a *auth.AttributeContext) { // as with encode_raw_headers
		h := a.Request.Http
		h.HeaderMap = &core.HeaderMap{}
		for name, value := range h.Headers {
			h.HeaderMap.Headers = append(h.HeaderMap.Headers, &core.HeaderValue{Key: name, RawValue: []byte(value)})
		}
		h.Headers = nil
	}
	text := func(a *auth.AttributeContext) { a.Request.Http.Body, a.Request.Http.RawBody = string(body), nil }
	for _, tt := range []struct {
		name, application, method, target string
		body                              []byte
		change                            func(*auth.AttributeContext)
	}{
		{"reading", "records", "GET", "/api/patients/p-1?after=a%20b", nil, nil},
		{"writing", "records", "POST", "/api/patients", body, nil},
		{"writing, body as text", "records", "POST", "/api/patients", body, text},
		{"writing nothing", "records", "POST", "/api/patients", nil, nil},
		{"raw headers", "records", "GET", "/api/patients?wow!", nil, raw},
		{"elsewhere", "imaging", "GET", "/images", nil, nil},
		{"IPv4 in IPv6", "records", "GET", "/api/patients", nil, func(a *auth.AttributeContext) { a.Source.Address = socket("::ffff:192.0.2.7") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res := w.check(w.asEnvoy(tt.method, tt.target, tt.body, tt.change))
			if !allows(t, res) {
				t.Fatalf("denied: %s", res.GetDeniedResponse().GetBody())
			}
			h := headersOf(t, res.GetOkResponse().GetHeaders())
			w.delegated(tt.application, h.Get(assertion.Header), h.Get(extauth.DecisionHeader), tt.method, tt.target, tt.body)
			if e := w.journal.of(t, h.Get(extauth.DecisionHeader)); e.Address != "192.0.2.7" {
				t.Errorf("the client's address is recorded as %q", e.Address)
			}
		})
	}
}

// TestEnvoyRemovesWhatWardgateWouldNotForward, and nothing that it sets itself:
// Envoy removes after it has set.
func TestEnvoyRemovesWhatWardgateWouldNotForward(t *testing.T) {
	w := newWorld(t, nil)
	client := map[string]string{
		"cookie": "session=1", "wardgate-assertion": "forged", "wardgate_assertion": "forged", "wardgate-patients": "p-2",
		"x-user": "root", "x_remote_user": "root", "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "gopher",
		"x-forwarded-host": "evil.test", "x-http-method-override": "DELETE", "x-original-url": "/images",
		"upgrade": "websocket", "content-length": "0", "if-match": `"1"`, "idempotency-key": "k-1",
	}
	res := w.check(w.asEnvoy("GET", "/api/patients", nil, func(a *auth.AttributeContext) {
		for name, value := range client {
			a.Request.Http.Headers[name] = value
		}
	}))
	if !allows(t, res) {
		t.Fatalf("denied: %s", res.GetDeniedResponse().GetBody())
	}
	h := headersOf(t, res.GetOkResponse().GetHeaders())
	if h.Get("X-Forwarded-For") != "192.0.2.7" || h.Get("X-Forwarded-Proto") != "https" {
		t.Errorf("got %v", h)
	}
	want := []string{"authorization", "cookie", "upgrade", "wardgate-patients", "wardgate_assertion", "x-forwarded-host",
		"x-http-method-override", "x-original-url", "x-user", "x_remote_user"}
	if got := res.GetOkResponse().GetHeadersToRemove(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEnvoysClientsGetTheProblemDocument(t *testing.T) {
	w := newWorld(t, nil)
	for _, tt := range []struct {
		name, method, target string
		change               func(*auth.AttributeContext)
		status               int
		reason               string
	}{
		{"no session", "GET", "/api/patients", func(a *auth.AttributeContext) { delete(a.Request.Http.Headers, "authorization") }, 401, "session_missing"},
		{"a fresh factor would do", "DELETE", "/api/patients/p-1", nil, 401, "step_up_required"},
		{"forbidden", "GET", "/forbidden/p-1", nil, 403, "role_forbidden"},
		{"unknown facts", "GET", "/unsure/p-1", nil, 503, "care_unknown"},
		{"no route", "GET", "/nowhere", nil, 404, "route_unknown"},
		{"an application elsewhere cannot be limited", "GET", "/images/p-1", nil, 403, "obligation_unmet"},
		{"unknown host", "GET", "/api/patients", func(a *auth.AttributeContext) {
			a.Request.Http.Host, a.Request.Http.Headers[":authority"] = "evil.test", "evil.test"
		}, 421, "host_unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res := w.check(w.asEnvoy(tt.method, tt.target, nil, tt.change))
			if allows(t, res) {
				t.Fatal("allowed")
			}
			deny := res.GetDeniedResponse()
			d, h := document(t, []byte(deny.GetBody())), headersOf(t, deny.GetHeaders())
			if int(deny.GetStatus().GetCode()) != tt.status || d.Status != tt.status || !slices.Equal(d.Reasons, []string{tt.reason}) {
				t.Errorf("got %v %s, want %d %s", deny.GetStatus(), deny.GetBody(), tt.status, tt.reason)
			}
			if h.Get("Content-Type") != problem.ContentType || (tt.status == 401) != (h.Get("WWW-Authenticate") != "") {
				t.Errorf("got headers %v", h)
			}
			if e := w.journal.of(t, d.Decision); e.Allow || e.Detail != "extauth" {
				t.Errorf("recorded as %+v", e)
			}
		})
	}
}

func TestEnvoyIsNeverAnsweredWithAnError(t *testing.T) {
	for name, change := range map[string]func(*world){
		"decider panics": func(w *world) { w.config.Decider = panicking{} },
		"journal panics": func(w *world) { w.config.Journal = panicking{} },
	} {
		w := newWorld(t, change)
		if res := w.check(w.asEnvoy("GET", "/api/patients", nil, nil)); allows(t, res) || res.GetDeniedResponse().GetStatus().GetCode() != 503 {
			t.Errorf("%s: got %v", name, res)
		}
	}
	w := newWorld(t, nil)
	broken, err := extauth.NewEnvoy(panicking{}, w.config.Log)
	if err != nil {
		t.Fatal(err)
	}
	res, err := broken.Check(t.Context(), w.asEnvoy("GET", "/api/patients", nil, nil))
	if err != nil || allows(t, res) || res.GetDeniedResponse().GetStatus().GetCode() != 503 {
		t.Errorf("checker panics: got %v, %v", res, err)
	}
	// A message that is too large for one request is an error of gRPC itself.
	large := w.asEnvoy("GET", "/api/patients", nil, func(a *auth.AttributeContext) {
		a.Request.Http.Headers["x-large"] = strings.Repeat("x", 3<<20)
	})
	if res, err := w.envoy.Check(t.Context(), large); err == nil && allows(t, res) {
		t.Error("a message of 3 MiB is allowed")
	}
}

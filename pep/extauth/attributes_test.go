package extauth_test

import (
	"strings"
	"testing"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
)

type change = func(*auth.AttributeContext)

func header(name, value string) change {
	return func(a *auth.AttributeContext) { a.Request.Http.Headers[name] = value }
}

func request(c func(*auth.AttributeContext_HttpRequest)) change {
	return func(a *auth.AttributeContext) { c(a.Request.Http) }
}

// path changes the target in both places where Envoy says it.
func path(target string) change {
	return request(func(h *auth.AttributeContext_HttpRequest) { h.Path, h.Headers[":path"] = target, target })
}

func rawHeaders(pairs ...string) change {
	return request(func(h *auth.AttributeContext_HttpRequest) {
		h.HeaderMap = &core.HeaderMap{}
		for i := 0; i < len(pairs); i += 2 {
			h.HeaderMap.Headers = append(h.HeaderMap.Headers, &core.HeaderValue{Key: pairs[i], RawValue: []byte(pairs[i+1])})
		}
	})
}

// hostileAttributes turn a request that would be allowed into one that may not.
var hostileAttributes = map[string]change{
	"no request":      func(a *auth.AttributeContext) { a.Request = nil },
	"no HTTP":         func(a *auth.AttributeContext) { a.Request.Http = nil },
	"no source":       func(a *auth.AttributeContext) { a.Source = nil },
	"no address":      func(a *auth.AttributeContext) { a.Source.Address = nil },
	"named source":    func(a *auth.AttributeContext) { a.Source.Address = socket("localhost") },
	"source and port": func(a *auth.AttributeContext) { a.Source.Address = socket("192.0.2.7:1") },
	"zoned source":    func(a *auth.AttributeContext) { a.Source.Address = socket("fe80::1%eth0") },
	"pipe": func(a *auth.AttributeContext) {
		a.Source.Address = &core.Address{Address: &core.Address_Pipe{Pipe: &core.Pipe{Path: "/run/x"}}}
	},
	"no method":           request(func(h *auth.AttributeContext_HttpRequest) { h.Method = "" }),
	"no path":             request(func(h *auth.AttributeContext_HttpRequest) { h.Path = "" }),
	"no host":             request(func(h *auth.AttributeContext_HttpRequest) { h.Host = "" }),
	"no scheme":           request(func(h *auth.AttributeContext_HttpRequest) { h.Scheme = "" }),
	"two hosts":           request(func(h *auth.AttributeContext_HttpRequest) { h.Host = "hospital.test,evil.test" }),
	"query apart":         request(func(h *auth.AttributeContext_HttpRequest) { h.Query = "a=1" }),
	"fragment":            request(func(h *auth.AttributeContext_HttpRequest) { h.Fragment = "x" }),
	"other method":        header(":method", "DELETE"),
	"other path":          header(":path", "/images"),
	"other authority":     header(":authority", "evil.test"),
	"other host":          header("host", "evil.test"),
	"other scheme":        header(":scheme", "http"),
	"method in two cases": header(":Method", "GET"),
	"dot segments":        path("/api/patients/../patients"),
	"double slash":        path("//evil.test/api/patients"),
	"absolute":            path("https://hospital.test/api/patients"),
	"encoded slash":       path("/api%2Fpatients"),
	"encoded nul":         path("/api/patients%00"),
	"semicolon":           path("/api/patients;x"),
	"replaced byte":       path("/api/patients?a=!"),
	"line feed in path":   path("/api/patients\n"),
	"header with a colon": header("x:y", "1"),
	"nameless header":     header("", "1"),
	"line feed in header": header("x-a", "1\r\nx-user: root"),
	"token in two cases":  header("Authorization", "Bearer x"),
	"two tokens":          header("authorization", "Bearer a,Bearer b"),
	"both header lists":   rawHeaders("authorization", "Bearer x"),
	"two raw tokens": func(a *auth.AttributeContext) {
		token := a.Request.Http.Headers["authorization"]
		a.Request.Http.Headers = nil
		rawHeaders("authorization", token, "authorization", token)(a)
	},
	"two raw paths": func(a *auth.AttributeContext) {
		token := a.Request.Http.Headers["authorization"]
		a.Request.Http.Headers = nil
		rawHeaders(":path", "/api/patients", ":path", "/api/patients", "authorization", token)(a)
	},
	"body not announced":   request(func(h *auth.AttributeContext_HttpRequest) { h.RawBody = []byte("{}") }),
	"body as text too":     request(func(h *auth.AttributeContext_HttpRequest) { h.Body, h.RawBody = "{}", []byte("{}") }),
	"announced, not shown": header("content-length", "2"),
	"length of nonsense":   header("content-length", "-1"),
	"two lengths":          header("content-length", "0,0"),
	"chunked, not shown":   header("transfer-encoding", "chunked"),
	"partial":              header("x-envoy-auth-partial-body", "true"),
	"partial, perhaps":     header("x-envoy-auth-partial-body", "maybe"),
	"partial, twice":       header("X-Envoy-Auth-Partial-Body", "false"),
}

func TestHostileAttributesAreDenied(t *testing.T) {
	w := newWorld(t, nil)
	if !allows(t, w.check(w.asEnvoy("GET", "/api/patients", nil, nil))) {
		t.Fatal("the honest request is denied")
	}
	for name, c := range hostileAttributes {
		t.Run(name, func(t *testing.T) {
			r := w.asEnvoy("GET", "/api/patients", nil, header("x-envoy-auth-partial-body", "false"))
			c(r.Attributes)
			if allows(t, w.check(r)) {
				t.Error("allowed")
			}
		})
	}
	for name, r := range map[string]*auth.CheckRequest{"nothing": {}, "nothing in it": {Attributes: &auth.AttributeContext{}}} {
		if allows(t, w.check(r)) {
			t.Errorf("%s: allowed", name)
		}
	}
}

// TestEnvoysBodyIsJudgedWholeOrNotAtAll: a route that takes a body lets none
// pass that was not read to its end, or not as its bytes came.
func TestEnvoysBodyIsJudgedWholeOrNotAtAll(t *testing.T) {
	w := newWorld(t, nil)
	good := `{"a":1}`
	for name, tt := range map[string]struct {
		body   string
		change change
	}{
		"cut":             {good, header("x-envoy-auth-partial-body", "true")},
		"shorter":         {good, header("content-length", "8")},
		"longer":          {good, header("content-length", "6")},
		"key twice":       {`{"a":1,"A":2}`, nil},
		"trailing":        {`{"a":1}{}`, nil},
		"broken UTF-8":    {"{\"a\":\"\xff\"}", nil},
		"too large":       {`{"a":"` + strings.Repeat("x", 1<<20) + `"}`, nil},
		"another type":    {good, header("content-type", "text/plain")},
		"two types":       {good, header("content-type", "application/json,text/plain")},
		"compressed":      {good, header("content-encoding", "gzip")},
		"hidden":          {good, request(func(h *auth.AttributeContext_HttpRequest) { h.RawBody = nil })},
		"replaced byte":   {good, request(func(h *auth.AttributeContext_HttpRequest) { h.RawBody, h.Body = nil, `{"a":!}` })},
		"shown both ways": {good, request(func(h *auth.AttributeContext_HttpRequest) { h.Body = good })},
	} {
		t.Run(name, func(t *testing.T) {
			if allows(t, w.check(w.asEnvoy("POST", "/api/patients", []byte(tt.body), tt.change))) {
				t.Error("allowed")
			}
		})
	}
}

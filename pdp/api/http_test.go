package api_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pdp/api"
)

func TestNewRefusesWhatCouldNotBeSafe(t *testing.T) {
	tests := []struct {
		name, want string
		change     func(*api.Config)
	}{
		{"no decider", "decider", func(c *api.Config) { c.Decider = nil }},
		{"no journal", "journal", func(c *api.Config) { c.Journal = nil }},
		{"no logger", "logger", func(c *api.Config) { c.Log = nil }},
		{"no way to prove oneself", "token", func(c *api.Config) { c.Tokens = nil }},
		{"short token", "16", func(c *api.Config) { c.Tokens["lab"] = "short" }},
		{"token with a line end", "blanks", func(c *api.Config) { c.Tokens["lab"] = token + "\n" }},
		{"a caller without a name", "must be", func(c *api.Config) { c.Tokens = map[string]string{"": token} }},
		{"a token of two callers", "have the same", func(c *api.Config) { c.Tokens["icu"] = token }},
		{"no base", "base URL", func(c *api.Config) { c.BaseURL = "" }},
		{"base with a path", "base URL", func(c *api.Config) { c.BaseURL = base + "/pdp" }},
		{"base with a query", "base URL", func(c *api.Config) { c.BaseURL = base + "?a=b" }},
		{"base of another scheme", "base URL", func(c *api.Config) { c.BaseURL = "file://x" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			c := api.Config{Decider: w.decider, Journal: w.journal, Tokens: map[string]string{"lab": token}, BaseURL: base, Log: slog.New(slog.DiscardHandler)}
			if _, err := api.New(c); err != nil {
				t.Fatalf("whole: %v", err)
			}
			tt.change(&c)
			s, err := api.New(c)
			if s != nil || err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "short") {
				t.Errorf("got %v, want an error about %s", err, tt.want)
			}
		})
	}
}

func TestStrangersLearnNothing(t *testing.T) {
	tests := []struct {
		name    string
		headers []string
		want    string
	}{
		{"nothing", nil, "Bearer"},
		{"other token", []string{"Bearer " + token + "x"}, `Bearer error="invalid_token"`},
		{"beginning of the token", []string{"Bearer " + token[:len(token)-1]}, `Bearer error="invalid_token"`},
		{"empty token", []string{"Bearer "}, `Bearer error="invalid_token"`},
		{"no scheme", []string{token}, `Bearer error="invalid_token"`},
		{"other scheme", []string{"Basic " + token}, `Bearer error="invalid_token"`},
		{"two headers", []string{"Bearer " + token, "Bearer " + token}, `Bearer error="invalid_token"`},
	}
	paths := []string{api.PathEvaluation, api.PathEvaluations, api.PathAnswer, api.PathOpenAPI, "/", "/v1/data", "/v1/data/users", "/nowhere"}
	for _, tt := range tests {
		for _, path := range paths {
			for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
				w := newWorld(t)
				r := httptest.NewRequest(method, path, strings.NewReader(question("p-1")))
				r.Header["Authorization"] = tt.headers
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("X-Request-ID", "id-1")
				got := w.send(r)
				refused(t, got, http.StatusUnauthorized, "caller_unknown")
				if c := got.Header().Get("WWW-Authenticate"); c != tt.want {
					t.Errorf("%s: got challenge %q, want %q", tt.name, c, tt.want)
				}
				if got.Header().Get("X-Request-ID") != "id-1" || len(w.decider.asked) != 0 {
					t.Errorf("%s %s %s: got headers %v, %d questions", tt.name, method, path, got.Header(), len(w.decider.asked))
				}
			}
		}
	}
}

// certified is a connection whose client showed a certificate with these names,
// which the listener has verified.
func certified(uris, names []string) *tls.ConnectionState {
	c := &x509.Certificate{DNSNames: names}
	for _, text := range uris {
		u, _ := url.Parse(text)
		c.URIs = append(c.URIs, u)
	}
	return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{c}, VerifiedChains: [][]*x509.Certificate{{c}}}
}

func TestClientCertificates(t *testing.T) {
	lab := certified(nil, []string{"lab.hospital.test"})
	unverified := certified(nil, []string{"lab.hospital.test"})
	unverified.VerifiedChains = nil
	tests := []struct {
		name   string
		accept bool
		state  *tls.ConnectionState
		want   string
	}{
		{"verified", true, lab, "certificate:lab.hospital.test"},
		{"a URI goes before a DNS name", true, certified([]string{"spiffe://hospital.test/lab"}, []string{"lab.hospital.test"}), "certificate:spiffe://hospital.test/lab"},
		{"certificates are not accepted", false, lab, ""},
		{"not verified", true, unverified, ""},
		{"no TLS", true, nil, ""},
		{"no name", true, certified(nil, nil), ""},
		{"two names", true, certified(nil, []string{"lab.hospital.test", "icu.hospital.test"}), ""},
		{"two URIs", true, certified([]string{"spiffe://a.test/x", "spiffe://a.test/y"}, []string{"lab.hospital.test"}), ""},
		{"an endless name", true, certified(nil, []string{strings.Repeat("x", 256)}), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, func(c *api.Config) { c.ClientCertificates = tt.accept })
			r := httptest.NewRequest(http.MethodPost, api.PathEvaluation, strings.NewReader(question("p-1")))
			r.Header.Set("Content-Type", "application/json")
			r.TLS = tt.state
			got := w.send(r)
			switch {
			case tt.want == "" && (got.Code != http.StatusUnauthorized || len(w.journal.events) > 0):
				t.Errorf("got %d and %d events, want 401 and none", got.Code, len(w.journal.events))
			case tt.want != "" && (got.Code != http.StatusOK || w.journal.events[0].Caller != tt.want):
				t.Errorf("got %d and %+v, want %s", got.Code, w.journal.events, tt.want)
			}
			r = httptest.NewRequest(http.MethodPost, api.PathEvaluation, strings.NewReader(question("p-1")))
			r.Header.Set("Authorization", "Bearer ")
			if got := w.send(r); got.Code != http.StatusUnauthorized {
				t.Errorf("empty token: got %d, want 401", got.Code)
			}
		})
	}
}

func TestDiscoveryIsPublicAndNamesWhatThereIs(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.BaseURL = base + "/" })
	got := w.send(httptest.NewRequest(http.MethodGet, api.PathDiscovery, nil))
	want := `{"access_evaluation_endpoint":"` + base + `/access/v1/evaluation",` +
		`"access_evaluations_endpoint":"` + base + `/access/v1/evaluations","policy_decision_point":"` + base + `"}`
	if got.Code != http.StatusOK || got.Body.String() != want || got.Header().Get("Content-Type") != "application/json" {
		t.Errorf("got %d %s, want %s", got.Code, got.Body, want)
	}
}

func TestRequestIDComesBack(t *testing.T) {
	long := strings.Repeat("x", 128)
	tests := []struct {
		name string
		sent []string
		want string
	}{
		{"plain", []string{"bfe9eb29-ab87-4ca3-be83-a1d5d8305716"}, "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"},
		{"longest", []string{long}, long},
		{"too long", []string{long + "x"}, ""},
		{"empty", []string{""}, ""},
		{"two", []string{"a", "b"}, ""},
		{"line end", []string{"a\r\nSet-Cookie: b"}, ""},
		{"not ASCII", []string{"ä"}, ""},
		{"none", nil, ""},
	}
	for _, tt := range tests {
		for path, want := range map[string]int{api.PathEvaluation: 200, "/nowhere": 404, api.PathOpenAPI: 405} {
			w := newWorld(t)
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(question("p-1")))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "bearer "+token)
			r.Header["X-Request-Id"] = tt.sent
			got := w.send(r)
			if id := got.Header().Get("X-Request-ID"); got.Code != want || id != tt.want {
				t.Errorf("%s %s: got %d %q, want %d %q", tt.name, path, got.Code, id, want, tt.want)
			}
			if got.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s: the answer may be cached", path)
			}
		}
	}
}

func TestBodyOfTwoReadingsIsRefused(t *testing.T) {
	tests := []struct {
		name, body, code string
		status           int
	}{
		{"empty", "", "body_ambiguous", 400},
		{"broken off", question("p-1")[:40], "body_ambiguous", 400},
		{"trailing data", question("p-1") + "{}", "body_ambiguous", 400},
		{"key twice", `{"subject":{"type":"user","id":"u-2"},` + question("p-1")[1:], "body_ambiguous", 400},
		{"key twice in another case", `{"SUBJECT":{"type":"user","id":"u-2"},` + question("p-1")[1:], "body_ambiguous", 400},
		{"key twice by an escape", `{"\u0073ubject":1,` + question("p-1")[1:], "body_ambiguous", 400},
		{"key twice by a letter that folds", `{"ſubject":1,` + question("p-1")[1:], "body_ambiguous", 400},
		{"key twice inside", strings.Replace(question("p-1"), `"id":"u-1"`, `"id":"u-1","ID":"u-2"`, 1), "body_ambiguous", 400},
		{"key twice where nobody looks", strings.Replace(question("p-1"), `{"address"`, `{"x":[{"a":1,"A":2}],"address"`, 1), "body_ambiguous", 400},
		{"not UTF-8", strings.Replace(question("p-1"), "u-1", "\xff", 1), "body_ambiguous", 400},
		{"unpaired surrogate", question(`p\ud800`), "body_ambiguous", 400},
		{"byte order mark", "\ufeff" + question("p-1"), "body_ambiguous", 400},
		{"nested deep", `{"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `,` + question("p-1")[1:], "body_ambiguous", 400},
		{"too large", `{"x":"` + strings.Repeat("x", api.BodyLimit) + `"}`, "body_too_large", 413},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, path := range []string{api.PathEvaluation, api.PathEvaluations, api.PathAnswer} {
				w := newWorld(t)
				refused(t, w.post(path, tt.body), tt.status, tt.code)
				if len(w.decider.asked) != 0 {
					t.Error("it was asked nevertheless")
				}
			}
		})
	}
}

func TestOddButPlainBodiesAreRead(t *testing.T) {
	for name, body := range map[string]string{
		"blanks around":         " \r\n\t" + question("p-1") + "\n",
		"number of many digits": `{"x":1e999,"y":12345678901234567890123,` + question("p-1")[1:],
		"same key elsewhere":    `{"a":{"id":1},"b":{"ID":2},` + question("p-1")[1:],
		"as large as allowed":   question("p-1") + strings.Repeat(" ", api.BodyLimit-len(question("p-1"))),
	} {
		if got := newWorld(t).post(api.PathEvaluation, body); got.Code != http.StatusOK {
			t.Errorf("%s: got %d %s", name, got.Code, got.Body)
		}
	}
}

func TestMediaType(t *testing.T) {
	tests := []struct {
		types    []string
		encoding string
		want     int
	}{
		{[]string{"application/json"}, "", 200},
		{[]string{"application/json; charset=UTF-8"}, "", 200},
		{nil, "", 415},
		{[]string{"text/plain"}, "", 415},
		{[]string{"application/x-www-form-urlencoded"}, "", 415},
		{[]string{"application/json; charset=utf-16"}, "", 415},
		{[]string{"application/json", "application/json"}, "", 415},
		{[]string{"application/json"}, "gzip", 415},
	}
	for _, tt := range tests {
		w := newWorld(t)
		r := httptest.NewRequest(http.MethodPost, api.PathEvaluation, strings.NewReader(question("p-1")))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header["Content-Type"] = tt.types
		if tt.encoding != "" {
			r.Header.Set("Content-Encoding", tt.encoding)
		}
		if got := w.send(r); got.Code != tt.want {
			t.Errorf("%v %s: got %d, want %d", tt.types, tt.encoding, got.Code, tt.want)
		}
	}
}

func TestOnlyListedPathsAreServed(t *testing.T) {
	for _, path := range []string{
		"/", "/v1/data", "/v1/data/authz", "/v1/data/authz/answer/", "/v1/data/authz/rules", "/v1/data/system",
		"/v1/policies", "/v1/data/authz%2Fanswer", "/v1/data/authz/%61nswer", "/v1/data//authz/answer", "/access/v1/evaluation/",
		"/access/v1/Evaluation", "/access/v1/search/subject", "/v1/data/authz/../authz/answer",
	} {
		w := newWorld(t)
		refused(t, w.post(path, `{"input":`+question("p-1")+`}`), http.StatusNotFound, "not_found")
		if len(w.decider.asked) != 0 {
			t.Errorf("%s: was asked", path)
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodPatch} {
		r := httptest.NewRequest(method, api.PathAnswer, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		got := newWorld(t).send(r)
		refused(t, got, http.StatusMethodNotAllowed, "method_not_allowed")
		if got.Header().Get("Allow") != http.MethodPost {
			t.Errorf("%s: got Allow %q", method, got.Header().Get("Allow"))
		}
	}
}

func TestDescriptionNamesWhatIsServed(t *testing.T) {
	w := newWorld(t)
	r := httptest.NewRequest(http.MethodGet, api.PathOpenAPI, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	got := w.send(r)
	doc := decode[struct {
		OpenAPI string                                `json:"openapi"`
		Paths   map[string]map[string]json.RawMessage `json:"paths"`
	}](t, got.Body.Bytes())
	if got.Code != http.StatusOK || doc.OpenAPI != "3.1.0" {
		t.Fatalf("got %d, OpenAPI %q", got.Code, doc.OpenAPI)
	}
	served := map[string]string{
		api.PathDiscovery: "get", api.PathOpenAPI: "get",
		api.PathEvaluation: "post", api.PathEvaluations: "post", api.PathAnswer: "post",
	}
	if fmt.Sprint(keys(doc.Paths)) != fmt.Sprint(keys(served)) {
		t.Errorf("got %v, want %v", keys(doc.Paths), keys(served))
	}
	for path, methods := range doc.Paths {
		if fmt.Sprint(keys(methods)) != fmt.Sprintf("[%s]", served[path]) {
			t.Errorf("%s: got %v, want %s", path, keys(methods), served[path])
		}
	}
	resolve(t, got.Body.Bytes())
}

// resolve checks that every reference inside the document leads somewhere.
func resolve(t *testing.T, raw []byte) {
	t.Helper()
	whole := decode[map[string]any](t, raw)
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok && !leads(whole, ref) {
				t.Errorf("%s leads nowhere", ref)
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(whole)
}

func leads(whole map[string]any, ref string) bool {
	var at any = whole
	for _, name := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		inner, ok := at.(map[string]any)
		if !ok {
			return false
		}
		at = inner[name]
	}
	return at != nil
}

package assertion_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
)

// guarded serves one request through a guard, and tells whether the handler
// was reached and with which body.
func guarded(t *testing.T, r *http.Request) (rec *httptest.ResponseRecorder, reached bool, body string) {
	t.Helper()
	var log bytes.Buffer
	g := assertion.Guard{Key: newKey(t, secret), Audience: "records", Limit: 64, Log: slog.New(slog.NewTextHandler(&log, nil))}
	rec = httptest.NewRecorder()
	g.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil || assertion.From(r.Context()) == nil || assertion.From(r.Context()).Decision != "d-1" {
			t.Errorf("handler: %v, claims %v", err, assertion.From(r.Context()))
		}
		reached, body = true, string(raw)
	})).ServeHTTP(rec, r)
	for _, value := range r.Header[assertion.Header] {
		if len(value) > 20 && strings.Contains(log.String(), value) {
			t.Error("the log holds an assertion")
		}
	}
	return rec, reached, body
}

func TestGuard(t *testing.T) {
	now := time.Now()
	good := sign(t, about("POST", "/a/b", "x=y", "{}"), "records", now)
	for _, test := range []struct {
		name, method, target, body string
		assertions                 []string
		status                     int
	}{
		{"the very request", "POST", "/a/b?x=y", "{}", []string{good}, 200},
		{"other method", "PUT", "/a/b?x=y", "{}", []string{good}, 401},
		{"other path", "POST", "/a/c?x=y", "{}", []string{good}, 401},
		{"path spelt otherwise", "POST", "/a/%62?x=y", "{}", []string{good}, 401},
		{"trailing slash", "POST", "/a/b/?x=y", "{}", []string{good}, 401},
		{"other query", "POST", "/a/b?x=z", "{}", []string{good}, 401},
		{"query spelt otherwise", "POST", "/a/b?x=%79", "{}", []string{good}, 401},
		{"no query", "POST", "/a/b", "{}", []string{good}, 401},
		{"other body", "POST", "/a/b?x=y", "[]", []string{good}, 401},
		{"no body", "POST", "/a/b?x=y", "", []string{good}, 401},
		{"longer body", "POST", "/a/b?x=y", "{} ", []string{good}, 401},
		{"body beyond the limit", "POST", "/a/b?x=y", strings.Repeat("x", 65), []string{good}, 413},
		{"no assertion", "POST", "/a/b?x=y", "{}", nil, 401},
		{"two assertions", "POST", "/a/b?x=y", "{}", []string{good, good}, 401},
		{"list of assertions", "POST", "/a/b?x=y", "{}", []string{good + ", " + good}, 401},
		{"expired", "POST", "/a/b?x=y", "{}", []string{sign(t, about("POST", "/a/b", "x=y", "{}"), "records", now.Add(-time.Minute))}, 401},
		{"of tomorrow", "POST", "/a/b?x=y", "{}", []string{sign(t, about("POST", "/a/b", "x=y", "{}"), "records", now.Add(24*time.Hour))}, 401},
		{"for another service", "POST", "/a/b?x=y", "{}", []string{sign(t, about("POST", "/a/b", "x=y", "{}"), "inference", now)}, 401},
		{"noise", "POST", "/a/b?x=y", "{}", []string{"noise"}, 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(test.method, test.target, strings.NewReader(test.body))
			r.Header[assertion.Header] = test.assertions
			rec, reached, body := guarded(t, r)
			if rec.Code != test.status || reached != (test.status == 200) || reached && body != test.body {
				t.Errorf("got %d, reached %t with %q; want %d", rec.Code, reached, body, test.status)
			}
			if !reached && rec.Header().Get("Content-Type") != problem.ContentType {
				t.Errorf("content type %q", rec.Header().Get("Content-Type"))
			}
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection lost") }

func TestGuardTellsABrokenBodyFromALargeOne(t *testing.T) {
	r := httptest.NewRequest("POST", "/a", broken{})
	r.Header.Set(assertion.Header, sign(t, about("POST", "/a", "", ""), "records", time.Now()))
	if rec, reached, _ := guarded(t, r); reached || rec.Code != http.StatusBadRequest {
		t.Errorf("got %d, reached %t; want 400", rec.Code, reached)
	}
}

func TestNothingIsClaimedOutsideAGuard(t *testing.T) {
	if c := assertion.From(t.Context()); c != nil {
		t.Errorf("got %+v", c)
	}
}

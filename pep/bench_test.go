package pep_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/token"
	"github.com/wardgate/wardgate/pip"
)

// instant stands for an application that answers at once.
type instant struct{}

func (instant) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}, assertion.PatientsHeader: {"p-1"}},
		Body:   io.NopCloser(bytes.NewReader([]byte(`{}`))), ContentLength: 2,
	}, nil
}

// nowhere stands for a journal that keeps everything.
type nowhere struct{}

func (nowhere) Append(context.Context, pip.Event) error { return nil }

// BenchmarkServeHTTP is one request the whole way, without sockets, an engine or
// a disk: what the enforcement point itself costs.
func BenchmarkServeHTTP(b *testing.B) {
	key, err := assertion.NewKey(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		b.Fatal(err)
	}
	tokens := newTokenIssuer(b)
	at := &url.URL{Scheme: "http", Host: "records.test"}
	for _, bench := range []struct {
		name     string
		path     string
		want     int
		decider  deciderFunc
		external bool
	}{
		{name: "allowed", path: "/api/patients/p-1", want: http.StatusOK, decider: sessionPolicy},
		{name: "denied", path: "/api/patients/p-1", want: http.StatusForbidden, decider: func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
			return pdp.Decision{Revision: r.Context.Route, Reasons: []string{"role_forbidden"}}, nil
		}},
		{name: "external", path: "/api/patients/p-1", want: http.StatusOK, external: true, decider: func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
			return pdp.Decision{Revision: r.Context.Route, Allow: true, Grounds: byRole()}, nil
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			p, err := pep.New(pep.Config{
				Decider: bench.decider, Tables: fixedTables(testTables()), Journal: nowhere{}, Keys: tokens,
				Revoker: revokerFunc(func(context.Context, string, string) error { return nil }),
				Tokens:  token.Policy{Issuer: testIssuer, Audience: testAudience}, Assertion: key,
				Applications: pep.Applications{Upstreams: map[string]pep.Upstream{"records": {URL: at, Transport: instant{}, External: bench.external}}},
				Log:          slog.New(slog.DiscardHandler),
			})
			if err != nil {
				b.Fatal(err)
			}
			bearer := "Bearer " + tokens.good()
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, bench.path, http.NoBody)
				r.Header.Set("Authorization", bearer)
				w := httptest.NewRecorder()
				if p.ServeHTTP(w, r); w.Code != bench.want {
					b.Fatalf("got %d %s, want %d", w.Code, w.Body, bench.want)
				}
			}
		})
	}
}

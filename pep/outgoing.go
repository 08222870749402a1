package pep

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pep/upstream"
	"github.com/wardgate/wardgate/pep/upstream/http1"
)

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// newForwarder proxies to one application. The outgoing request is written
// anew from what was judged: nothing of the incoming one goes on by itself.
func (p *Proxy) newForwarder(name string, a Upstream) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Transport: signing{proxy: p, application: name, external: a.External, next: a.Transport},
		Rewrite: func(pr *httputil.ProxyRequest) {
			x := exchangeOf(pr.In.Context())
			pr.Out.Method = x.target.Method
			pr.Out.URL = x.target.URL(a.URL)
			pr.Out.Host = a.URL.Host
			pr.Out.Header = upstream.Header(pr.In.Header)
			upstream.Unrepeatable(pr.Out.Header)
			for _, a := range x.effects.Answers {
				a.Ask(x.target.Method, pr.Out.Header)
			}
			if name == administrator {
				upstream.HandDevice(pr.In, pr.Out.Header)
			}
			if x.address.IsValid() {
				pr.Out.Header.Set("X-Forwarded-For", x.address.String())
			}
			pr.Out.Header.Set("X-Forwarded-Proto", scheme(pr.In))
			pr.Out.Trailer = nil
			pr.Out.TransferEncoding = nil
			pr.Out.ContentLength = int64(len(x.body))
			pr.Out.Body = http.NoBody
			if len(x.body) > 0 {
				// Of a connection that takes nothing of the request another is tried.
				pr.Out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(x.body)), nil }
				pr.Out.Body, _ = pr.Out.GetBody() // it cannot fail
			}
		},
		ModifyResponse: p.outcome,
		ErrorHandler:   p.failed,
		BufferPool:     &upstream.Buffers{},
		ErrorLog:       slog.NewLogLogger(p.cfg.Log.Handler(), slog.LevelWarn),
	}
}

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// signing states to the application what was decided. It stands where an error
// can still stop the request.
type signing struct {
	proxy       *Proxy
	application string
	external    bool // it reads no assertion
	next        http.RoundTripper
}

func (s signing) RoundTrip(r *http.Request) (*http.Response, error) {
	x := exchangeOf(r.Context())
	if s.external {
		if err := s.proxy.introduce(x, s.application, r.Header); err != nil {
			return nil, err
		}
	} else {
		signed, err := s.proxy.sign(x, s.application)
		if err != nil {
			return nil, err
		}
		r.Header.Set(assertion.Header, signed)
	}
	if s.external {
		// One that answers too often or too late must reach the session alone that
		// asked it.
		r = r.WithContext(http1.ForSession(r.Context(), x.credential.Session))
	}
	res, err := s.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	// The transport fills in trailers when the body has been read, which is
	// after the evidence was kept: the copy that goes on never gets them.
	answer := *res
	answer.Trailer = nil
	return &answer, nil
}

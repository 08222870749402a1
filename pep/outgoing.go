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
			if a.External {
				upstream.Parts(pr.In.Header, pr.Out.Header)
			}
			a.Headers.Apply(pr.In.Header, pr.Out.Header)
			if x.leaves() {
				x.opens.Ask(pr.Out.Header)
			}
			upstream.Strip(pr.Out.Header, x.applications.told)
			upstream.Unrepeatable(pr.Out.Header)
			p.bringCookies(x, name, &a.Cookies, pr.Out.Header)
			for _, change := range x.effects.Answers {
				change.Ask(x.target.Method, pr.Out.Header)
			}
			if name == administrator {
				upstream.HandDevice(pr.In, pr.Out.Header)
				x.handOn(pr.Out.Header)
				p.handOnMachine(x, pr.Out.Header)
				p.handOnKept(x, pr.Out.Header)
			}
			if x.address.IsValid() {
				pr.Out.Header.Set("X-Forwarded-For", x.address.String())
			}
			pr.Out.Header.Set("X-Forwarded-Proto", x.at.Scheme)
			if x.hosted == name {
				pr.Out.Header.Set("X-Forwarded-Host", x.at.Host) // as it is configured, whatever was sent
			}
			pr.Out.Trailer = nil
			pr.Out.TransferEncoding = nil
			pr.Out.ContentLength = int64(len(x.body))
			pr.Out.Body = http.NoBody
			if x.stream != nil {
				pr.Out.ContentLength, pr.Out.GetBody = x.incoming.ContentLength, x.stream.unbegun
				pr.Out.Body = arrival{x.stream}
			}
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
		// asked it, and no caller takes the application from the others.
		r = r.WithContext(http1.ForCaller(http1.ForSession(r.Context(), x.credential.Session), x.subject))
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

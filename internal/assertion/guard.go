package assertion

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/problem"
)

type claimsKey struct{}

// From returns the claims that Guard verified, or nil outside a guarded handler.
func From(ctx context.Context) *Claims {
	c, _ := ctx.Value(claimsKey{}).(*Claims)
	return c
}

// A Guard lets through only requests that carry a genuine assertion about
// exactly this request: method, path, query and body. It reads the body whole,
// at most Limit bytes, and hands the handler the same bytes. The handler sees a
// HEAD as the GET whose header it asks for.
type Guard struct {
	Key      *Key
	Audience string // name of the guarded application
	Limit    int64  // bytes of body; 1 MiB when zero
	Log      *slog.Logger
}

// Wrap guards next.
func (g Guard) Wrap(next http.Handler) http.Handler {
	limit := g.Limit
	if limit == 0 {
		limit = 1 << 20
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		values := r.Header.Values(Header)
		if len(values) != 1 {
			problem.Write(w, problem.New(http.StatusUnauthorized, "assertion_missing"))
			return
		}
		claims, err := g.Key.Verify(values[0], g.Audience, time.Now())
		if err != nil {
			g.Log.Warn("assertion refused", "audience", g.Audience, "error", err)
			problem.Write(w, problem.New(http.StatusUnauthorized, "assertion_invalid"))
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
		if err != nil {
			problem.Write(w, unreadable(err))
			return
		}
		if !claims.describes(r, body) {
			g.Log.Warn("assertion is about another request", "audience", g.Audience, "decision", claims.Decision)
			problem.Write(w, problem.New(http.StatusUnauthorized, "assertion_mismatch"))
			return
		}
		asserted := r.WithContext(context.WithValue(r.Context(), claimsKey{}, claims))
		asserted.Body = io.NopCloser(bytes.NewReader(body))
		if r.Method == http.MethodHead {
			asserted.Method = http.MethodGet // of which net/http sends the header alone
		}
		next.ServeHTTP(w, asserted)
	})
}

// unreadable tells a body that is too large from one that broke off.
func unreadable(err error) problem.Document {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return problem.New(http.StatusRequestEntityTooLarge, "body_too_large")
	}
	return problem.New(http.StatusBadRequest, "body_unreadable")
}

// describes reports whether the claims are about this very request. The raw
// request target is compared, not a parsed reading of it.
func (c *Claims) describes(r *http.Request, body []byte) bool {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	return c.Method == r.Method && c.Path == path &&
		c.QueryDigest == Digest([]byte(query)) && c.BodyDigest == Digest(body)
}

package pep_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pep/upstream/http1"
)

// An application that answers parts, and redirects to itself by the address that it knows.
func TestPartsAndRedirectionsOfApplications(t *testing.T) {
	t.Parallel()
	b := newHostedWorld(t, func(b *browserWorld) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/r-2" {
				http.Redirect(w, r, "http://"+r.Host+"/r-1?from="+r.Host, http.StatusFound)
				return
			}
			w.Header().Set("ETag", `"one"`)
			http.ServeContent(w, r, "study.bin", time.Time{}, strings.NewReader("0123456789"))
		}))
		t.Cleanup(server.Close)
		to := b.upstream(strings.TrimPrefix(server.URL, "http://"), http1.Config{})
		to.External = true
		b.config.Applications.Upstreams["lab"] = to
	})
	ask := func(path string, lines ...string) answer {
		return b.one(browse("GET", "lab.test", path, append(lines, "Authorization: Bearer {token}")...))
	}
	if a := ask("/r-1", "Range: bytes=2-5"); a.status != http.StatusPartialContent || a.body != "2345" || a.header.Get("Content-Range") != "bytes 2-5/10" || a.header.Get("Accept-Ranges") != "bytes" {
		t.Errorf("a part: got %d %q %v", a.status, a.body, a.header)
	}
	if a := ask("/r-1", "Range: bytes=2-5", `If-Range: "another"`); a.status != http.StatusOK || a.body != "0123456789" {
		t.Errorf("a part of what has changed: got %d %q", a.status, a.body)
	}
	if a := ask("/r-1", "Range: bytes=20-"); a.status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("a part that is not there: got %d", a.status)
	}
	if a := ask("/r-1", "Range: bytes=2-5", "Range: bytes=0-1"); a.status != http.StatusBadRequest {
		t.Errorf("two ranges: got %d", a.status)
	}
	if a := ask("/r-2"); a.status != http.StatusFound || !strings.HasPrefix(a.header.Get("Location"), "/r-1?from=127.0.0.1") {
		t.Errorf("a redirection: got %d %q", a.status, a.header.Get("Location"))
	}
}

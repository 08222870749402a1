package delivery_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/delivery"
)

// A depot is a bundle server as OPA's control planes are: ETags, and requests
// that are held until there is something new.
type depot struct {
	mu       sync.Mutex
	packed   []byte
	tag      string
	news     chan struct{}
	requests []*http.Request
}

func newDepot(packed []byte, tag string) *depot {
	return &depot{packed: packed, tag: tag, news: make(chan struct{})}
}

func (d *depot) put(packed []byte, tag string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.packed, d.tag = packed, tag
	close(d.news)
	d.news = make(chan struct{})
}

func (d *depot) seen() []*http.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]*http.Request(nil), d.requests...)
}

func (d *depot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.requests = append(d.requests, r)
	packed, tag, news := d.packed, d.tag, d.news
	d.mu.Unlock()
	if r.Header.Get("If-None-Match") == tag && strings.Contains(r.Header.Get("Prefer"), "wait=") {
		select {
		case <-news:
		case <-time.After(50 * time.Millisecond):
		case <-r.Context().Done():
			return
		}
		d.mu.Lock()
		packed, tag = d.packed, d.tag
		d.mu.Unlock()
	}
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.openpolicyagent.bundles")
	_, _ = w.Write(packed) // a client that went away is not the server's fault
}

func server(t *testing.T, h http.Handler, c delivery.ServerConfig) *delivery.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	source, err := delivery.NewServer(s.URL+"/bundles/wardgate.tar.gz?sig=secret", c)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func TestServerIsAskedAsOPAAsks(t *testing.T) {
	d := newDepot([]byte("one"), `"1"`)
	source := server(t, d, delivery.ServerConfig{LongPoll: 30 * time.Second, Token: func() (string, error) { return "opaque", nil }})
	ctx := context.Background()
	got, err := source.Fetch(ctx, "")
	if err != nil || string(got.Packed) != "one" || got.Tag != `"1"` {
		t.Fatalf("got %q %v", got, err)
	}
	if got, err = source.Fetch(ctx, `"1"`); err != nil || got.Packed != nil || got.Tag != `"1"` {
		t.Fatalf("got %q %v, want nothing new", got, err)
	}
	requests := d.seen()
	first, second := requests[0].Header, requests[1].Header
	if first.Get("Prefer") != "modes=snapshot;wait=30" || first.Get("Authorization") != "Bearer opaque" || first.Get("If-None-Match") != "" {
		t.Errorf("got headers %v", first)
	}
	if second.Get("If-None-Match") != `"1"` {
		t.Errorf("got If-None-Match %q", second.Get("If-None-Match"))
	}
	if strings.Contains(source.Name(), "secret") {
		t.Errorf("the name %q tells the query", source.Name())
	}
}

func TestHeldRequestBringsTheNews(t *testing.T) {
	p := newPress(t)
	d := newDepot(p.edition(1), `"1"`)
	w := newWard(t, p, server(t, d, delivery.ServerConfig{LongPoll: 30 * time.Second}))
	d.put(p.edition(2), `"2"`)
	w.untilEdition(2)
	d.put(p.edition(1), `"1"`)
	until(t, "the older one is refused", func() bool { return w.follower.Status().Refused != nil })
	before := len(d.seen())
	until(t, "it is asked twice more", func() bool { return len(d.seen()) >= before+2 })
	for _, r := range d.seen()[before:] {
		if got := r.Header.Get("If-None-Match"); got != `"1"` {
			t.Errorf("got If-None-Match %q, want that of the refused bundle, which is not fetched again", got)
		}
	}
	if got := w.follower.Status().Refusals[delivery.CodeOlder]; got != 1 {
		t.Errorf("the same bundle was refused %d times", got)
	}
	d.put(p.edition(2), `"2"`)
	until(t, "the refusal is over", func() bool { return w.follower.Status().Refused == nil })
	w.isEdition(2)
}

func TestServerFaultsAreToldAndTellNothingSecret(t *testing.T) {
	reply := func(status int, body []byte) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write(body) // as above
		})
	}
	away := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://192.0.2.1/bundle.tar.gz", http.StatusFound)
	})
	hangUp := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	for _, tt := range []struct {
		name string
		h    http.Handler
		want string
	}{
		{"401", reply(401, nil), "policy.bearer_token_file"},
		{"403", reply(403, nil), "policy.bearer_token_file"},
		{"404", reply(404, nil), "policy.bundle_url"},
		{"429", reply(429, nil), "429"},
		{"500", reply(500, nil), "500"},
		{"empty", reply(200, nil), "no bundle"},
		{"redirect to plain HTTP", away, "where we do not go"},
		{"connection cut", hangUp, "ask the bundle server"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := server(t, tt.h, delivery.ServerConfig{}).Fetch(context.Background(), "")
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want it to say %q", err, tt.want)
			}
		})
	}
	huge := reply(200, bytes.Repeat([]byte{1}, 2*bundle.MaxPacked))
	got, err := server(t, huge, delivery.ServerConfig{}).Fetch(context.Background(), "")
	if err != nil || len(got.Packed) != bundle.MaxPacked+1 {
		t.Errorf("got %d bytes of an endless bundle, %v", len(got.Packed), err)
	}
	_, err = server(t, reply(200, nil), delivery.ServerConfig{Token: func() (string, error) { return "", errors.New("mode 0644") }}).Fetch(context.Background(), "")
	if err == nil || !strings.Contains(err.Error(), "mode 0644") {
		t.Errorf("got %v, want the token file's fault", err)
	}
}

func TestPlainHTTPLeavesTheMachineNowhere(t *testing.T) {
	for address, good := range map[string]bool{
		"https://policy.hospital.test/b.tar.gz": true, "http://127.0.0.1:8888/b": true, "http://localhost/b": true,
		"http://policy.hospital.test/b": false, "http://10.0.0.1/b": false, "ftp://x/b": false, "b.tar.gz": false,
		"https://user:password@policy.hospital.test/b": false, "http://127.0.0.1.evil.test/b": false,
	} {
		if _, err := delivery.NewServer(address, delivery.ServerConfig{}); (err == nil) != good {
			t.Errorf("%s: got %v", address, err)
		}
	}
}

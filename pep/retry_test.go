package pep_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/wardgate/wardgate/pep/upstream/http1"
)

// TestNothingIsSentTwice: when a kept-alive connection breaks, no request is sent
// once more: one decision is one request, whatever its method.
func TestNothingIsSentTwice(t *testing.T) {
	for _, test := range []struct {
		name, raw string
		most      int
	}{
		{"read", request("GET", "/api/patients/p-1", ""), 1},
		{"header", request("HEAD", "/api/patients/p-1", ""), 1},
		{"delete", request("DELETE", "/api/patients/p-1", ""), 1},
		{"create", request("POST", "/api/patients", "{}", "Content-Type: application/json", "Content-Length: 2"), 1},
		{"edit", request("PUT", "/api/services/s-1", "{}", "Content-Type: application/json", "Content-Length: 2"), 1},
		{"create without a body", request("POST", "/api/patients", "", "Content-Length: 0"), 1},
		{"create with a key", request("POST", "/api/patients", "{}", "Content-Type: application/json", "Content-Length: 2", "Idempotency-Key: k-1"), 1},
		{"delete with a key", request("DELETE", "/api/patients/p-1", "", "Idempotency-Key: k-1"), 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			w := newWorld(t, func(w *world) {
				w.repeats = true
				w.backend.answer = func(conn net.Conn, _ received) {
					if n.Add(1) == 2 {
						_ = conn.Close()
						return
					}
					_, _ = io.WriteString(conn, okAnswer)
				}
			})
			first := w.send(request("GET", "/info", ""))
			second := w.send(test.raw)
			w.drain()
			got, _ := w.backend.requests()
			if len(first) != 1 || first[0].status != http.StatusOK || len(second) != 1 {
				t.Fatalf("got %v and %v", first, second)
			}
			if times := len(got) - 1; times > test.most {
				t.Errorf("sent %d times, at most %d allowed", times, test.most)
			}
		})
	}
}

// A mortalConn takes one request, and nothing of the next: its certificate is
// over.
type mortalConn struct {
	net.Conn
	writes atomic.Int64
}

func (c *mortalConn) NetConn() net.Conn { return c.Conn }

func (c *mortalConn) Write(b []byte) (int, error) {
	if c.writes.Add(1) > 1 {
		return 0, errors.Join(errors.New("over"), c.Close())
	}
	return c.Conn.Write(b)
}

// Whatever a connection took nothing of goes over another one, once.
func TestConnectionThatTakesNothingIsExchanged(t *testing.T) {
	var connections atomic.Int64
	w := newWorld(t, func(w *world) {
		dial := func(ctx context.Context, network, address string) (net.Conn, error) {
			connections.Add(1)
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			return &mortalConn{Conn: conn}, err
		}
		w.config.Upstreams["records"] = w.upstream(w.backend.listener.Addr().String(), http1.Config{Shared: true, Dial: dial})
	})
	for _, raw := range []string{
		request("GET", "/info", ""),
		request("GET", "/api/patients/p-1", ""),
		request("POST", "/api/patients", "{}", "Content-Type: application/json", "Content-Length: 2"),
		request("PUT", "/api/services/s-1", "{}", "Content-Type: application/json", "Content-Length: 2"),
	} {
		if got := w.send(raw); len(got) != 1 || got[0].status != http.StatusOK {
			t.Errorf("got %v, want 200", got)
		}
	}
	w.checkOracle()
	if got, _ := w.backend.requests(); len(got) != 4 || connections.Load() != 4 {
		t.Errorf("got %d requests at the backend over %d connections, want 4 over 4", len(got), connections.Load())
	}
}

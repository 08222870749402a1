package pep_test

import (
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
)

// TestWhatMayBeSentTwice: when a kept-alive connection breaks, the transport
// sends a request that only reads once more, under the same decision. One that
// changes something is never repeated.
func TestWhatMayBeSentTwice(t *testing.T) {
	for _, test := range []struct {
		name, raw string
		most      int
	}{
		{"read", request("GET", "/api/patients/p-1", ""), 2},
		{"delete", request("DELETE", "/api/patients/p-1", ""), 1},
		{"create", request("POST", "/api/patients", "{}", "Content-Type: application/json", "Content-Length: 2"), 1},
		{"edit", request("PUT", "/api/services/s-1", "{}", "Content-Type: application/json", "Content-Length: 2"), 1},
		{"create without a body", request("POST", "/api/patients", "", "Content-Length: 0"), 1},
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

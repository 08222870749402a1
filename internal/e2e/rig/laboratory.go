package rig

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A slowLaboratory writes reports a line at a time, and ends none by itself.
type SlowLaboratory struct {
	*httptest.Server
	Left chan struct{} // one for each reader who is no longer there
}

func NewSlowLaboratory(t *testing.T) *SlowLaboratory {
	t.Helper()
	l := &SlowLaboratory{Left: make(chan struct{}, 16)}
	over := make(chan struct{})
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "line\n")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
			l.Left <- struct{}{}
		case <-over:
		}
	}))
	t.Cleanup(func() { close(over); l.Close() })
	return l
}

// A reading is an answer of which one line has arrived, and no more will.
type reading struct {
	t     testing.TB
	body  *bufio.Reader
	Close func() error
}

// Breaks waits until the answer is cut off. It must not end as if it were whole.
func (r *reading) Breaks() {
	r.t.Helper()
	if rest, err := io.ReadAll(r.body); err == nil {
		r.t.Errorf("the answer ended as if it were whole, after %q", rest)
	}
}

package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
)

// A backend is an application of the hospital's that Wardgate did not write. It
// tells what reached it.
type backend struct {
	url string
	mu  sync.Mutex
	got []any
}

func newBackend() (*backend, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &backend{url: "http://" + l.Addr().String()}
	go func() { _ = http.Serve(l, b) }() // ends with the process
	return b, nil
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	header := map[string]any{}
	for name, values := range r.Header {
		header[name] = strings.Join(values, " | ")
	}
	b.mu.Lock()
	b.got = append(b.got, map[string]any{
		"method": r.Method, "target": r.RequestURI, "header": header, "body": string(body), "encoding": strings.Join(r.TransferEncoding, ","),
	})
	b.mu.Unlock()

	h := w.Header()
	h.Set("ETag", `"whole"`)
	h.Set("Server", "lab/1")
	h.Set("Set-Cookie", "lab=1")
	h.Set("X-Powered-By", "lab")
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/plain"):
		h.Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "national id: INVENTED-ID")
	case strings.HasSuffix(path, "/failing"):
		w.WriteHeader(http.StatusInternalServerError)
	case strings.HasSuffix(path, "/moved"):
		h.Set("Location", "/lab/reports/r-1")
		w.WriteHeader(http.StatusSeeOther)
	case strings.HasSuffix(path, "/empty"):
		w.WriteHeader(http.StatusNoContent)
	case strings.HasPrefix(path, "/lab/patients/"):
		h.Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"p","contact":"c","national_id":"INVENTED-ID"}`)
	default:
		h.Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"items":[{"id":9007199254740993,"national_id":"INVENTED-ID","value":1.50}]}`)
	}
}

// take returns what arrived since the last time.
func (b *backend) take() []any {
	b.mu.Lock()
	defer b.mu.Unlock()
	got := b.got
	b.got = nil
	return got
}

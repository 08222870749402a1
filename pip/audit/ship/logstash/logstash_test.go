package logstash_test

import (
	"compress/gzip"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/wardgate/wardgate/pip/audit/ship"
	"github.com/wardgate/wardgate/pip/audit/ship/logstash"
)

func documents(n int) []ship.Document {
	out := make([]ship.Document, n)
	for i := range out {
		out[i] = ship.Document{ID: fmt.Sprintf("main-%d", i), Body: fmt.Appendf(nil, `{"event":{"id":"main-%d"}}`, i)}
	}
	return out
}

// Over TLS under an own authority, with basic authentication, a batch arrives
// as one compressed array.
func TestBatchArrives(t *testing.T) {
	var got []map[string]any
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		z, err := gzip.NewReader(r.Body)
		if user != "ward" || password != "gate" || err != nil || r.Header.Get("Content-Type") != "application/json" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if err := json.NewDecoder(z).Decode(&got); err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	defer s.Close()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	sink, err := logstash.New(logstash.Config{URL: s.URL, Username: "ward", Password: "gate", CA: authority})
	if err != nil {
		t.Fatal(err)
	}
	if refused, err := sink.Send(t.Context(), documents(3)); err != nil || len(refused) > 0 {
		t.Fatalf("got %v, %v", refused, err)
	}
	if len(got) != 3 || fmt.Sprint(got[2]) != "map[event:map[id:main-2]]" {
		t.Errorf("got %v", got)
	}
	stranger, err := logstash.New(logstash.Config{URL: s.URL, Username: "ward", Password: "gate"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.Send(t.Context(), documents(1)); err == nil {
		t.Error("a server that nobody vouches for was given records")
	}
}

func TestStatus(t *testing.T) {
	for _, tt := range []struct {
		status        int
		fails, halves bool
	}{{200, false, false}, {201, false, false}, {302, true, false}, {400, true, true}, {401, true, false}, {404, true, false}, {413, true, true}, {429, true, false}, {503, true, false}} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/stolen" {
				t.Error("records were sent where a redirection pointed")
			}
			w.Header().Set("Location", "/stolen")
			w.WriteHeader(tt.status)
		}))
		sink, err := logstash.New(logstash.Config{URL: s.URL})
		if err != nil {
			t.Fatal(err)
		}
		_, err = sink.Send(t.Context(), documents(2))
		if (err != nil) != tt.fails || errors.Is(err, ship.ErrRefused) != tt.halves {
			t.Errorf("%d: got %v", tt.status, err)
		}
		s.Close()
	}
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]logstash.Config{
		"no URL":              {},
		"no scheme":           {URL: "logstash:8080"},
		"a password in a URL": {URL: "https://a:b@logstash:8080"},
		"a CA of no form":     {URL: "https://logstash:8080", CA: []byte("none")},
	} {
		if _, err := logstash.New(c); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

package pep_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pip"
)

// HEAD is decided as the GET whose header it asks for, journalled and forwarded
// as HEAD, and answered without a body. Where there is no GET there is no HEAD.
func TestHeadIsGetWithoutABody(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.backend.answer = func(conn net.Conn, r received) {
			if r.method() == http.MethodHead {
				_, _ = io.WriteString(conn, strings.TrimSuffix(okAnswer, "{}"))
				return
			}
			_, _ = io.WriteString(conn, okAnswer)
		}
	})
	ask := func(method, target string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequest(method, "http://"+w.address+target, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+w.tokens.good())
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, string(body)
	}
	for range 3 { // on one connection: each answer ends where the client thinks that it does
		if res, body := ask("HEAD", "/api/patients/p-1"); res.StatusCode != http.StatusOK || res.ContentLength != 2 || body != "" {
			t.Errorf("HEAD: got %d, length %d, %q", res.StatusCode, res.ContentLength, body)
		}
		if res, body := ask("GET", "/api/patients/p-1"); res.StatusCode != http.StatusOK || body != "{}" {
			t.Errorf("GET: got %d %q", res.StatusCode, body)
		}
	}
	var methods []string
	for _, e := range w.journal.of(pip.KindDecision) {
		if !e.Allow || e.Action != "patient.read" {
			t.Errorf("got a record of %s, allow %t", e.Action, e.Allow)
		}
		methods = append(methods, e.Method)
	}
	if got, want := strings.Join(methods, " "), "HEAD GET HEAD GET HEAD GET"; got != want {
		t.Errorf("got records of %s, want of %s", got, want)
	}
}

func TestHeadOfWhatIsNoGetIsNothing(t *testing.T) {
	w := newWorld(t, nil)
	for _, target := range []string{"/nowhere", "/api/services/s-1"} { // PUT alone, or nothing
		if got := w.send(request("HEAD", target, "")); len(got) != 1 || got[0].status != http.StatusNotFound {
			t.Errorf("%s: got %v, want 404", target, got)
		}
	}
}

package pep_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/obligation"
	"github.com/wardgate/wardgate/pep/upstream/balance"
	"github.com/wardgate/wardgate/pep/upstream/http1"
	"github.com/wardgate/wardgate/pip"
)

// Whatever a body holds, and whatever comes behind it, is no second request.
func TestNoStreamHoldsASecondRequest(t *testing.T) {
	second := request("POST", "/stream", "ab", "Content-Length: 2")
	get := "GET /secret HTTP/1.1\r\nHost: archive\r\n\r\n"
	long := strings.Repeat(get, 2000)
	for name, tt := range map[string]struct {
		raw   string
		early bool
		whole bool
	}{
		"within a length":                      {request("POST", "/stream", long, "Content-Length: "+strconv.Itoa(len(long))), false, true},
		"behind a length":                      {request("POST", "/stream", get, "Content-Length: "+strconv.Itoa(len(get))) + second + get, false, true},
		"within chunks":                        {request("POST", "/stream", string(chunked([]byte(long), 333)), "Transfer-Encoding: chunked"), false, true},
		"behind chunks":                        {request("POST", "/stream", string(chunked([]byte(get), 7)), "Transfer-Encoding: chunked") + second + get, false, true},
		"in a trailer":                         {request("POST", "/stream", "1\r\nx\r\n0\r\nGET: /secret HTTP/1.1\r\nContent-Length: 7\r\n\r\n", "Transfer-Encoding: chunked"), false, true},
		"in an extension of a chunk":           {request("POST", "/stream", "1;x=\r\n"+get+"\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), false, false},
		"chunks that overflow":                 {request("POST", "/stream", "10000000000000001\r\nx\r\n0\r\n\r\n"+get, "Transfer-Encoding: chunked"), false, false},
		"both framings":                        {request("POST", "/stream", "0\r\n\r\n"+get, "Transfer-Encoding: chunked", "Content-Length: "+strconv.Itoa(len(get)+5)), false, false},
		"behind an early answer":               {request("POST", "/stream", long, "Content-Length: "+strconv.Itoa(len(long))) + second, true, false},
		"behind an early answer, in few bytes": {request("POST", "/stream", strings.Repeat(get, 5), "Content-Length: 100000"), true, false},
		"in chunks behind an early answer":     {request("POST", "/stream", string(chunked([]byte(long), 333)), "Transfer-Encoding: chunked") + second, true, false},
	} {
		w, r := receiving(t, nil)
		if tt.early {
			r.early = func(conn net.Conn, _ int64) bool {
				_, _ = io.WriteString(conn, okAnswer)
				return true
			}
		}
		answers := w.send(tt.raw)
		w.drain()
		all := r.uploads()
		if len(answers) > 1 || len(all) > 1 || tt.whole != (len(all) == 1 && all[0].complete) || tt.early && (len(answers) != 1 || answers[0].status != 200) {
			t.Errorf("%s: %d answers, the application got %+v", name, len(answers), all)
		}
		for _, u := range all {
			if u.line != "POST /stream HTTP/1.1" {
				t.Errorf("%s: the application got %q", name, u.line)
			}
		}
	}
}

// A body of which something was read goes nowhere else; one of which nothing was, does.
func TestAStreamIsSentOnce(t *testing.T) {
	breaking := newReceiver(t)
	breaking.early = func(net.Conn, int64) bool { return true }
	for name, tt := range map[string]struct {
		first  string
		status int
	}{"it takes no connection": {"127.0.0.1:1", 200}, "it breaks": {breaking.Addr().String(), 502}} {
		var w *world
		var r *receiver
		w, r = receiving(t, func(w *world, _ []pdp.Route) {
			to := w.config.Upstreams["archive"]
			server := func(name, address string) balance.Server {
				at := w.upstream(address, http1.Config{})
				return balance.Server{Name: name, URL: at.URL, Transport: at.Transport}
			}
			first := server("first", tt.first)
			b, err := balance.New([]balance.Server{first, {Name: "second", URL: &url.URL{Scheme: "http", Host: to.URL.Host}, Transport: to.Transport}}, balance.Config{})
			if err != nil {
				t.Fatal(err)
			}
			to.URL, to.Transport = first.URL, b
			w.config.Upstreams["archive"] = to
		})
		if a := w.send(request("POST", "/stream", strings.Repeat("x", beginning), "Content-Length: "+strconv.Itoa(beginning))); len(a) != 1 || a[0].status != tt.status {
			t.Errorf("%s: got %+v, want %d", name, a, tt.status)
		}
		if n := len(r.uploads()); n != map[int]int{200: 1, 502: 0}[tt.status] {
			t.Errorf("%s: the second got %d uploads", name, n)
		}
	}
}

// Uploads that clients cut are no failures of the application: it is not left out for them.
func TestCutUploadsTakeNoApplicationOut(t *testing.T) {
	w, r := receiving(t, func(w *world, _ []pdp.Route) {
		to := w.config.Upstreams["archive"]
		b, err := balance.New([]balance.Server{{Name: "one", URL: to.URL, Transport: to.Transport}}, balance.Config{Failures: 1, Rest: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		to.Transport = b
		w.config.Upstreams["archive"] = to
	})
	conn, _ := w.begin(r)
	_ = conn.Close()
	w.ended(pdp.StreamClient)
	if a := w.send(request("POST", "/stream", "x", "Content-Length: 1")); len(a) != 1 || a[0].status != 200 {
		t.Errorf("got %+v", a)
	}
}

// Without a record of its end an upload is not answered as if there were one.
func TestAnUploadWithoutARecordOfItsEndIsNotAnswered(t *testing.T) {
	w, r := receiving(t, func(w *world, _ []pdp.Route) {
		w.journal.fail = func(e pip.Event) error {
			if e.Kind == pip.KindStream {
				return errors.New("full")
			}
			return nil
		}
	})
	if a := w.send(request("POST", "/stream", "x", "Content-Length: 1")); len(a) != 1 || a[0].status != 503 {
		t.Errorf("got %+v", a)
	}
	w.journal.events, r.all = nil, nil // of which the oracle would miss one
}

// An obligation that nothing says of that it can be kept where a body is not judged denies.
func TestWhatABodyIsNotJudgedForDenies(t *testing.T) {
	read := func(*pdp.Obligation, *obligation.Effects) error { return nil }
	for id, status := range map[string]int{"judges": 403, "does_not": 200} {
		w, r := receiving(t, func(w *world, _ []pdp.Route) {
			w.config.Obligations = []obligation.Handler{
				{ID: "judges", Ways: obligation.On(obligation.External), Read: read},
				{ID: "does_not", Ways: obligation.On(obligation.External, obligation.Upload), Read: read},
			}
			w.config.Decider = changed(func(d *pdp.Decision) { d.Obligations = []pdp.Obligation{{ID: id, Type: "test"}} })
		})
		if a := w.send(request("POST", "/stream", "x", "Content-Length: 1")); len(a) != 1 || a[0].status != status {
			t.Errorf("%s: got %+v", id, a)
		}
		if a := w.send(request("POST", "/any", "x", "Content-Length: 1", "Content-Type: image/png")); len(a) != 1 || a[0].status != 200 {
			t.Errorf("%s of what is judged: got %+v", id, a)
		}
		r.mu.Lock()
		r.all = nil // of which one is no stream
		r.mu.Unlock()
	}
}

// Another proxy keeps nothing of what such a row promises.
func TestAnotherProxyStreamsNothing(t *testing.T) {
	w, _ := receiving(t, nil)
	for state := range pep.BodyWhole + 1 {
		for _, body := range []string{"", "abc"} {
			c := w.proxy.Check(t.Context(), &pep.Question{
				Method: "POST", Target: "/stream", Host: "pep.test", Client: netip.MustParseAddr("127.0.0.1"),
				Header: http.Header{"Authorization": {"Bearer " + w.tokens.good()}},
				Body:   pep.Body{State: state, Bytes: []byte(body)},
			})
			if c.Allow != (state == pep.BodyWhole && body == "") {
				t.Errorf("state %d, %q: allowed %t", state, body, c.Allow)
			}
		}
	}
}

package pep_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/wardgate/wardgate/pep/framing"
)

// listenTLS serves over TLS as Wardgate's own listener does, and returns the
// address.
func (w *world) listenTLS() string {
	w.t.Helper()
	made := httptest.NewUnstartedServer(http.NotFoundHandler()) // for its certificate
	made.StartTLS()
	config := made.TLS.Clone()
	made.Close()
	config.NextProtos = []string{"h2", "http/1.1"}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	s := &http.Server{Handler: w.proxy, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(w.config.Log.Handler(), slog.LevelDebug)}
	framing.Serve(s, config)
	done := make(chan error, 1)
	go func() { done <- s.Serve(framing.Listen(l, config, 5*time.Second, w.config.Log)) }()
	w.t.Cleanup(func() {
		_ = s.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			w.t.Errorf("serve: %v", err)
		}
	})
	return l.Addr().String()
}

// overHTTP2 sends header fields as they are, in HTTP/2 over TLS, and returns
// the status of the answer: "" when the stream or the connection was reset.
func overHTTP2(t *testing.T, w *world, fields [][2]string, body string) string {
	t.Helper()
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: time.Minute}, "tcp", w.listenTLS(),
		&tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, f := range fields {
		value := strings.ReplaceAll(f[1], "{token}", w.tokens.good())
		if err := encoder.WriteField(hpack.HeaderField{Name: f[0], Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	framer := http2.NewFramer(conn, conn)
	framer.AllowIllegalWrites = true
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	_ = framer.WriteSettings()
	_ = framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: body == ""})
	if body != "" {
		_ = framer.WriteData(1, true, []byte(body))
	}
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return ""
		}
		switch f := frame.(type) {
		case *http2.MetaHeadersFrame:
			return f.PseudoValue("status")
		case *http2.RSTStreamFrame:
			return ""
		}
	}
}

func TestBypassesOverHTTP2(t *testing.T) {
	type fields = [][2]string
	line := func(method, path string, more ...[2]string) fields {
		return append(fields{{":method", method}, {":scheme", "https"}, {":authority", "pep.test"}, {":path", path}, {"authorization", "Bearer {token}"}}, more...)
	}
	for _, test := range []struct {
		name    string
		fields  fields
		body    string
		status  string
		reached int
	}{
		{"plain", line("GET", "/info"), "", "200", 1},
		{"body", line("POST", "/api/patients", [2]string{"content-type", "application/json"}), "{}", "200", 1},
		{"dot segments", line("GET", "/info/../admin"), "", "400", 0},
		{"double slash", line("GET", "//x/admin"), "", "400", 0},
		{"encoded slash", line("GET", "/info%2fadmin"), "", "400", 0},
		{"fragment", line("GET", "/admin#x"), "", "400", 0},
		{"absolute path", line("GET", "https://pep.test/admin"), "", "400", 0},
		{"asterisk", line("GET", "*"), "", "400", 0},
		{"path with a blank and a version", line("GET", "/info HTTP/1.1\r\nX-User: root\r\n\r\n"), "", "", 0},
		{"no path", fields{{":method", "GET"}, {":scheme", "https"}, {":authority", "pep.test"}}, "", "", 0},
		{"two paths", append(fields{{":path", "/info"}}, line("GET", "/admin")...), "", "", 0},
		{"path after a header", append(line("GET", "/info")[4:], line("GET", "/admin")[:4]...), "", "", 0},
		{"method with a line", line("GET /admin HTTP/1.1\r\nX: ", "/info"), "", "", 0},
		{"connect", fields{{":method", "CONNECT"}, {":authority", "127.0.0.1:22"}, {"authorization", "Bearer {token}"}}, "", "400", 0},
		{"extended connect", append(line("CONNECT", "/info"), [2]string{":protocol", "websocket"}), "", "", 0},
		{"token twice", line("GET", "/info", [2]string{"authorization", "Bearer x"}), "", "400", 0},
		{"upper-case name", line("GET", "/info", [2]string{"X-User", "root"}), "", "", 0},
		{"line end in a value", line("GET", "/info", [2]string{"accept", "a\r\nwardgate-assertion: x"}), "", "", 0},
		{"line end in a name", line("GET", "/info", [2]string{"accept: a\r\nx", "b"}), "", "", 0},
		{"line end in the token", fields{{":method", "GET"}, {":scheme", "https"}, {":authority", "pep.test"}, {":path", "/info"}, {"authorization", "Bearer {token}\n"}}, "", "", 0},
		{"chunked", line("POST", "/api/patients", [2]string{"content-type", "application/json"}, [2]string{"transfer-encoding", "chunked"}), "{}", "400", 0},
		{"connection", line("GET", "/info", [2]string{"connection", "close, x-user"}), "", "400", 0},
		{"upgrade", line("GET", "/info", [2]string{"upgrade", "h2c"}), "", "400", 0},
		{"length too short", line("POST", "/api/patients", [2]string{"content-type", "application/json"}, [2]string{"content-length", "1"}), "{}", "", 0},
		{"length too long", line("POST", "/api/patients", [2]string{"content-type", "application/json"}, [2]string{"content-length", "9"}), "{}", "400", 0},
		{"length no number", line("POST", "/api/patients", [2]string{"content-type", "application/json"}, [2]string{"content-length", "x"}), "", "400", 0},
		{"length without a body", line("POST", "/api/patients", [2]string{"content-length", "5"}), "", "400", 0},
		{"lengths that disagree", line("POST", "/api/patients", [2]string{"content-type", "application/json"}, [2]string{"content-length", "2"}, [2]string{"content-length", "3"}), "{}", "400", 0},
		{"host beside authority", line("GET", "/info", [2]string{"host", "pep.test"}), "", "200", 1},
		{"another host beside authority", line("GET", "/info", [2]string{"host", "admin.internal"}), "", "400", 0},
		{"two hosts beside authority", line("GET", "/info", [2]string{"host", "pep.test"}, [2]string{"host", "pep.test"}), "", "400", 0},
		{"host alone", append(append(fields{}, line("GET", "/info")[:2]...), append(line("GET", "/info")[3:], [2]string{"host", "pep.test"})...), "", "200", 1},
		{"two hosts alone", append(append(fields{}, line("GET", "/info")[:2]...), append(line("GET", "/info")[3:], [2]string{"host", "pep.test"}, [2]string{"host", "x"})...), "", "400", 0},
		{"authority with a user", fields{{":method", "GET"}, {":scheme", "https"}, {":authority", "pep.test@evil"}, {":path", "/info"}, {"authorization", "Bearer {token}"}}, "", "", 0},
		{"authority with a path", fields{{":method", "GET"}, {":scheme", "https"}, {":authority", "pep.test/.."}, {":path", "/info"}, {"authorization", "Bearer {token}"}}, "", "400", 0},
		{"authority with a port's tail", fields{{":method", "GET"}, {":scheme", "https"}, {":authority", "pep.test:80x"}, {":path", "/info"}, {"authorization", "Bearer {token}"}}, "", "400", 0},
		{"body on a get", line("GET", "/info"), "GET /admin HTTP/1.1\r\n\r\n", "400", 0},
		{"forged identity", line("GET", "/info", [2]string{"wardgate-assertion", "x"}, [2]string{"x_user", "root"}), "", "200", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			status := overHTTP2(t, w, test.fields, test.body)
			got, _ := w.backend.requests()
			if len(got) != test.reached || status != test.status {
				t.Errorf("got %q, backend %v; want %q and %d", status, got, test.status, test.reached)
			}
			for _, r := range got {
				if n := len(r.values("X-User")); n != 0 {
					t.Errorf("a forged header reached the backend: %q", r.header)
				}
			}
		})
	}
}

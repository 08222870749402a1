package pep_test

import (
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"
)

// answersOnTheWire sends a request, and returns all bytes that come back until the
// connection has been silent or ends.
func (w *world) answersOnTheWire(raw string) string {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	raw = strings.ReplaceAll(raw, "{token}", w.tokens.good())
	if _, err := io.WriteString(conn, raw); err != nil {
		w.t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	got, _ := io.ReadAll(conn) // what came before a cut counts too
	return string(got)
}

// TestAnAnswerIsOneOnTheWire has an application answer in ways that others read as
// two answers, or as headers that it may not send: the client gets one answer, framed
// anew, or none.
func TestAnAnswerIsOneOnTheWire(t *testing.T) {
	const evil = "HTTP/1.1 200 OK\r\nSet-Cookie: s=1\r\nContent-Length: 4\r\n\r\nevil"
	line := func(s string) string { return "HTTP/1.1 200 OK\r\n" + s + "\r\nContent-Length: 2\r\n\r\nok" }
	tests := map[string]string{
		"a carriage return in a value":  line("Location: /a\rSet-Cookie: s=1"),
		"a folded value":                line("Location: /a\r\n Set-Cookie: s=1"),
		"a folded value with a tab":     line("Location: /a\r\n\tSet-Cookie: s=1"),
		"a bare line feed":              line("Location: /a\nSet-Cookie: s=1"),
		"a blank in a name":             line("Set-Cookie : s=1"),
		"a name in another case":        line("sEt-cOOkie: s=1"),
		"an underscore":                 line("Set_Cookie: s=1"),
		"named as of the connection":    line("Connection: Set-Cookie\r\nSet-Cookie: s=1"),
		"an encoded answer in a phrase": "HTTP/1.1 200 OK\rSet-Cookie: s=1\r\nContent-Length: 2\r\n\r\nok",
		"a second answer":               line("X: y") + evil,
		"a length and chunks":           "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + evil,
		"chunks and a shorter length":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n2\r\nok\r\n0\r\n\r\n" + evil,
		"the same length twice":         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok" + evil,
		"two lengths":                   "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 99\r\n\r\nok" + evil,
		"a list of lengths":             "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok" + evil,
		"a signed length":               "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok" + evil,
		"chunks in HTTP/1.0":            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		"trailers":                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Set-Cookie\r\n\r\n2\r\nok\r\n0\r\nSet-Cookie: s=1\r\n\r\n",
		"trailers that were not named":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nSet-Cookie: s=1\r\n\r\n" + evil,
		"hints with a cookie":           "HTTP/1.1 103 Early Hints\r\nSet-Cookie: s=1\r\nLink: </x>\r\n\r\n" + line("X: y"),
		"an interim 101":                "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n" + evil,
		"a body of 204":                 "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n" + evil,
		"a body of 304":                 "HTTP/1.1 304 Not Modified\r\n\r\n" + evil,
		"a body of 205":                 "HTTP/1.1 205 Reset Content\r\nContent-Length: 4\r\n\r\nevil",
		"a status of four digits":       "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok",
		"a signed status":               "HTTP/1.1 +20 OK\r\nContent-Length: 2\r\n\r\nok",
		"bytes before the answer":       "\r\n\r\n" + line("X: y"),
		"HTTP/2 in plain":               "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	}
	status := regexp.MustCompile(`HTTP/1\.[01] [0-9]`)
	cookie := regexp.MustCompile(`(?i)(^|[\r\n])[ \t]*set[-_]cookie`)
	for name, raw := range tests {
		for _, ask := range []string{
			request("GET", "/info", "", "Connection: close"),
			request("GET", "/info", "", "Connection: Upgrade, close", "Upgrade: websocket"),
			"GET /info HTTP/1.0\r\nHost: pep.test\r\nAuthorization: Bearer {token}\r\n\r\n",
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, func(w *world) {
					w.backend.answer = func(conn net.Conn, _ received) {
						_, _ = io.WriteString(conn, raw)
						_ = conn.Close()
					}
				})
				got := w.answersOnTheWire(ask)
				if n := len(status.FindAllString(got, -1)); n != 1 || cookie.MatchString(got) || strings.Contains(got, "evil") && !strings.Contains(got, " 205 ") {
					t.Errorf("got %d answers: %q", n, got)
				}
			})
		}
	}
}

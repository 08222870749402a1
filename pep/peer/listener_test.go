package peer_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"
)

// announced is a PROXY header about a client, in a version.
func announced(t *testing.T, version byte, command proxyproto.ProtocolVersionAndCommand, transport proxyproto.AddressFamilyAndProtocol, client string) string {
	t.Helper()
	h := proxyproto.Header{Version: version, Command: command, TransportProtocol: transport}
	if client != "" {
		h.SourceAddr = &net.TCPAddr{IP: net.ParseIP(client), Port: 4711}
		h.DestinationAddr = &net.TCPAddr{IP: net.ParseIP(client), Port: 443}
	}
	var b bytes.Buffer
	if _, err := h.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestProxyProtocolOfTrustedProxiesAlone(t *testing.T) {
	trusted := proxies(t, "127.0.0.5/32")
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, one := trusted.Client(r)
		if !one {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, a.String())
	}))
	s.Listener = trusted.Listen(s.Listener)
	s.Start()
	t.Cleanup(s.Close)
	address := s.Listener.Addr().String()
	v2 := func(client string) string { return announced(t, 2, proxyproto.PROXY, proxyproto.TCPv4, client) }
	for _, tt := range []struct {
		name, from, before string
		lines              []string
		want               string // the client, "400", or "" for a connection without an answer
	}{
		{"a client", "127.0.0.5", v2("192.0.2.1"), nil, "192.0.2.1"},
		{"a client's own claims", "127.0.0.5", v2("192.0.2.1"), []string{"X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1"}, "192.0.2.1"},
		{"a proxy before it", "127.0.0.5", v2("127.0.0.5"), []string{"X-Forwarded-For: 192.0.2.1"}, "192.0.2.1"},
		{"IPv6", "127.0.0.5", announced(t, 2, proxyproto.PROXY, proxyproto.TCPv6, "2001:db8::7"), nil, "2001:db8::7"},
		{"a proxy that speaks for itself", "127.0.0.5", announced(t, 2, proxyproto.LOCAL, proxyproto.UNSPEC, ""), nil, "invalid IP"},
		{"none", "127.0.0.5", "", []string{"X-Forwarded-For: 192.0.2.1"}, "192.0.2.1"},
		{"somebody over no TCP", "127.0.0.5", announced(t, 2, proxyproto.PROXY, proxyproto.UNSPEC, ""), []string{"X-Forwarded-For: 10.0.0.1"}, ""},
		{"version 1", "127.0.0.5", "PROXY TCP4 192.0.2.1 192.0.2.1 4711 443\r\n", nil, ""},
		{"garbage behind the signature", "127.0.0.5", "\r\n\r\n\x00\r\nQUIT\nxxxx", nil, ""},
		{"cut off", "127.0.0.5", v2("192.0.2.1")[:20], nil, "400"},
		{"twice", "127.0.0.5", v2("192.0.2.1") + v2("10.0.0.1"), nil, "400"},
		{"of another peer", "127.0.0.6", v2("10.0.0.1"), nil, "400"},
		{"no header of another peer", "127.0.0.6", "", []string{"X-Forwarded-For: 10.0.0.1"}, "127.0.0.6"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(tt.from)}}
			conn, err := dialer.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(time.Minute))
			_, _ = io.WriteString(conn, tt.before+"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+strings.Join(append(tt.lines, "\r\n"), "\r\n"))
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			got := ""
			if err == nil {
				body, _ := io.ReadAll(res.Body)
				got = string(body)
				if res.StatusCode != http.StatusOK {
					got = "400"
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

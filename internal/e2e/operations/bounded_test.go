package operations_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// Connections beyond the bound are closed at once; the others are served, and
// places come back.
func TestConnectionsAreBounded(t *testing.T) {
	w := rig.New(t, func(c *config.Config) { c.Limits.Connections, c.Limits.ConnectionsPerAddress = 6, 4 })
	address := strings.TrimPrefix(w.Process.Address(), "http://")
	dial := func(from string) net.Conn {
		t.Helper()
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		c, err := d.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	served := func(c net.Conn) bool {
		t.Helper()
		if _, err := io.WriteString(c, "GET /auth/nothing HTTP/1.1\r\nHost: "+address+"\r\n\r\n"); err != nil {
			return false
		}
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, _ := c.Read(make([]byte, 1))
		return n == 1
	}
	var one []net.Conn
	for i := range 6 {
		c := dial("127.0.0.1")
		if got := served(c); got != (i < 4) {
			t.Errorf("connection %d of one address: served %t", i+1, got)
		}
		one = append(one, c)
	}
	for i := range 4 {
		if got := served(dial("127.0.0.3")); got != (i < 2) {
			t.Errorf("connection %d of another address: served %t", i+1, got)
		}
	}
	_ = one[0].Close()
	rig.Until(t, "a place comes back", func() bool { return served(dial("127.0.0.1")) })
}

package peer

import (
	"errors"
	"net"
	"time"

	"github.com/pires/go-proxyproto"
)

// announceTimeout is how long a proxy may take to name its client.
const announceTimeout = 5 * time.Second

var errAnnounced = errors.New("PROXY protocol: expected version 2, over TCP")

// Listen wraps a listener so that the connections of these proxies may begin
// with a PROXY header, version 2: their remote address is then the client's. One
// that is not sound ends the connection. From any other peer such a header is
// not looked for: it is no HTTP, and refused as that.
func (p Proxies) Listen(l net.Listener) net.Listener {
	if len(p) == 0 {
		return l
	}
	return &proxyproto.Listener{
		Listener:          l,
		ReadHeaderTimeout: announceTimeout,
		ConnPolicy: func(o proxyproto.ConnPolicyOptions) (proxyproto.Policy, error) {
			if p.Has(Of(o.Upstream.String())) {
				return proxyproto.USE, nil
			}
			return proxyproto.SKIP, nil
		},
		ValidateHeader: func(h *proxyproto.Header) error {
			over := h.TransportProtocol == proxyproto.TCPv4 || h.TransportProtocol == proxyproto.TCPv6
			if h.Version != 2 || h.Command.IsProxy() && (!over || h.SourceAddr == nil) {
				return errAnnounced
			}
			return nil
		},
	}
}

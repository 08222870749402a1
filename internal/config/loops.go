package config

import (
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/wardgate/wardgate/pep/session"
)

// checkLoops finds applications that are this Wardgate itself: a request would come
// back to it, under a decision for somebody else, until nothing is left.
func (c *Config) checkLoops(fault func(error)) {
	list, _ := c.parseApplications() // what is wrong with an entry itself is said elsewhere
	for i, one := range list {
		for _, upstream := range one.Upstreams {
			key := c.ownAddress(upstream.URL)
			if upstream.Socket != "" {
				key = c.ownSocket(upstream.Socket)
			}
			if key != "" {
				fault(&entryFault{applicationsKey, one.Name, i, "upstreams", loopError(key)})
			}
		}
	}
}

type loopError string

func (e loopError) Error() string {
	return "this is " + string(e) + ", where Wardgate itself answers: expected where the application is"
}

// ownSocket says what a socket is when it lies in the data folder: the operator's.
func (c *Config) ownSocket(socket string) string {
	folder, err := filepath.Abs(c.Data)
	if err == nil && strings.HasPrefix(socket, folder+string(filepath.Separator)) {
		return "in the folder data"
	}
	return ""
}

// ownAddress is the key of the listener or the origin that an address leads back to, ""
// for none.
func (c *Config) ownAddress(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	for _, l := range [][2]string{
		{"pep.listen", c.PEP.Listen}, {"pdp.listen", c.PDP.Listen}, {"pdp.listen_internal", c.PDP.ListenInternal},
		{"extauth.listen", c.ExtAuth.Listen}, {"operations.listen", c.Operations.Listen},
		{"records.listen", c.Records.Listen}, {"inference.listen", c.Inference.Listen},
	} {
		host, at, err := net.SplitHostPort(l[1])
		if err == nil && at == port && at != "0" && reaches(u.Hostname(), host) {
			return l[0]
		}
	}
	for _, origin := range append([]string{c.PEP.Home}, c.ApplicationOrigins()...) {
		at, err := session.ParseOrigin(origin)
		if err == nil && at == session.OriginOf(u.Scheme, u.Host) {
			return "the origin " + origin
		}
	}
	return ""
}

// reaches reports whether an address leads to what listens at a host of this machine:
// names of loopback do, and so does what listens everywhere.
func reaches(asked, listening string) bool {
	asked, listening = strings.ToLower(asked), strings.ToLower(listening)
	if asked == listening {
		return true
	}
	at, err := netip.ParseAddr(asked)
	switch {
	case !isLoopbackName(asked) && !(err == nil && at.IsUnspecified()):
		return false
	case err != nil || at.IsUnspecified(): // some address of loopback
		return isLoopbackName(listening) || everywhere(listening)
	default:
		return listening == "localhost" || everywhere(listening)
	}
}

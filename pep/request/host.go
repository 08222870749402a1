package request

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/wardgate/wardgate/pep/code"
)

// ReadHost looks at what the request says of its host, and of its length where
// net/http leaves that to its handler. It returns the code of a refusal, "" for
// none. A request without a host has none that is ambiguous.
func ReadHost(r *http.Request) string {
	if r.ProtoMajor == 2 {
		// net/http takes ":authority", and hides neither a second host nor a
		// length that it could not read or that END_STREAM belies.
		if hosts := r.Header["Host"]; len(hosts) > 1 || len(hosts) == 1 && hosts[0] != r.Host {
			return code.HostAmbiguous
		}
		if lengths := r.Header["Content-Length"]; len(lengths) > 1 || len(lengths) == 1 && lengths[0] != strconv.FormatInt(r.ContentLength, 10) {
			return code.FramingAmbiguous
		}
	}
	if r.Host != "" && !isAuthority(r.Host) {
		return code.HostAmbiguous
	}
	return ""
}

// isAuthority accepts a host, and a port if there is one, and nothing behind them.
func isAuthority(s string) bool {
	if inner, bracketed := strings.CutPrefix(s, "["); bracketed {
		host, tail, closed := strings.Cut(inner, "]")
		a, err := netip.ParseAddr(host)
		return closed && err == nil && a.Is6() && a.Zone() == "" && (tail == "" || tail[0] == ':' && isPort(tail[1:]))
	}
	host, port, hasPort := strings.Cut(s, ":")
	return isName(host) && (!hasPort || isPort(port))
}

func isName(s string) bool {
	if s == "" || len(s) > 253 || s[0] == '.' || strings.Contains(s, "..") {
		return false
	}
	for i := range len(s) {
		c := s[i]
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !plain && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0 && s[0] != '0'
}

package peer

import (
	"net/netip"
	"strconv"
	"strings"
)

// readList reads one line of X-Forwarded-For: addresses between commas.
func readList(line string, to *route) bool {
	for item := range strings.SplitSeq(line, ",") {
		a, ok := node(strings.Trim(item, " \t"), true)
		if !ok || !to.add(a) {
			return false
		}
	}
	return true
}

// readForwarded reads one line of Forwarded (RFC 7239, section 4): elements
// between commas, each of pairs between semicolons. An element without "for" is a
// hop that is not known.
func readForwarded(line string, to *route) bool {
	for {
		var hop netip.Addr
		named := false
		for {
			name, value, rest, ok := pair(line)
			if !ok {
				return false
			}
			if strings.EqualFold(name, "for") {
				if named {
					return false
				}
				if hop, named = node(value, false); !named {
					return false
				}
			}
			if line = rest; line == "" || line[0] != ';' {
				break
			}
			line = line[1:]
		}
		if !to.add(hop) {
			return false
		}
		line = strings.TrimLeft(line, " \t")
		if line == "" {
			return true
		}
		if line[0] != ',' {
			return false
		}
		line = line[1:]
	}
}

// pair cuts "name=value" from the front of s, blanks before it aside. The value is
// a token or a quoted string, in which no address needs a backslash.
func pair(s string) (name, value, rest string, ok bool) {
	name, s, ok = strings.Cut(strings.TrimLeft(s, " \t"), "=")
	if !ok || !isToken(name) {
		return "", "", "", false
	}
	if strings.HasPrefix(s, `"`) {
		value, rest, ok = strings.Cut(s[1:], `"`)
		return name, value, rest, ok && !strings.ContainsAny(value, "\\")
	}
	end := strings.IndexAny(s, ";, \t")
	if end < 0 {
		end = len(s)
	}
	return name, s[:end], s[end:], isToken(s[:end])
}

func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"(),/:;<=>?@[\\]{}", c) >= 0 {
			// RFC 7239 wants quotes around a port; some proxies write none.
			if c != ':' {
				return false
			}
		}
	}
	return s != ""
}

// node reads one hop: an address, perhaps with a port, or a word for one that is
// not known, which yields the zero address. bare takes an IPv6 address without
// brackets, as lists have it.
func node(s string, bare bool) (netip.Addr, bool) {
	if bare {
		if a, err := netip.ParseAddr(s); err == nil {
			return usable(a)
		}
	}
	var host, port string
	var hasPort bool
	if inner, found := strings.CutPrefix(s, "["); found {
		end := strings.IndexByte(inner, ']')
		if end < 0 {
			return netip.Addr{}, false
		}
		host = inner[:end]
		if tail := inner[end+1:]; tail != "" {
			if port, hasPort = strings.CutPrefix(tail, ":"); !hasPort {
				return netip.Addr{}, false
			}
		}
	} else {
		host, port, hasPort = strings.Cut(s, ":")
	}
	if hasPort && !isPort(port) {
		return netip.Addr{}, false
	}
	bracketed := len(host) != len(s) && s[0] == '['
	if !bracketed && (strings.EqualFold(host, "unknown") || !bare && isHidden(host)) {
		return netip.Addr{}, true
	}
	a, err := netip.ParseAddr(host)
	if err != nil || a.Is6() != bracketed {
		return netip.Addr{}, false
	}
	return usable(a)
}

// usable refuses what is no client's address.
func usable(a netip.Addr) (netip.Addr, bool) {
	if a.Zone() != "" || a.IsUnspecified() || a.IsMulticast() {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

func isPort(s string) bool {
	if isHidden(s) {
		return true
	}
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// isHidden accepts an identifier that stands for what a proxy keeps to itself
// (RFC 7239, section 6.3).
func isHidden(s string) bool {
	if len(s) < 2 || s[0] != '_' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

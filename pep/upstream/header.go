// Package upstream holds what passes between the enforcement point and the
// applications that it forwards to: which headers go on and which come back,
// how an application learns who asks, and why an exchange with it failed.
package upstream

import (
	"net/http"
	"strings"
)

// forwarded names the request headers that an application may see. All others
// are dropped, whatever their spelling: identity headers, forwarding headers,
// method overrides, hop-by-hop headers, cookies, and the user's own token.
var forwarded = []string{
	"Accept",
	"Accept-Language",
	"Content-Type",
	"Idempotency-Key",
	"If-Match",
	"If-Modified-Since",
	"If-None-Match",
	"If-Unmodified-Since",
	"Prefer",
	"Traceparent",
	"Tracestate",
	"User-Agent",
}

// Header returns the headers that go on to an application. It builds a new
// set: nothing that is not listed can slip through. Names are compared after
// canonical spelling, in which "X_User" is not "X-User".
func Header(h http.Header) http.Header {
	out := make(http.Header, len(forwarded)+4)
	for _, name := range forwarded {
		if values := h[name]; len(values) > 0 {
			out[name] = values
		}
	}
	if _, ok := out["User-Agent"]; !ok {
		out["User-Agent"] = nil // keeps the transport from naming itself
	}
	return out
}

// parts names the headers that ask for a part of something (RFC 9110, section 14).
var parts = []string{"If-Range", "Range"}

// Parts adds them, as far as they have one reading. A range that has not is left out, which asks
// for the whole.
func Parts(in, out http.Header) {
	values := in["Range"]
	if len(values) != 1 || !isRange(values[0]) {
		return
	}
	out["Range"] = values
	if condition := in["If-Range"]; len(condition) > 0 {
		out["If-Range"] = condition
	}
}

// mostRanges are asked for at once: more of them cost the application more than the whole.
const mostRanges = 8

// isRange takes ranges of bytes (RFC 9110, section 14.1.2).
func isRange(s string) bool {
	list, bytes := strings.CutPrefix(s, "bytes=")
	if !bytes || strings.Count(list, ",") >= mostRanges {
		return false
	}
	for one := range strings.SplitSeq(list, ",") {
		from, to, is := strings.Cut(strings.Trim(one, " \t"), "-")
		if !is || from+to == "" || strings.Trim(from+to, "0123456789") != "" {
			return false
		}
	}
	return true
}

// Unrepeatable spells the name of a header so that the transport does not see
// it: a request with the canonical one is sent again when a connection breaks.
// Whether the application keeps the promise that the name makes is not known,
// and each request that arrives there has a decision of its own.
func Unrepeatable(h http.Header) {
	const canonical, unseen = "Idempotency-Key", "idempotency-key"
	if values, ok := h[canonical]; ok {
		delete(h, canonical)
		h[unseen] = values
	}
}

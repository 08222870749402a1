// Package upstream holds what passes between the enforcement point and the
// applications that it forwards to: which headers go on and which come back,
// how an application learns who asks, and why an exchange with it failed.
package upstream

import "net/http"

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

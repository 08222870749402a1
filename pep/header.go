package pep

import (
	"net/http"
	"slices"
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

// single names the headers of which two values have two readings.
var single = []string{
	"Authorization",
	"Content-Encoding",
	"Content-Length",
	"Content-Type",
	"Cookie",
	"Idempotency-Key",
	"If-Match",
	"If-Modified-Since",
	"If-None-Match",
	"If-Unmodified-Since",
	"Traceparent",
	"User-Agent",
}

// repeated reports whether a header that means one thing came more than once.
func repeated(h http.Header) bool {
	return slices.ContainsFunc(single, func(name string) bool { return len(h[name]) > 1 })
}

// sanitise returns the headers that go on to an application. It builds a new
// set: nothing that is not listed can slip through. Names are compared after
// canonical spelling, in which "X_User" is not "X-User".
func sanitise(h http.Header) http.Header {
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

// unrepeatable spells the name of a header so that the transport does not see
// it: whatever bears the canonical one it sends again when a connection breaks.
// Nobody knows whether the application keeps the promise that the name makes,
// and each request that arrives there has a decision of its own.
func unrepeatable(h http.Header) {
	const canonical, unseen = "Idempotency-Key", "idempotency-key"
	if values, ok := h[canonical]; ok {
		delete(h, canonical)
		h[unseen] = values
	}
}

// withheld names the answer headers that never reach a client: what tells of
// the software behind, what would change the protocol or lead the client to
// another address, and what a web server in front would take for a command.
// Of names that end in "-" all that begin so are meant.
var withheld = []string{
	"alt-svc",
	"server",
	"trailer",
	"upgrade",
	"wardgate-",
	"x-accel-",
	"x-lighttpd-send-file",
	"x-powered-by",
	"x-sendfile",
}

// scrub removes what an application's answer must not carry to a client. Only
// the administrator sets cookies: those of the other applications would never
// come back to them, but could plant a session in the user's browser.
func scrub(h http.Header, application string) {
	for name := range h {
		plain := strings.ReplaceAll(strings.ToLower(name), "_", "-")
		if plain == "set-cookie" && application != administrator || slices.ContainsFunc(withheld, covers(plain)) {
			delete(h, name)
		}
	}
}

func covers(name string) func(string) bool {
	return func(entry string) bool {
		return entry == name || strings.HasSuffix(entry, "-") && strings.HasPrefix(name, entry)
	}
}

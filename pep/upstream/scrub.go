package upstream

import (
	"fmt"
	"net/http"
	"slices"
)

// answered names the answer headers that reach a client: those that speak of this
// answer alone. What acts beyond it is not among them, for applications share an
// origin: it would empty the storage of all (Clear-Site-Data), take over their pages
// (Service-Worker-Allowed), open them to other sites (Access-Control-*), plant or
// move sessions (Set-Cookie, Set-Cookie2, Refresh), report to elsewhere (NEL), bind
// the host (Strict-Transport-Security, Alt-Svc), ask for a password
// (WWW-Authenticate), or command a web server in front (X-Accel-*, X-Sendfile).
var answered = []string{
	"Accept-Ranges",
	"Age",
	"Allow",
	"Cache-Control",
	"Content-Disposition",
	"Content-Encoding",
	"Content-Language",
	"Content-Length",
	"Content-Range",
	"Content-Security-Policy",
	"Content-Type",
	"Cross-Origin-Embedder-Policy",
	"Cross-Origin-Opener-Policy",
	"Cross-Origin-Resource-Policy",
	"Date",
	"Deprecation",
	"Etag",
	"Expires",
	"Last-Modified",
	"Link",
	"Location",
	"Permissions-Policy",
	"Pragma",
	"Preference-Applied",
	"Referrer-Policy",
	"Retry-After",
	"Sunset",
	"Vary",
	"X-Content-Type-Options",
	"X-Frame-Options",
}

// ownAnswered are those of Wardgate's own services beside them.
var ownAnswered = []string{"Www-Authenticate"}

// Scrub removes what an application's answer must not carry to a client: all that
// is neither listed here nor among more, the names that the application is
// configured to send, in canonical spelling.
func Scrub(h http.Header, more []string) {
	for name := range h {
		if !slices.Contains(answered, name) && !slices.Contains(more, name) {
			delete(h, name)
		}
	}
}

// ScrubOwn does that for one of Wardgate's own services. Only the administrator
// may set cookies: sessions begin there.
func ScrubOwn(h http.Header, cookies bool) {
	set := h["Set-Cookie"]
	Scrub(h, ownAnswered)
	if cookies && len(set) > 0 {
		h["Set-Cookie"] = set
	}
}

// never names answer headers that no application may be configured to send: its
// cookies are for package jar, and the others are the connection's, Wardgate's, or
// commands to a web server in front.
var never = append([]string{
	"alt-svc", "clear-site-data", "service-worker-allowed", "set-cookie", "set-cookie2",
	"strict-transport-security", "x-accel-", "x-lighttpd-send-file", "x-sendfile",
}, hopByHop...)

// AnswerHeaders checks the names of headers that an application may send, and
// returns them in canonical spelling.
func AnswerHeaders(names []string) ([]string, error) {
	var list []string
	for _, name := range names {
		if !headerName.MatchString(name) || among(never, name) {
			return nil, fmt.Errorf("%q is no header that an application may send", name)
		}
		list = append(list, http.CanonicalHeaderKey(name))
	}
	return list, nil
}

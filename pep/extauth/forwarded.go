package extauth

import (
	"net/http"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pep"
)

// forwardAuth reads a question of Traefik or Caddy. The proxy sends the
// client's headers along, and describes the rest in five of its own.
func forwardAuth(r *http.Request) *pep.Question {
	f, ok := forwardedBy(r.Header, "x-forwarded-method", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-uri", "x-forwarded-for")
	client, known := address(f["x-forwarded-for"])
	return unambiguous(ok && known && plainScheme(f["x-forwarded-proto"]) && plainHost(f["x-forwarded-host"]), &pep.Question{
		Method: f["x-forwarded-method"],
		Target: f["x-forwarded-uri"],
		Scheme: f["x-forwarded-proto"],
		Host:   f["x-forwarded-host"],
		Header: r.Header,
		Client: client,
	})
}

// authRequest reads a question of nginx: the method, the whole URL, and the
// client's address. The address is not optional: nginx passes the client's own
// headers along, and one that it does not write is the client's to choose.
func authRequest(r *http.Request) *pep.Question {
	f, ok := forwardedBy(r.Header, "x-original-method", "x-original-url", "x-forwarded-for")
	client, known := address(f["x-forwarded-for"])
	scheme, host, target, whole := splitURL(f["x-original-url"])
	return unambiguous(ok && known && whole, &pep.Question{
		Method: f["x-original-method"],
		Target: target,
		Scheme: scheme,
		Host:   host,
		Header: r.Header,
		Client: client,
	})
}

// forwardedBy returns the headers that describe the request, each of which has
// to be there once, under any spelling. A header that describes it a second
// time, to us or to the application, leaves no description.
func forwardedBy(h http.Header, names ...string) (map[string]string, bool) {
	found := make(map[string]string, len(names))
	for name, values := range h {
		name = plain(name)
		_, again := found[name]
		switch {
		case !slices.Contains(names, name):
			if slices.Contains(overrides, name) {
				return nil, false
			}
		case again || len(values) != 1 || values[0] == "":
			return nil, false
		default:
			found[name] = values[0]
		}
	}
	return found, len(found) == len(names)
}

// splitURL cuts "https://host/path?query" without interpreting the rest: the
// target's bytes are what gets judged.
func splitURL(raw string) (scheme, host, target string, ok bool) {
	scheme, rest, _ := strings.Cut(raw, "://")
	at := strings.IndexByte(rest, '/')
	if at < 0 {
		return "", "", "", false
	}
	host, target = rest[:at], rest[at:]
	return scheme, host, target, plainScheme(scheme) && plainHost(host)
}

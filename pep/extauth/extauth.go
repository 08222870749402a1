// Package extauth lets other proxies ask for the decision that Wardgate makes
// about every request of its own: nginx (auth_request), Traefik and Caddy
// (forward-auth) over HTTP on the enforcement point's listener, Envoy
// (ext_authz) over gRPC. It only reads how each of them describes a request,
// and writes the verdict as each of them understands it: it judges nothing.
package extauth

import (
	"context"
	"net/http"
	"net/netip"
	"strings"

	"github.com/wardgate/wardgate/pep"
)

// A Checker answers whether requests that other proxies hold may pass.
type Checker interface {
	Check(ctx context.Context, q *pep.Question) pep.Check
}

var _ Checker = (*pep.Proxy)(nil)

// DecisionHeader carries the id of the decision, for logs on the other side.
const DecisionHeader = "Wardgate-Decision"

// flawed is the code of a request that is described in no way or in several.
const flawed = "forwarded_ambiguous"

// overrides name headers in which some programs look for another method or
// target than the request line's. A proxy that only asks would pass them on.
var overrides = []string{
	"x-forwarded-method",
	"x-forwarded-uri",
	"x-http-method",
	"x-http-method-override",
	"x-method-override",
	"x-original-method",
	"x-original-uri",
	"x-original-url",
	"x-rewrite-url",
}

// plain is a header's name as programs read it that take "_" for "-".
func plain(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "_", "-")
}

// address reads exactly one IP address, without a port or a zone.
func address(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

// plainHost reports whether s has the form of a Host header.
func plainHost(s string) bool {
	if s == "" || len(s) > 255+6 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && strings.IndexByte(".-_:[]", c) < 0 {
			return false
		}
	}
	return true
}

func plainScheme(s string) bool { return s == "http" || s == "https" }

// unambiguous is the question, or one that is refused when its parts are not
// readable in exactly one way.
func unambiguous(ok bool, q *pep.Question) *pep.Question {
	if ok {
		return q
	}
	return &pep.Question{Header: http.Header{}, Flaw: flawed}
}

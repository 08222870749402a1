package extauth

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/framing"
)

// The request targets at which proxies ask, exactly so.
const (
	ForwardAuthPath = "/api/authz/forward-auth"
	AuthRequestPath = "/api/authz/auth-request"
)

// An HTTP answers trusted proxies that ask over HTTP. For every other client it
// does not exist: the next handler answers, as it answers any request.
type HTTP struct {
	checker Checker
	trusted []netip.Prefix
	next    http.Handler
}

var _ http.Handler = (*HTTP)(nil)

// NewHTTP returns a handler that has checker answer the proxies at trusted
// addresses, and next everything else. Without trusted addresses no proxy is
// answered.
func NewHTTP(checker Checker, next http.Handler, trusted []netip.Prefix) (*HTTP, error) {
	switch {
	case checker == nil:
		return nil, errors.New("answers to other proxies: a checker is required")
	case next == nil:
		return nil, errors.New("answers to other proxies: a next handler is required")
	}
	return &HTTP{checker: checker, trusted: slices.Clone(trusted), next: next}, nil
}

// ServeHTTP answers 200 to let the request pass and a problem document to turn
// it away. Neither depends on the method with which the proxy asks.
func (h *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, query, hasQuery := strings.Cut(r.RequestURI, "?")
	var read func(*http.Request) *pep.Question
	switch {
	case path == ForwardAuthPath && (!hasQuery || repeats(r.Header.Get("X-Forwarded-Uri"), query)):
		read = forwardAuth
	case path == AuthRequestPath && !hasQuery:
		read = authRequest
	}
	if read == nil || framing.Of(r) == framing.Unsound || !h.trusts(r.RemoteAddr) {
		h.next.ServeHTTP(w, r)
		return
	}
	q := read(r)
	q.Body = shown(w, r)
	v := h.checker.Check(r.Context(), q)
	if v.Allow {
		allow(w, &v)
		return
	}
	if path == AuthRequestPath {
		v = understoodByNginx(v)
	}
	deny(w, &v)
}

// repeats reports whether a target has this very query. Caddy asks with the query of
// the request that it holds behind the path at which it asks.
func repeats(target, query string) bool {
	_, own, has := strings.Cut(target, "?")
	return has && own == query
}

// shown is the body that a proxy sends beside its question, which is that of the
// request; one that sends none may hold it back.
func shown(w http.ResponseWriter, r *http.Request) pep.Body {
	if r.ContentLength == 0 {
		return pep.Body{State: pep.BodyUnseen}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, pep.BodyLimit))
	switch {
	case err != nil:
		w.Header().Set("Connection", "close") // the rest is not read
		return pep.Body{State: pep.BodyCut}
	case len(body) == 0:
		return pep.Body{State: pep.BodyUnseen}
	default:
		return pep.Body{State: pep.BodyWhole, Bytes: body}
	}
}

// trusts reports whether the peer of the connection itself is a trusted proxy.
func (h *HTTP) trusts(remote string) bool {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	at := peer.Addr().Unmap()
	return slices.ContainsFunc(h.trusted, func(p netip.Prefix) bool { return p.Contains(at) })
}

func allow(w http.ResponseWriter, v *pep.Check) {
	header := w.Header()
	header.Set(assertion.Header, v.Assertion)
	header.Set(DecisionHeader, v.Decision)
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
}

func deny(w http.ResponseWriter, v *pep.Check) {
	maps.Copy(w.Header(), headerOf(v))
	if v.Decision != "" {
		w.Header().Set(DecisionHeader, v.Decision)
	}
	if v.Page == nil {
		problem.Write(w, v.Problem)
		return
	}
	w.WriteHeader(v.Page.Status)
	_, _ = w.Write(v.Page.Body) // a broken connection is the proxy's loss
}

// headerOf is what goes with a denial.
func headerOf(v *pep.Check) http.Header {
	if v.Page != nil {
		return v.Page.Header
	}
	return v.Header
}

// LogInHeader says to nginx, which cannot pass on a redirection, where it leads.
const LogInHeader = "Wardgate-Log-In"

// understoodByNginx turns a status that auth_request would take for an error
// of the server into a plain refusal. The reasons stay what they are.
func understoodByNginx(v pep.Check) pep.Check {
	page := v.Page
	v.Page = nil
	if v.Problem.Status == http.StatusUnauthorized {
		if page == nil {
			return v
		}
		if at := page.Header.Get("Location"); at != "" {
			v.Header.Set(LogInHeader, at)
		}
		v.Header["Set-Cookie"] = page.Header["Set-Cookie"]
		return v
	}
	v.Problem.Status = http.StatusForbidden
	v.Problem.Title = http.StatusText(http.StatusForbidden)
	v.Header = nil
	return v
}

package extauth

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/wardgate/wardgate/pep"
)

// partialBody is how Envoy says, in a header that only the authorization
// service sees, whether it has shown the body whole.
const partialBody = "X-Envoy-Auth-Partial-Body"

// replaced is what Envoy writes in a text for a byte that is no UTF-8.
const replaced = "!"

// fromEnvoy reads Envoy's description of a request. Envoy says some things
// twice: where the two differ there is no telling which one it would forward.
func fromEnvoy(a *auth.AttributeContext) *pep.Question {
	h := a.GetRequest().GetHttp()
	if h == nil {
		return unambiguous(false, nil)
	}
	header, pseudo, exact, ok := headers(h)
	client, known := peerOf(a.GetSource().GetAddress())
	ok = ok && known && plainScheme(h.GetScheme()) && plainHost(h.GetHost()) &&
		h.GetQuery() == "" && h.GetFragment() == "" &&
		(exact || !strings.Contains(h.GetPath(), replaced)) &&
		pseudo.agrees(":method", h.GetMethod()) &&
		pseudo.agrees(":path", h.GetPath()) &&
		pseudo.agrees(":authority", h.GetHost()) &&
		pseudo.agrees(":scheme", h.GetScheme()) &&
		pseudo.agrees("host", h.GetHost())
	body, whole := bodyOf(h, header)
	header.Del(partialBody)
	return unambiguous(ok && whole, &pep.Question{
		Method: h.GetMethod(),
		Target: h.GetPath(),
		Scheme: h.GetScheme(),
		Host:   h.GetHost(),
		Header: header,
		Client: client,
		Body:   body,
	})
}

// pseudoHeaders repeat what the attributes say.
type pseudoHeaders map[string]string

func (p pseudoHeaders) agrees(name, value string) bool {
	v, ok := p[name]
	return !ok || v == value
}

// headers returns the request's headers, those that repeat an attribute apart.
// exact reports that no byte of them, or of the path, was replaced. Without
// the headers of a request, or with two lists of them, ok is false.
func headers(h *auth.AttributeContext_HttpRequest) (header http.Header, pseudo pseudoHeaders, exact, ok bool) {
	header, pseudo = http.Header{}, pseudoHeaders{}
	raw := h.GetHeaderMap().GetHeaders()
	if len(raw) > 0 && len(h.GetHeaders()) > 0 {
		return header, pseudo, false, false
	}
	ok = true
	add := func(name, value string) {
		if strings.HasPrefix(name, ":") || strings.EqualFold(name, "host") {
			name = strings.ToLower(name)
			_, again := pseudo[name]
			ok = ok && !again
			pseudo[name] = value
			return
		}
		ok = ok && plainName(name) && plainValue(value)
		header.Add(name, value)
	}
	for _, v := range raw {
		value, one := valueOf(v)
		ok = ok && one
		add(v.GetKey(), value)
	}
	for name, value := range h.GetHeaders() {
		add(name, value)
	}
	_, path := pseudo[":path"]
	return header, pseudo, len(raw) > 0 && path, ok
}

func valueOf(v *core.HeaderValue) (string, bool) {
	if len(v.GetRawValue()) > 0 {
		return string(v.GetRawValue()), v.GetValue() == ""
	}
	return v.GetValue(), true
}

// plainName is RFC 9110, section 5.6.2.
func plainName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"(),/:;<=>?@[\\]{}", c) >= 0 {
			return false
		}
	}
	return s != ""
}

// plainValue refuses what could not have been a header's value: net/http takes
// no such request either.
func plainValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// bodyOf reads what Envoy shows of the body. A request that says that it has
// one while none is shown is taken for cut, never for empty. ok is false when
// what is said about the body contradicts itself.
func bodyOf(h *auth.AttributeContext_HttpRequest, header http.Header) (body pep.Body, ok bool) {
	shown := h.GetRawBody()
	if text := h.GetBody(); text != "" {
		if len(shown) > 0 {
			return pep.Body{}, false
		}
		if strings.Contains(text, replaced) {
			return pep.Body{State: pep.BodyCut}, true
		}
		shown = []byte(text)
	}
	partial := header[partialBody]
	switch {
	case len(partial) > 1 || len(partial) == 1 && partial[0] != "true" && partial[0] != "false":
		return pep.Body{}, false
	case len(partial) == 1 && partial[0] == "true":
		return pep.Body{State: pep.BodyCut}, true
	case len(shown) == 0 && len(header["Transfer-Encoding"]) > 0:
		return pep.Body{State: pep.BodyCut}, true
	}
	lengths := header["Content-Length"]
	if len(lengths) == 0 {
		return pep.Body{State: pep.BodyWhole, Bytes: shown}, true
	}
	length, err := strconv.ParseUint(lengths[0], 10, 63)
	switch {
	case err != nil || len(lengths) > 1:
		return pep.Body{}, false
	case length != uint64(len(shown)):
		return pep.Body{State: pep.BodyCut}, true
	default:
		return pep.Body{State: pep.BodyWhole, Bytes: shown}, true
	}
}

// peerOf reads the address of the client of Envoy. Envoy itself says it:
// no header does.
func peerOf(a *core.Address) (netip.Addr, bool) {
	s := a.GetSocketAddress()
	if s == nil || s.GetProtocol() != core.SocketAddress_TCP && s.GetProtocol() != core.SocketAddress_UDP {
		return netip.Addr{}, false
	}
	return address(s.GetAddress())
}

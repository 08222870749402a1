package upstream

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// WebSocket is the word for the one protocol that an application's connection may be
// upgraded to (RFC 6455).
const WebSocket = "websocket"

// accepting is appended to a key before it is hashed (RFC 6455, section 1.3).
const accepting = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

const (
	keyBytes  = 16      // of a Sec-WebSocket-Key, decoded
	maxOffers = 1 << 10 // bytes of the protocols, or extensions, that a client offers
)

// A Handshake opens a WebSocket. The zero Handshake opens none.
type Handshake struct {
	key        string
	protocols  []string // in the order of the client's preference
	extensions string   // as they were offered
}

// Opens reports whether there is one to be opened.
func (h *Handshake) Opens() bool { return h.key != "" }

// AsksWebSocket reports whether a request names the protocol, well or badly.
func AsksWebSocket(r *http.Request) bool {
	return slices.ContainsFunc(r.Header["Upgrade"], func(v string) bool { return strings.Contains(strings.ToLower(v), WebSocket) })
}

// ReadHandshake reads the opening of a WebSocket in the one way in which RFC 6455, section
// 4.1, has it: over HTTP/1.1, by GET, without a body, of version 13. Anything else is not ok.
func ReadHandshake(r *http.Request) (h Handshake, ok bool) {
	only := func(name string) string {
		if values := r.Header[name]; len(values) == 1 {
			return values[0]
		}
		return ""
	}
	key := only("Sec-Websocket-Key")
	if raw, err := base64.StdEncoding.Strict().DecodeString(key); err != nil || len(raw) != keyBytes {
		return Handshake{}, false
	}
	protocols, ok1 := tokens(r.Header["Sec-Websocket-Protocol"])
	extensions := strings.Join(r.Header["Sec-Websocket-Extensions"], ", ")
	options, ok2 := tokens(r.Header["Connection"])
	bare := r.ContentLength == 0 && len(r.TransferEncoding) == 0
	if !ok1 || !ok2 || !bare || r.Method != http.MethodGet || !r.ProtoAtLeast(1, 1) || r.ProtoMajor != 1 ||
		!strings.EqualFold(only("Upgrade"), WebSocket) || only("Sec-Websocket-Version") != "13" || !printable(extensions) ||
		!slices.ContainsFunc(options, func(o string) bool { return strings.EqualFold(o, "upgrade") }) {
		return Handshake{}, false
	}
	return Handshake{key: key, protocols: protocols, extensions: extensions}, true
}

// tokens are those of the lists; not ok where one is none, stands there twice, or there is too
// much of them.
func tokens(lists []string) (all []string, ok bool) {
	if size := len(strings.Join(lists, ",")); size > maxOffers {
		return nil, false
	}
	for _, list := range lists {
		for one := range strings.SplitSeq(list, ",") {
			one = strings.Trim(one, " \t")
			if !isToken(one) || slices.Contains(all, one) {
				return nil, false
			}
			all = append(all, one)
		}
	}
	return all, true
}

// isToken follows RFC 9110, section 5.6.2.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

func printable(s string) bool {
	return len(s) <= maxOffers && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f })
}

// Ask writes the opening into what goes to the application.
func (h *Handshake) Ask(out http.Header) {
	out["Connection"], out["Upgrade"] = []string{"Upgrade"}, []string{WebSocket}
	out["Sec-Websocket-Version"], out["Sec-Websocket-Key"] = []string{"13"}, []string{h.key}
	if len(h.protocols) > 0 {
		out["Sec-Websocket-Protocol"] = []string{strings.Join(h.protocols, ", ")}
	}
	if h.extensions != "" {
		out["Sec-Websocket-Extensions"] = []string{h.extensions}
	}
}

// Accepted reports whether an answer takes the opening: it proves that it has read it, and
// chooses what was offered. What a client would not have asked for is left out of it, and so
// is all else but what stands in more.
func (h *Handshake) Accepted(answer http.Header, more []string) bool {
	sum := sha1.Sum([]byte(h.key + accepting)) //nolint:gosec // RFC 6455 has it so; it keeps no secret
	accept, protocol, extensions := answer["Sec-Websocket-Accept"], answer["Sec-Websocket-Protocol"], answer["Sec-Websocket-Extensions"]
	upgrade := answer["Upgrade"]
	switch {
	case !h.Opens(), len(upgrade) != 1, !strings.EqualFold(upgrade[0], WebSocket),
		len(accept) != 1, accept[0] != base64.StdEncoding.EncodeToString(sum[:]),
		len(protocol) > 1, len(protocol) == 1 && !slices.Contains(h.protocols, protocol[0]),
		len(extensions) > 0 && h.extensions == "", !printable(strings.Join(extensions, ", ")):
		return false
	}
	for name := range answer {
		if !slices.Contains(more, name) {
			delete(answer, name)
		}
	}
	answer["Connection"], answer["Upgrade"], answer["Sec-Websocket-Accept"] = []string{"Upgrade"}, []string{WebSocket}, accept
	for name, values := range map[string][]string{"Sec-Websocket-Protocol": protocol, "Sec-Websocket-Extensions": extensions} {
		if delete(answer, name); len(values) > 0 {
			answer[name] = values
		}
	}
	return true
}

package upstream_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pep/upstream"
)

// The example of RFC 6455, section 1.3.
const (
	sampleKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	sampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// opening is an opening of a WebSocket in which lines of these names are replaced, or left
// out with "".
func opening(t *testing.T, start string, change map[string]string) *http.Request {
	t.Helper()
	lines := map[string]string{
		"Host": "app.test", "Connection": "keep-alive, Upgrade", "Upgrade": "websocket",
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": sampleKey, "Sec-WebSocket-Protocol": "chat, superchat",
	}
	for name, value := range change {
		lines[name] = value
	}
	text := start + "\r\n"
	for name, value := range lines {
		for one := range strings.SplitSeq(value, "\n") {
			if one != "" {
				text += name + ": " + one + "\r\n"
			}
		}
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text + "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOpeningsHaveOneReading(t *testing.T) {
	const start = "GET /live HTTP/1.1"
	for name, tt := range map[string]struct {
		start  string
		change map[string]string
		ok     bool
	}{
		"as browsers write it":    {start, nil, true},
		"in another case":         {start, map[string]string{"Upgrade": "WebSocket", "Connection": "upgrade"}, true},
		"without protocols":       {start, map[string]string{"Sec-WebSocket-Protocol": ""}, true},
		"by POST":                 {"POST /live HTTP/1.1", nil, false},
		"in HTTP/1.0":             {"GET /live HTTP/1.0", nil, false},
		"with a body":             {start, map[string]string{"Content-Length": "3"}, false},
		"with chunks":             {start, map[string]string{"Transfer-Encoding": "chunked"}, false},
		"no option":               {start, map[string]string{"Connection": "keep-alive"}, false},
		"another version":         {start, map[string]string{"Sec-WebSocket-Version": "8"}, false},
		"two versions":            {start, map[string]string{"Sec-WebSocket-Version": "13\n8"}, false},
		"no version":              {start, map[string]string{"Sec-WebSocket-Version": ""}, false},
		"two protocols to go to":  {start, map[string]string{"Upgrade": "websocket, h2c"}, false},
		"twice the header":        {start, map[string]string{"Upgrade": "websocket\nh2c"}, false},
		"no key":                  {start, map[string]string{"Sec-WebSocket-Key": ""}, false},
		"two keys":                {start, map[string]string{"Sec-WebSocket-Key": sampleKey + "\n" + sampleKey}, false},
		"a short key":             {start, map[string]string{"Sec-WebSocket-Key": "c2hvcnQ="}, false},
		"no base64":               {start, map[string]string{"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZR=="}, false},
		"no token":                {start, map[string]string{"Sec-WebSocket-Protocol": "a b"}, false},
		"one twice":               {start, map[string]string{"Sec-WebSocket-Protocol": "a, b\na"}, false},
		"too many":                {start, map[string]string{"Sec-WebSocket-Protocol": strings.Repeat("a", 1025)}, false},
		"extensions beyond ASCII": {start, map[string]string{"Sec-WebSocket-Extensions": "x\xff"}, false},
	} {
		r := opening(t, tt.start, tt.change)
		if !upstream.AsksWebSocket(r) {
			t.Errorf("%s: it does not ask", name)
		}
		if h, ok := upstream.ReadHandshake(r); ok != tt.ok || h.Opens() != tt.ok {
			t.Errorf("%s: got %t, %t", name, ok, h.Opens())
		}
	}
	if upstream.AsksWebSocket(opening(t, start, map[string]string{"Upgrade": "h2c"})) {
		t.Error("h2c is a WebSocket")
	}
}

func TestAnAnswerHasToTakeTheOpening(t *testing.T) {
	h, ok := upstream.ReadHandshake(opening(t, "GET / HTTP/1.1", nil))
	if !ok {
		t.Fatal("it does not open")
	}
	good := map[string]string{"Upgrade": "WebSocket", "Sec-Websocket-Accept": sampleAccept}
	for name, tt := range map[string]struct {
		change map[string]string
		ok     bool
	}{
		"it does":                      {nil, true},
		"with a protocol":              {map[string]string{"Sec-Websocket-Protocol": "superchat"}, true},
		"with one that was not asked":  {map[string]string{"Sec-Websocket-Protocol": "other"}, false},
		"with extensions, not offered": {map[string]string{"Sec-Websocket-Extensions": "permessage-deflate"}, false},
		"of another key":               {map[string]string{"Sec-Websocket-Accept": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, false},
		"without a proof":              {map[string]string{"Sec-Websocket-Accept": ""}, false},
		"to another protocol":          {map[string]string{"Upgrade": "h2c"}, false},
		"to none":                      {map[string]string{"Upgrade": ""}, false},
	} {
		answer := http.Header{"Clear-Site-Data": {"*"}, "X-Kept": {"1"}, "Set-Cookie": {"a=b"}}
		for _, list := range []map[string]string{good, tt.change} {
			for name, value := range list {
				if answer.Set(name, value); value == "" {
					answer.Del(name)
				}
			}
		}
		if got := h.Accepted(answer, []string{"X-Kept"}); got != tt.ok {
			t.Errorf("%s: got %t", name, got)
		}
		if tt.ok && (answer.Get("Clear-Site-Data")+answer.Get("Set-Cookie") != "" || answer.Get("X-Kept") == "" || answer.Get("Connection") != "Upgrade") {
			t.Errorf("%s: what goes on is %v", name, answer)
		}
	}
	var none upstream.Handshake
	if none.Accepted(http.Header{"Upgrade": {"websocket"}, "Sec-Websocket-Accept": {"Kfh9QIsMVZcl6xEPYxPHzW8SZ8w="}}, nil) {
		t.Error("an answer to no opening is taken")
	}
}

package pep_test

import (
	"testing"
)

const smuggled = "GET /admin HTTP/1.1\r\nHost: pep.test\r\nX: "

func TestFramingHasOneReading(t *testing.T) {
	post := func(body string, lines ...string) string {
		return request("POST", "/api/patients", body, append([]string{"Content-Type: application/json"}, lines...)...)
	}
	once := []string{"POST /api/patients"}
	runBypasses(t, []bypass{
		{"length", post(`{"a":1}`, "Content-Length: 7"), 200, once},
		{"chunks", post("3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), 200, once},
		{"chunk extensions", post("7;x=\"y\";z\r\n{\"a\":1}\r\n0;a=b\r\n\r\n", "Transfer-Encoding: chunked"), 200, once},
		{"trailers", post("7\r\n{\"a\":1}\r\n0\r\nX-User: root\r\nWardgate-Assertion: x\r\n\r\n", "Transfer-Encoding: chunked", "Trailer: X-User"), 200, once},
		{"CL.TE", post("0\r\n\r\n"+smuggled, "Content-Length: 40", "Transfer-Encoding: chunked"), 400, nil},
		{"CL.TE, whole", post("7\r\n{\"a\":1}\r\n0\r\n\r\n"+smuggled+"\r\n\r\n", "Content-Length: 7", "Transfer-Encoding: chunked"), 400, nil},
		{"TE.CL", post("7\r\n{\"a\":1}\r\n0\r\n\r\n", "Transfer-Encoding: chunked", "Content-Length: 3"), 400, nil},
		{"TE.TE, identity", post("7\r\n{\"a\":1}\r\n0\r\n\r\n", "Transfer-Encoding: chunked", "Transfer-Encoding: identity"), 501, nil},
		{"TE list", post("7\r\n{\"a\":1}\r\n0\r\n\r\n", "Transfer-Encoding: gzip, chunked"), 501, nil},
		{"TE xchunked", post("7\r\n{\"a\":1}\r\n0\r\n\r\n", "Transfer-Encoding: xchunked"), 501, nil},
		{"TE with vertical tab", post("7\r\n{\"a\":1}\r\n0\r\n\r\n", "Transfer-Encoding: \x0bchunked"), 400, nil},
		{"TE blank before the colon", post("7\r\n{\"a\":1}\r\n0\r\n\r\n", "Transfer-Encoding : chunked"), 400, nil},
		{"TE folded", post("7\r\n{\"a\":1}\r\n0\r\n\r\n", "Transfer-Encoding:\r\n chunked"), 400, nil},
		{"TE under another spelling is no framing", post(`{"a":1}`, "Transfer_Encoding: chunked", "Content-Length: 7"), 200, once},
		{"TE in HTTP/1.0", "POST /api/patients HTTP/1.0\r\nAuthorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n0\r\n\r\n", 400, nil},
		{"obsolete fold of a value", post(`{"a":1}`, "X-A: b\r\n Content-Length: 0", "Content-Length: 7"), 400, nil},
		{"fold before the first header", "GET /info HTTP/1.1\r\n Host: x\r\nHost: pep.test\r\n\r\n", 400, nil},
		{"negative length", post(`{"a":1}`, "Content-Length: -7"), 400, nil},
		{"signed length", post(`{"a":1}`, "Content-Length: +7"), 400, nil},
		{"hexadecimal length", post(`{"a":1}`, "Content-Length: 0x7"), 400, nil},
		{"list of lengths", post(`{"a":1}`, "Content-Length: 7, 7"), 400, nil},
		{"empty length", post(`{"a":1}`, "Content-Length:"), 400, nil},
		{"huge length", post(`{"a":1}`, "Content-Length: 99999999999999999999"), 400, nil},
		{"same length twice", post(`{"a":1}`, "Content-Length: 7", "Content-Length: 7"), 400, nil},
		{"chunk size not hexadecimal", post("g\r\n{\"a\":1}\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), 400, nil},
		{"chunk size with 0x", post("0x7\r\n{\"a\":1}\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), 400, nil},
		{"chunk size signed", post("+7\r\n{\"a\":1}\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), 400, nil},
		{"chunk size overflows", post("10000000000000007\r\n{\"a\":1}\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), 400, nil},
		{"chunk too long", post("6\r\n{\"a\":1}\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), 400, nil},
		{"chunk without CRLF", post("7\r\n{\"a\":1}XX0\r\n\r\n", "Transfer-Encoding: chunked"), 400, nil},
		{"bare LF in a chunk extension", post("7;\nX\r\n{\"a\":1}\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), 400, nil},
		{"bad trailer goes nowhere", post("7\r\n{\"a\":1}\r\n0\r\nX User: root\r\n\r\n", "Transfer-Encoding: chunked"), 200, once},
		{"body on a GET", request("GET", "/info", `{"a":1}`, "Content-Length: 7"), 400, nil},
		{"chunked body on a GET", request("GET", "/info", "7\r\n{\"a\":1}\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), 400, nil},
		{"empty chunked body on a GET", request("GET", "/info", "0\r\n\r\n", "Transfer-Encoding: chunked"), 200, []string{"GET /info"}},
		{"body on a DELETE", request("DELETE", "/api/patients/p-1", `{"a":1}`, "Content-Length: 7"), 400, nil},
		{"request within a GET's body", request("GET", "/info", smuggled+"\r\n\r\n", "Content-Length: 44"), 400, nil},
		{"request within a body", post(smuggled+"\r\n\r\n", "Content-Length: 44"), 400, nil},
	})
}

// TestPipelinedRequestsAreJudgedOneByOne sends several requests at once. Each
// is judged for itself, with its own credential.
func TestPipelinedRequestsAreJudgedOneByOne(t *testing.T) {
	bare := "GET /admin HTTP/1.1\r\nHost: pep.test\r\n\r\n"
	for _, test := range []struct {
		name    string
		raw     string
		status  []int
		reached int
	}{
		{"what net/http would answer itself hides no flaw behind it", "OPTIONS * HTTP/1.1\r\nHost: pep.test\r\n\r\n" +
			request("GET", "/info", "", "Content-Length: 0", "Content-Length: 0"), []int{400}, 0},
		{"allowed, then anonymous", request("GET", "/info", "") + bare, []int{200, 401}, 1},
		{"anonymous, then allowed", bare + request("GET", "/info", ""), []int{401, 200}, 1},
		{"after the last chunk nothing more is read", request("POST", "/api/patients", "2\r\n{}\r\n0\r\n\r\n", "Content-Type: application/json", "Transfer-Encoding: chunked") + bare, []int{200}, 1},
		{"after the body", request("POST", "/api/patients", "{}", "Content-Type: application/json", "Content-Length: 2") + bare, []int{200, 401}, 1},
		{"after a refusal nothing more is read", request("GET", "/info", "{}", "Content-Length: 2") + request("GET", "/info", ""), []int{400}, 0},
		{"after both framings nothing more is read", request("POST", "/api/patients", "2\r\n{}\r\n0\r\n\r\n", "Content-Type: application/json", "Transfer-Encoding: chunked", "Content-Length: 5") + bare, []int{400}, 0},
		{"after HTTP/1.0 nothing more is read", "POST /api/patients HTTP/1.0\r\nConnection: keep-alive\r\nAuthorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n" + request("GET", "/admin", ""), []int{400}, 0},
		{"both framings, rest of the body is a request", request("POST", "/api/patients", "0\r\n\r\n"+request("GET", "/admin", ""), "Content-Type: application/json", "Content-Length: 900", "Transfer-Encoding: chunked"), []int{400}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			answers := w.sendAll(test.raw, len(test.status))
			w.drain()
			var status []int
			for _, a := range answers {
				status = append(status, a.status)
			}
			got, _ := w.backend.requests()
			if len(status) != len(test.status) || len(got) != test.reached {
				t.Fatalf("got %v, backend %d; want %v, backend %d", status, len(got), test.status, test.reached)
			}
			for i := range status {
				if status[i] != test.status[i] {
					t.Errorf("got %v, want %v", status, test.status)
				}
			}
		})
	}
}

// TestFramingIsWrittenAnew shows that the backend sees one plain length,
// however the client framed its body, and no trailer.
func TestFramingIsWrittenAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.send(request("POST", "/api/patients", "3;x=y\r\n{\"a\r\n4\r\n\":1}\r\n0\r\nX-User: root\r\n\r\n",
		"Content-Type: application/json", "Transfer-Encoding: chunked", "Trailer: X-User"))
	w.drain()
	got, _ := w.backend.requests()
	if len(got) != 1 {
		t.Fatalf("got %d requests", len(got))
	}
	r := got[0]
	length := r.values("Content-Length")
	if r.body != `{"a":1}` || len(length) != 1 || length[0] != "7" {
		t.Errorf("body %q with lengths %q", r.body, length)
	}
	for _, name := range []string{"Transfer-Encoding", "Trailer", "X-User"} {
		if values := r.values(name); len(values) > 0 {
			t.Errorf("%s reached the backend: %q", name, values)
		}
	}
}

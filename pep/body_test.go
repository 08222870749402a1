package pep_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

const (
	bodyLimit = 1 << 20
	jsonType  = "Content-Type: application/json"
)

// post sends a body with its length and header lines.
func post(body string, lines ...string) string {
	return request("POST", "/api/patients", body, append(lines, "Content-Length: "+strconv.Itoa(len(body)))...)
}

func goodBody(name, body string) bypass {
	return bypass{name, post(body, jsonType), 200, []string{"POST /api/patients"}}
}

func badBody(name, body string) bypass { return bypass{name, post(body, jsonType), 400, nil} }

func otherMedia(name string, lines ...string) bypass {
	return bypass{name, post(`{"a":1}`, lines...), 415, nil}
}

func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func TestUnambiguousBodiesPass(t *testing.T) {
	runBypasses(t, []bypass{
		goodBody("object", `{"name":"Ä","n":[1,2.5,-3e2,true,null]}`),
		goodBody("blanks are kept", " { \"a\" :\t1 }\r\n "),
		goodBody("largest integer", `{"n":9007199254740991}`),
		goodBody("smallest integer", `{"n":-9007199254740991}`),
		goodBody("surrogate pair", `{"a":"\ud83d\ude00"}`),
		goodBody("depth that is allowed", nested(60)),
		goodBody("same key in two objects", `[{"a":1},{"a":2}]`),
		goodBody("1 MiB", `{"a":"`+strings.Repeat("x", bodyLimit-8)+`"}`),
		goodBody("no body", ""),
		goodBody("zero in many forms", `[0,0.0,-0,0e5,0.0E-10]`),
	})
}

func TestAmbiguousBodiesAreRefused(t *testing.T) {
	runBypasses(t, []bypass{
		badBody("key twice", `{"role":"nurse","role":"doctor"}`),
		badBody("key twice, escaped", `{"role":"nurse","\u0072ole":"doctor"}`),
		badBody("key twice, deep", `[{"a":{"b":[{"c":1,"c":2}]}}]`),
		badBody("key in another case", `{"ROLE":"doctor","role":"nurse"}`),
		badBody("long s folds to s", `{"status":1,"ſtatus":2}`),
		badBody("kelvin sign folds to k", `{"key":1,"\u212aey":2}`),
		badBody("sharp s in two cases", `{"ß":1,"ẞ":2}`),
		badBody("method override", `{"_method":"DELETE"}`),
		badBody("method override, any case", `{"a":{"_Method":"DELETE"}}`),
		badBody("2^53", `{"n":9007199254740992}`),
		badBody("2^53+1", `{"n":9007199254740993}`),
		badBody("-2^53-1", `{"n":-9007199254740993}`),
		badBody("2^53+1 as a fraction", `{"n":9007199254740993.0}`),
		badBody("2^53+1 with an exponent", `{"n":9.007199254740993e15}`),
		badBody("int64 overflow", `{"n":18446744073709551617}`),
		badBody("1e400", `{"n":1e400}`),
		badBody("-1e400", `{"n":-1e400}`),
		badBody("vanishing number", `{"n":1e-400}`),
		badBody("NaN", `{"n":NaN}`),
		badBody("Infinity", `{"n":Infinity}`),
		badBody("-Infinity", `{"n":-Infinity}`),
		badBody("hexadecimal", `{"n":0x10}`),
		badBody("leading zero", `{"n":010}`),
		badBody("plus", `{"n":+1}`),
		badBody("trailing data", `{"a":1}{"a":2}`),
		badBody("trailing bracket", `{"a":1}]`),
		badBody("trailing nul", "{\"a\":1}\x00"),
		badBody("trailing comma", `{"a":1,}`),
		badBody("comment", `{"a":1/*,"a":2*/}`),
		badBody("single quotes", `{'a':1}`),
		badBody("byte order mark", "\ufeff{\"a\":1}"),
		badBody("UTF-16", "\xff\xfe{\x00}\x00"),
		badBody("broken UTF-8", "{\"a\":\"\xff\"}"),
		badBody("overlong UTF-8", "{\"a\":\"\xc0\xaf\"}"),
		badBody("lone surrogate", `{"a":"\ud800"}`),
		badBody("lone low surrogate", `{"a":"\udc00x"}`),
		badBody("lone surrogate in a key", `{"\ud800":1}`),
		badBody("two lone surrogates as keys", `{"\ud800":1,"\ud801":2}`),
		badBody("raw line feed in a string", "{\"a\":\"\n\"}"),
		badBody("deep nesting", nested(66)),
		badBody("very deep nesting", nested(100_000)),
		badBody("deep, never closed", strings.Repeat("[", 500_000)),
		badBody("blank only", "   "),
		badBody("truncated", `{"a":`),
		badBody("form", "a=1&_method=DELETE"),
	})
}

func TestOnlyJSONIsTaken(t *testing.T) {
	runBypasses(t, []bypass{
		otherMedia("no type"),
		otherMedia("form type", "Content-Type: application/x-www-form-urlencoded"),
		otherMedia("text", "Content-Type: text/plain"),
		otherMedia("type with a suffix", "Content-Type: application/json-patch+json"),
		otherMedia("prefix of the type", "Content-Type: application/jsonx"),
		otherMedia("two types in one", "Content-Type: application/json, text/plain"),
		otherMedia("charset UTF-16", "Content-Type: application/json; charset=utf-16"),
		otherMedia("charset UTF-7", "Content-Type: application/json; charset=utf-7"),
		otherMedia("charset twice", "Content-Type: application/json; charset=utf-8; charset=utf-16"),
		otherMedia("charset by RFC 2231", "Content-Type: application/json; charset*=utf-8''utf-16"),
		otherMedia("gzip", jsonType, "Content-Encoding: gzip"),
		otherMedia("identity", jsonType, "Content-Encoding: identity"),
		{"other case of the type", post(`{"a":1}`, "Content-Type: Application/JSON;charset=utf-8"), 200, []string{"POST /api/patients"}},
	})
}

func TestLargeBodiesAreRefused(t *testing.T) {
	runBypasses(t, []bypass{
		{"1 MiB and a byte", post(`{"a":"`+strings.Repeat("x", bodyLimit-7)+`"}`, jsonType), 413, nil},
		{"4 GiB announced", request("POST", "/api/patients", "{}", jsonType, "Content-Length: 4294967296"), 413, nil},
	})
}

// TestBodyIsForwardedByteForByte compares what was sent and what arrived.
func TestBodyIsForwardedByteForByte(t *testing.T) {
	for _, body := range []string{
		`{"a":1.10,"b":1E2,"c":"\u0041\/","d":-0}`, " [ ] ", `"text"`, "{\r\n\t\"z\":1,\"a\":2}\n",
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.send(request("POST", "/api/patients", body, "Content-Type: application/json", "Content-Length: "+strconv.Itoa(len(body))))
			w.drain()
			got, _ := w.backend.requests()
			if len(got) != 1 || got[0].body != body {
				t.Errorf("got %v, want %q", got, body)
			}
		})
	}
}

// TestBodyIsReadOnlyForAKnownRoute: a stranger's body for nothing costs nothing.
func TestBodyIsReadOnlyForAKnownRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	answers := w.send(request("POST", "/nowhere", "", "Content-Length: 1048576", "Expect: 100-continue"))
	if len(answers) != 1 || answers[0].status != 404 {
		t.Errorf("got %v, want 404 at once", answers)
	}
}

// TestARowCanRequireItsBody: absent, it is as it was.
func TestARowCanRequireItsBody(t *testing.T) {
	for required, status := range map[bool]int{false: http.StatusOK, true: http.StatusBadRequest} {
		w := newWorld(t, func(w *world) {
			tables := testTables()
			for i := range tables.Routes {
				tables.Routes[i].Required = required && tables.Routes[i].Body == "json"
			}
			w.config.Tables = fixedTables(tables)
		})
		for name, raw := range map[string]string{
			"none":        request("POST", "/api/patients", ""),
			"of length 0": request("POST", "/api/patients", "", "Content-Length: 0", "Content-Type: application/json"),
			"no chunks":   request("POST", "/api/patients", "0\r\n\r\n", "Transfer-Encoding: chunked", "Content-Type: application/json"),
		} {
			if a := w.send(raw); len(a) != 1 || a[0].status != status || required != strings.Contains(a[0].body, "body_missing") {
				t.Errorf("required %t, %s: got %v, want %d", required, name, a, status)
			}
		}
		if a := w.send(request("POST", "/api/patients", "{}", "Content-Length: 2", "Content-Type: application/json")); len(a) != 1 || a[0].status != http.StatusOK {
			t.Errorf("with a body: got %v", a)
		}
	}
}

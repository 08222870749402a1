package pep_test

import (
	"strconv"
	"strings"
	"testing"
)

func TestBodyHasOneReading(t *testing.T) {
	const limit = 1 << 20
	post := func(body string, lines ...string) string {
		lines = append(lines, "Content-Length: "+strconv.Itoa(len(body)))
		return request("POST", "/api/patients", body, lines...)
	}
	const kind = "Content-Type: application/json"
	refused := func(name, body string) bypass { return bypass{name, post(body, kind), 400, nil} }
	passes := func(name, body string) bypass {
		return bypass{name, post(body, kind), 200, []string{"POST /api/patients"}}
	}
	media := func(name string, lines ...string) bypass { return bypass{name, post(`{"a":1}`, lines...), 415, nil} }
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	runBypasses(t, []bypass{
		passes("object", `{"name":"Ä","n":[1,2.5,-3e2,true,null]}`),
		passes("blanks are kept", " { \"a\" :\t1 }\r\n "),
		passes("largest integer", `{"n":9007199254740991}`),
		passes("smallest integer", `{"n":-9007199254740991}`),
		passes("surrogate pair", `{"a":"\ud83d\ude00"}`),
		passes("depth that is allowed", nested(60)),
		passes("same key in two objects", `[{"a":1},{"a":2}]`),
		passes("1 MiB", `{"a":"`+strings.Repeat("x", limit-8)+`"}`),
		passes("no body", ""),
		passes("zero in many forms", `[0,0.0,-0,0e5,0.0E-10]`),
		refused("key twice", `{"role":"nurse","role":"doctor"}`),
		refused("key twice, escaped", `{"role":"nurse","\u0072ole":"doctor"}`),
		refused("key twice, deep", `[{"a":{"b":[{"c":1,"c":2}]}}]`),
		refused("key in another case", `{"ROLE":"doctor","role":"nurse"}`),
		refused("long s folds to s", `{"status":1,"ſtatus":2}`),
		refused("kelvin sign folds to k", `{"key":1,"\u212aey":2}`),
		refused("sharp s in two cases", `{"ß":1,"ẞ":2}`),
		refused("method override", `{"_method":"DELETE"}`),
		refused("method override, any case", `{"a":{"_Method":"DELETE"}}`),
		refused("2^53", `{"n":9007199254740992}`),
		refused("2^53+1", `{"n":9007199254740993}`),
		refused("-2^53-1", `{"n":-9007199254740993}`),
		refused("2^53+1 as a fraction", `{"n":9007199254740993.0}`),
		refused("2^53+1 with an exponent", `{"n":9.007199254740993e15}`),
		refused("int64 overflow", `{"n":18446744073709551617}`),
		refused("1e400", `{"n":1e400}`),
		refused("-1e400", `{"n":-1e400}`),
		refused("vanishing number", `{"n":1e-400}`),
		refused("NaN", `{"n":NaN}`),
		refused("Infinity", `{"n":Infinity}`),
		refused("-Infinity", `{"n":-Infinity}`),
		refused("hexadecimal", `{"n":0x10}`),
		refused("leading zero", `{"n":010}`),
		refused("plus", `{"n":+1}`),
		refused("trailing data", `{"a":1}{"a":2}`),
		refused("trailing bracket", `{"a":1}]`),
		refused("trailing nul", "{\"a\":1}\x00"),
		refused("trailing comma", `{"a":1,}`),
		refused("comment", `{"a":1/*,"a":2*/}`),
		refused("single quotes", `{'a':1}`),
		refused("byte order mark", "\ufeff{\"a\":1}"),
		refused("UTF-16", "\xff\xfe{\x00}\x00"),
		refused("broken UTF-8", "{\"a\":\"\xff\"}"),
		refused("overlong UTF-8", "{\"a\":\"\xc0\xaf\"}"),
		refused("lone surrogate", `{"a":"\ud800"}`),
		refused("lone low surrogate", `{"a":"\udc00x"}`),
		refused("lone surrogate in a key", `{"\ud800":1}`),
		refused("two lone surrogates as keys", `{"\ud800":1,"\ud801":2}`),
		refused("raw line feed in a string", "{\"a\":\"\n\"}"),
		refused("deep nesting", nested(66)),
		refused("very deep nesting", nested(100_000)),
		refused("deep, never closed", strings.Repeat("[", 500_000)),
		refused("blank only", "   "),
		refused("truncated", `{"a":`),
		refused("form", "a=1&_method=DELETE"),
		{"1 MiB and a byte", post(`{"a":"`+strings.Repeat("x", limit-7)+`"}`, kind), 413, nil},
		{"4 GiB announced", request("POST", "/api/patients", "{}", kind, "Content-Length: 4294967296"), 413, nil},
		media("no type"),
		media("form type", "Content-Type: application/x-www-form-urlencoded"),
		media("text", "Content-Type: text/plain"),
		media("type with a suffix", "Content-Type: application/json-patch+json"),
		media("prefix of the type", "Content-Type: application/jsonx"),
		media("two types in one", "Content-Type: application/json, text/plain"),
		media("charset UTF-16", "Content-Type: application/json; charset=utf-16"),
		media("charset UTF-7", "Content-Type: application/json; charset=utf-7"),
		media("charset twice", "Content-Type: application/json; charset=utf-8; charset=utf-16"),
		media("charset by RFC 2231", "Content-Type: application/json; charset*=utf-8''utf-16"),
		media("gzip", kind, "Content-Encoding: gzip"),
		media("identity", kind, "Content-Encoding: identity"),
		{"other case of the type", post(`{"a":1}`, "Content-Type: Application/JSON;charset=utf-8"), 200, []string{"POST /api/patients"}},
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

package pep_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pip"
)

const secret = "+49 30 SECRET"

var masking = pdp.Obligation{ID: "mask_response", Type: "redact",
	Properties: []byte(`{"pointers":["/contact","/items/*/contact"],"pass":["image/png"]}`)}

// masked is a world whose every decision masks contacts.
func masked(t *testing.T, change func(*world)) *world {
	return newWorld(t, func(w *world) {
		w.config.Decider = changed(func(d *pdp.Decision) { d.Obligations = append(d.Obligations, masking) })
		if change != nil {
			change(w)
		}
	})
}

// raw is an answer with a body of the right length.
func raw(status, body string, header ...string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s", status, len(body),
		strings.Join(append(header, ""), "\r\n"), body)
}

const aJSON = "Content-Type: application/json"

func TestMaskedMembersDoNotLeave(t *testing.T) {
	list := `{"items": [{"id": 9007199254740993, "contact": "` + secret + `"}, {"CONTACT": "` + secret + `", "n": 1.10}]}`
	for name, test := range map[string]struct{ answer, want string }{
		"list":              {raw("200 OK", list, aJSON), `{"items":[{"id":9007199254740993},{"n":1.10}]}`},
		"charset":           {raw("200 OK", list, aJSON+`; charset="UTF-8"`), `{"items":[{"id":9007199254740993},{"n":1.10}]}`},
		"FHIR":              {raw("200 OK", `{"contact":"`+secret+`"}`, "Content-Type: application/fhir+json"), `{}`},
		"a type of its own": {raw("200 OK", `{"contact":1}`, "Content-Type: application/vnd.SECRET+json"), `{}`},
		"problem":           {raw("409 Conflict", `{"title":"x","contact":"`+secret+`"}`, "Content-Type: application/problem+json"), `{"title":"x"}`},
		"created":           {raw("201 Created", `{"id":7,"contact":"`+secret+`"}`, aJSON), `{"id":7}`},
		"chunked":           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + aJSON + "\r\n\r\n4\r\n{\"co\r\n9\r\nntact\":1}\r\n0\r\nX-Late: " + secret + "\r\n\r\n", `{}`},
		"identity":          {raw("200 OK", `{"contact":1}`, aJSON, "Content-Encoding: Identity"), `{}`},
		"empty":             {raw("200 OK", ``), ``},
		"no content":        {"HTTP/1.1 204 No Content\r\nX-Contact: " + secret + "\r\n\r\n", ``},
		"redirect":          {raw("303 See Other", ``, "Location: /info"), ``},
		"passed whole":      {raw("200 OK", "\x89PNG", "Content-Type: image/png"), "\x89PNG"},
		"interim before":    {"HTTP/1.1 103 Early Hints\r\nX-Contact: " + secret + "\r\n\r\n" + raw("200 OK", `{"contact":1}`, aJSON), `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := masked(t, answering(test.answer))
			answers := w.send(request("GET", "/info", ""))
			if len(answers) != 1 || answers[0].body != test.want || answers[0].err != nil {
				t.Fatalf("got %+v, want body %s", answers, test.want)
			}
			h := answers[0].header
			if got, want := h.Get("Wardgate-Withheld"), "/contact, /items/*/contact"; got != want {
				t.Errorf("got Wardgate-Withheld %q, want %q", got, want)
			}
			if got := fmt.Sprint(h); strings.Contains(got, "SECRET") || h.Get("Cache-Control") != "no-store" {
				t.Errorf("got header %v", h)
			}
			if test.want != "" && test.want[0] == '{' && !json.Valid([]byte(answers[0].body)) {
				t.Errorf("%q is no JSON", answers[0].body)
			}
			if events := w.journal.of(pip.KindOutcome); len(events) != 1 || events[0].Status != answers[0].status {
				t.Errorf("got outcomes %+v", events)
			}
		})
	}
}

func TestAnswersThatCannotBeMaskedAreWithheld(t *testing.T) {
	body := `{"contact":"` + secret + `"}`
	for name, answer := range map[string]string{
		"no media type":      raw("200 OK", body),
		"text":               raw("200 OK", body, "Content-Type: text/plain"),
		"HTML":               raw("500 Internal Server Error", "<h1>"+secret+"</h1>", "Content-Type: text/html"),
		"JSON Lines":         raw("200 OK", "{\"a\":1}\n"+body+"\n", "Content-Type: application/x-ndjson"),
		"JSON Lines as JSON": raw("200 OK", "{\"a\":1}\n"+body+"\n", aJSON),
		"JSON sequence":      raw("200 OK", "\x1e"+body, "Content-Type: application/json-seq"),
		"two media types":    raw("200 OK", body, aJSON, "Content-Type: image/png"),
		"broken media type":  raw("200 OK", body, "Content-Type: application/json; ="),
		"other charset":      raw("200 OK", body, aJSON+"; charset=utf-16"),
		"gzip":               raw("200 OK", "\x1f\x8b\x08", aJSON, "Content-Encoding: gzip"),
		"gzip, unsaid":       raw("200 OK", "\x1f\x8b\x08", aJSON),
		"two encodings":      raw("200 OK", body, aJSON, "Content-Encoding: identity", "Content-Encoding: br"),
		"gzip of a picture":  raw("200 OK", "\x1f\x8b\x08", "Content-Type: image/png", "Content-Encoding: gzip"),
		"part":               raw("206 Partial Content", `ct":"`+secret, aJSON, "Content-Range: bytes 5-20/40"),
		"part, unsaid":       raw("200 OK", body, aJSON, "Content-Range: bytes 0-20/40"),
		"parts":              raw("206 Partial Content", secret, "Content-Type: multipart/byteranges; boundary=x"),
		"not modified":       "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n",
		"key twice":          raw("200 OK", `{"contact":1,"contact":"`+secret+`"}`, aJSON),
		"key in two cases":   raw("200 OK", `{"a":1,"A":"`+secret+`"}`, aJSON),
		"trailing data":      raw("200 OK", `{} "`+secret+`"`, aJSON),
		"no UTF-8":           raw("200 OK", "{\"a\":\"\xff\"}", aJSON),
		"cut":                raw("200 OK", `{"contact":"`+secret, aJSON),
		"broken off":         "HTTP/1.1 200 OK\r\nContent-Length: 400\r\n" + aJSON + "\r\n\r\n{\"contact\":",
		"another shape":      raw("200 OK", `[`+body+`]`, aJSON),
		"too large":          raw("200 OK", `{"a":"`+strings.Repeat("x", 3000)+`"}`, aJSON),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := masked(t, func(w *world) {
				closing(answer)(w)
				w.config.AnswerLimit = 2000
			})
			answers := w.send(request("GET", "/info", ""))
			if len(answers) != 1 || answers[0].status != http.StatusBadGateway || !strings.Contains(answers[0].body, "answer_withheld") {
				t.Fatalf("got %+v, want a problem, 502", answers)
			}
			if strings.Contains(answers[0].body+fmt.Sprint(answers[0].header)+w.logs.String(), "SECRET") {
				t.Errorf("the answer or the log tells: %+v %s", answers[0], w.logs)
			}
			events := w.journal.of(pip.KindOutcome)
			if len(events) != 1 || events[0].Detail != "answer_withheld" || events[0].Outcome != "failure" || events[0].Status != http.StatusBadGateway {
				t.Errorf("got outcomes %+v", events)
			}
		})
	}
}

// TestEachApplicationHasItsOwnLimit: the size up to which an answer is masked is
// the application's, where it has one.
func TestEachApplicationHasItsOwnLimit(t *testing.T) {
	answer := raw("200 OK", `{"a":"`+strings.Repeat("x", 3000)+`","contact":"`+secret+`"}`, aJSON)
	for limit, status := range map[int64]int{0: http.StatusBadGateway, 2500: http.StatusBadGateway, 4000: http.StatusOK} {
		w := masked(t, func(w *world) {
			closing(answer)(w)
			w.config.AnswerLimit = 2000
			lab := w.config.Upstreams["records"]
			lab.AnswerLimit = limit
			w.config.Upstreams = map[string]pep.Upstream{"records": lab}
		})
		answers := w.send(request("GET", "/info", ""))
		if len(answers) != 1 || answers[0].status != status || strings.Contains(answers[0].body, "SECRET") {
			t.Errorf("limit %d: got %+v, want %d", limit, answers, status)
		}
	}
}

// TestMaskedAnswersTellNothingOfTheirBytes: lengths, digests and validators of
// what the client does not get would let it test guesses.
func TestMaskedAnswersTellNothingOfTheirBytes(t *testing.T) {
	telling := []string{
		`ETag: "a"`, "Last-Modified: Mon, 02 Mar 2026 10:00:00 GMT", "Content-MD5: x", "Digest: x", "Repr-Digest: x",
		"Content-Digest: x", "Accept-Ranges: bytes", "Age: 3", "X-Contact: " + secret, "Link: </x>", "Content-Disposition: inline",
		"Wardgate-Withheld: /nothing", "Expires: 0", "Set-Cookie: a=b", "Signature: x", "Content-Location: /x",
		"Content-Language: de", "Location: /" + secret, "Retry-After: 7", "Vary: X-" + secret, "Allow: " + secret, "WWW-Authenticate: Basic realm=" + secret,
	}
	t.Parallel()
	w := masked(t, answering(raw("200 OK", `{"contact":"`+secret+`","id":1}`, append(telling, "Content-Type: application/json; profile=SECRET")...)))
	answers := w.send(request("GET", "/info", ""))
	if len(answers) != 1 || answers[0].body != `{"id":1}` {
		t.Fatalf("got %+v", answers)
	}
	var names []string
	for name := range answers[0].header {
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{"Cache-Control", "Content-Length", "Content-Type", "Date", "Wardgate-Withheld", "X-Content-Type-Options"}
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	if got := answers[0].header.Get("Content-Type"); got != "application/json" {
		t.Errorf("got Content-Type %s", got)
	}
	if got := answers[0].header.Get("Content-Length"); got != "8" {
		t.Errorf("got length %s, want 8", got)
	}
}

func TestNoRequestEvadesMasking(t *testing.T) {
	t.Parallel()
	w := masked(t, answering(raw("200 OK", `{}`, aJSON)))
	evading := []string{
		"Range: bytes=0-9", `If-Range: "a"`, "Accept-Encoding: br, gzip", `If-None-Match: "a"`,
		"If-Modified-Since: Mon, 02 Mar 2026 10:00:00 GMT", `If-Match: "a"`, "If-Unmodified-Since: Mon, 02 Mar 2026 10:00:00 GMT", "TE: trailers",
	}
	w.send(request("GET", "/info", "", evading...))
	w.send(request("PUT", "/api/services/v-1", `{}`, append(evading, aJSON, "Content-Length: 2")...))
	got, _ := w.backend.requests()
	if len(got) != 2 {
		t.Fatalf("the backend got %d requests, want 2", len(got))
	}
	for i, conditions := range [][]string{nil, {"If-Match", "If-Unmodified-Since"}} {
		for _, name := range []string{"Range", "If-Range", "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "TE"} {
			if passed := len(got[i].values(name)) > 0; passed != slices.Contains(conditions, name) {
				t.Errorf("%s: %s passed: %t", got[i].method(), name, passed)
			}
		}
		if encodings := got[i].values("Accept-Encoding"); !slices.Equal(encodings, []string{"identity"}) {
			t.Errorf("got Accept-Encoding %q, want identity", encodings)
		}
	}
}

// TestHeadOfAMaskedAnswerHasNoLength: it would be the length of what is hidden.
func TestHeadOfAMaskedAnswerHasNoLength(t *testing.T) {
	t.Parallel()
	w := masked(t, func(w *world) {
		tables := testTables()
		head := tables.Routes[0]
		head.Method = "HEAD"
		tables.Routes = append(tables.Routes, head)
		w.config.Tables = fixedTables(tables)
		answering("HTTP/1.1 200 OK\r\nContent-Length: 4711\r\nETag: \"a\"\r\n" + aJSON + "\r\n\r\n")(w)
	})
	answers := w.send(request("HEAD", "/info", ""))
	if len(answers) != 1 || answers[0].status != http.StatusOK || answers[0].header.Get("Content-Length") != "" || answers[0].header.Get("ETag") != "" {
		t.Fatalf("got %+v", answers)
	}
}

func TestMasksThatCannotBeReadDeny(t *testing.T) {
	for name, properties := range map[string]string{
		"none":            `{}`,
		"null":            `null`,
		"no pointers":     `{"pointers":[]}`,
		"no pointer":      `{"pointers":["contact"]}`,
		"an element":      `{"pointers":["/items/*"]}`,
		"whole":           `{"pointers":[""]}`,
		"number":          `{"pointers":[1]}`,
		"more":            `{"pointers":["/a"],"except":["/b"]}`,
		"JSON may pass":   `{"pointers":["/a"],"pass":["application/json"]}`,
		"text may pass":   `{"pointers":["/a"],"pass":["text/html"]}`,
		"SVG may pass":    `{"pointers":["/a"],"pass":["image/svg+xml"]}`,
		"all may pass":    `{"pointers":["/a"],"pass":["*/*"]}`,
		"images may pass": `{"pointers":["/a"],"pass":["image/*"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) { w.config.Decider = obliged("mask_response", properties) })
			if got := w.send(request("GET", "/info", "")); len(got) != 1 || got[0].status != http.StatusForbidden || !strings.Contains(got[0].body, "obligation_unmet") {
				t.Errorf("got %+v, want 403", got)
			}
		})
	}
}

// TestTwoMasksNarrow: pointers add up, and only what both let pass passes.
func TestTwoMasksNarrow(t *testing.T) {
	t.Parallel()
	second := pdp.Obligation{ID: "mask_response", Properties: []byte(`{"pointers":["/id"]}`)}
	for answer, want := range map[string]int{
		raw("200 OK", `{"contact":1,"id":2,"n":3}`, aJSON):  http.StatusOK,
		raw("200 OK", "\x89PNG", "Content-Type: image/png"): http.StatusBadGateway,
	} {
		w := masked(t, func(w *world) {
			w.config.Decider = changed(func(d *pdp.Decision) { d.Obligations = append(d.Obligations, masking, second) })
			answering(answer)(w)
		})
		got := w.send(request("GET", "/info", ""))
		if len(got) != 1 || got[0].status != want || want == http.StatusOK && got[0].body != `{"n":3}` {
			t.Errorf("got %+v, want %d", got, want)
		}
	}
}

// TestNobodyElseMasks: what another proxy forwards it also brings back, and
// nobody would mask it.
func TestNobodyElseMasks(t *testing.T) {
	t.Parallel()
	w := masked(t, nil)
	v := w.proxy.Check(t.Context(), &pep.Question{
		Method: "GET", Target: "/info", Host: "pep.test", Client: netip.MustParseAddr("127.0.0.1"),
		Header: http.Header{"Authorization": {"Bearer " + w.tokens.good()}}, Body: pep.Body{State: pep.BodyWhole},
	})
	if v.Allow || !slices.Contains(v.Problem.Reasons, "obligation_unmet") {
		t.Errorf("got %+v, want a denial", v)
	}
}

// TestExternalApplicationsAreNotAskedToLimitThemselves: a row condition that
// nobody reads limits nothing.
func TestExternalApplicationsAreNotAskedToLimitThemselves(t *testing.T) {
	for name, test := range map[string]struct {
		obligations []pdp.Obligation
		status      int
	}{
		"rows":    {[]pdp.Obligation{allRows}, http.StatusForbidden},
		"columns": {[]pdp.Obligation{{ID: "withhold", Properties: []byte(`{"fields":["contact"]}`)}}, http.StatusForbidden},
		"mask":    {[]pdp.Obligation{masking}, http.StatusOK},
		"nothing": {nil, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) {
				lab := w.config.Upstreams["records"]
				lab.External = true
				w.config.Upstreams = map[string]pep.Upstream{"records": lab}
				w.config.Decider = changed(func(d *pdp.Decision) { d.Obligations = test.obligations })
				w.unsigned = true
			})
			answers := w.send(request("GET", "/info", ""))
			if len(answers) != 1 || answers[0].status != test.status {
				t.Errorf("got %+v, want %d", answers, test.status)
			}
			for _, r := range first(w.backend.requests()) {
				if len(r.values("Wardgate-Assertion")) > 0 {
					t.Error("the application got an assertion")
				}
			}
		})
	}
}

func first(got []received, _ []string) []received { return got }

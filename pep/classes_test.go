package pep_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pip"
)

// archived is a world whose application is not Wardgate's own, with a row for each class
// of body: POST /json, /form, /text, /any, …
func archived(t testing.TB, change func(*world, []pdp.Route)) *world {
	t.Helper()
	return newWorld(t, func(w *world) {
		tables := testTables()
		tables.Routes = nil
		for _, class := range pdp.Bodies {
			tables.Routes = append(tables.Routes, pdp.Route{
				Method: "POST", Path: "/" + class, Application: "archive", Action: "study.add", Resource: "study", Body: class,
			})
		}
		to := w.config.Upstreams["records"]
		to.External, w.unsigned = true, true
		w.config.Upstreams = map[string]pep.Upstream{"archive": to}
		w.config.Tables = fixedTables(tables)
		w.config.Decider = changed(func(d *pdp.Decision) { d.Obligations = nil })
		if change != nil {
			change(w, tables.Routes)
		}
	})
}

// row is the row for a class of body.
func row(routes []pdp.Route, class string) *pdp.Route {
	for i := range routes {
		if routes[i].Body == class {
			return &routes[i]
		}
	}
	return nil
}

type posted struct {
	name, body, contentType string
	status                  int
}

// runBodies sends each body to the row of its class, and holds that what passes arrives
// byte for byte.
func runBodies(t *testing.T, class string, table []posted) {
	t.Helper()
	w := archived(t, nil)
	for _, test := range table {
		lines := []string{"Content-Length: " + strconv.Itoa(len(test.body))}
		if test.contentType != "" {
			lines = append(lines, "Content-Type: "+test.contentType)
		}
		before, _ := w.backend.requests()
		answers := w.send(request("POST", "/"+class, test.body, lines...))
		if len(answers) != 1 || answers[0].status != test.status {
			t.Errorf("%s: got %+v, want %d", test.name, answers, test.status)
			continue
		}
		after, _ := w.backend.requests()
		came := after[len(before):]
		switch {
		case test.status != http.StatusOK && len(came) > 0:
			t.Errorf("%s: it was forwarded", test.name)
		case test.status == http.StatusOK && (len(came) != 1 || came[0].body != test.body):
			t.Errorf("%s: got %+v, want one request with %q", test.name, came, test.body)
		}
	}
}

func TestTextHasOneCharacterSet(t *testing.T) {
	const plain, utf8 = "text/plain", "text/plain; charset=UTF-8"
	runBodies(t, "text", []posted{
		{"ASCII", "one\r\ntwo\tthree\n", plain, 200},
		{"named", "Ärztin عمر", utf8, 200},
		{"nothing", "", "", 200},
		{"no name for what is no ASCII", "Ärztin", plain, 400},
		{"broken UTF-8", "a\xff", utf8, 400},
		{"surrogates", "\xed\xa0\x80", utf8, 400},
		{"a mark of byte order", "\uFEFFa", utf8, 400},
		{"UTF-16", "\xff\xfea\x00", utf8, 400},
		{"nul", "a\x00b", utf8, 400},
		{"escape to another character set", "\x1b$B", plain, 400},
		{"another character set", "a", "text/plain; charset=iso-8859-1", 415},
		{"two character sets", "a", "text/plain; charset=utf-8; charset=utf-7", 415},
		{"flowed", "a", "text/plain; charset=utf-8; format=flowed", 415},
		{"markup", "a", "text/html; charset=utf-8", 415},
		{"no type", "a", "", 415},
	})
}

func TestAnyHasOneType(t *testing.T) {
	runBodies(t, "any", []posted{
		{"a picture", "\x89PNG\r\n\x1a\n\x00", "image/png", 200},
		{"what is not judged", `{"a":1,"a":2}`, "application/json", 200},
		{"parameters", "a", `multipart/related; type="application/dicom"; boundary=x`, 200},
		{"no type", "a", "", 415},
		{"no media type", "a", "text", 415},
		{"two types", "a", "text/plain, image/png", 415},
	})
}

// What a body is beside its type has no way to the application, so that it decides.
func TestBodiesInPartsAndCodingsAreRefused(t *testing.T) {
	w := archived(t, nil)
	for _, class := range []string{"json", "any"} {
		for line, status := range map[string]int{"Content-Range: bytes 0-1/4": 400, "Content-Encoding: gzip": 415, "Content-Encoding: ": 415} {
			a := w.send(request("POST", "/"+class, "{}", "Content-Length: 2", "Content-Type: application/json", line))
			if len(a) != 1 || a[0].status != status {
				t.Errorf("%s, %s: got %+v, want %d", class, line, a, status)
			}
		}
	}
}

// The statement and the record have the digest of what is held, whatever its class.
func TestARowHasALimitOfItsOwn(t *testing.T) {
	w := archived(t, func(_ *world, routes []pdp.Route) {
		row(routes, "any").Limit = 3 << 20
		row(routes, "text").Limit = 3
	})
	large := strings.Repeat("x", 3<<20)
	for _, tt := range []struct {
		class, body string
		status      int
	}{
		{"any", large, 200}, {"any", large + "x", 413}, {"text", "abc", 200}, {"text", "abcd", 413},
		{"json", `"` + large[:1<<20-2] + `"`, 200}, {"json", `"` + large[:1<<20-1] + `"`, 413},
	} {
		kind := map[string]string{"any": "image/png", "text": "text/plain", "json": "application/json"}[tt.class]
		a := w.send(request("POST", "/"+tt.class, tt.body, "Content-Type: "+kind, "Content-Length: "+strconv.Itoa(len(tt.body))))
		if len(a) != 1 || a[0].status != tt.status {
			t.Errorf("%s of %d bytes: got %+v, want %d", tt.class, len(tt.body), a, tt.status)
		}
		chunks := strconv.FormatInt(int64(len(tt.body)), 16) + "\r\n" + tt.body + "\r\n0\r\n\r\n"
		if a = w.send(request("POST", "/"+tt.class, chunks, "Content-Type: "+kind, "Transfer-Encoding: chunked")); len(a) != 1 || a[0].status != tt.status {
			t.Errorf("%s of %d bytes in chunks: got %+v, want %d", tt.class, len(tt.body), a, tt.status)
		}
	}
	for _, e := range w.journal.of(pip.KindDecision) {
		if e.Path == "/any" && e.Allow && e.BodyDigest != assertion.Digest([]byte(large)) {
			t.Errorf("the record has the digest %q", e.BodyDigest)
		}
	}
}

// One caller who sends large bodies slowly keeps them from no other.
func TestLargeBodiesOfOneCallerLeaveRoomForOthers(t *testing.T) {
	const size = 2 << 20
	w := archived(t, func(w *world, routes []pdp.Route) {
		row(routes, "any").Limit = size
		w.config.BodiesMemory = 4 * size
	})
	head := func(token string) string {
		return "POST /any HTTP/1.1\r\nHost: pep.test\r\n" + token + "Content-Type: image/png\r\nContent-Length: " + strconv.Itoa(size) + "\r\n\r\n"
	}
	slow, err := net.Dial("tcp", w.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slow.Close() }()
	// It is asked to go on once there is room for it: what comes first would take that.
	_, _ = io.WriteString(slow, head("Expect: 100-continue\r\n"))
	_ = slow.SetReadDeadline(time.Now().Add(time.Minute))
	if line, err := bufio.NewReader(slow).ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100 ") {
		t.Fatalf("got %q, %v", line, err)
	}
	_, _ = io.WriteString(slow, "x")
	busy := func() bool {
		a := w.send(head("") + strings.Repeat("x", size))
		return len(a) == 1 && a[0].status == 503 && strings.Contains(a[0].body, "bodies_busy")
	}
	for by := time.Now().Add(time.Minute); !busy(); {
		if time.Now().After(by) {
			t.Fatal("another caller without a session has room")
		}
	}
	if a := w.send(head("Authorization: Bearer {token}\r\n") + strings.Repeat("x", size)); len(a) != 1 || a[0].status != 200 {
		t.Errorf("a caller with a session: got %+v", a)
	}
	if a := w.send(request("POST", "/any", "x", "Content-Type: image/png", "Content-Length: 1")); len(a) != 1 || a[0].status != 200 {
		t.Errorf("a small body: got %+v", a)
	}
	_ = slow.Close()
	for by := time.Now().Add(time.Minute); busy(); {
		if time.Now().After(by) {
			t.Fatal("the memory was not given back")
		}
	}
}

// A rule book that comes into force while a body is read is no way around the limit.
func TestABodyIsOfTheRowThatIsAsked(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*pdp.Route)
		status int
	}{
		"a smaller limit":    {func(r *pdp.Route) { r.Limit = 2 }, 503},
		"a larger limit":     {func(r *pdp.Route) { r.Limit = 8 }, 200},
		"another class":      {func(r *pdp.Route) { r.Body = "json" }, 503},
		"it has to be there": {func(r *pdp.Route) { r.Required = true }, 503},
	} {
		w := archived(t, func(w *world, routes []pdp.Route) {
			first, next := testTables(), testTables()
			first.Routes, next.Routes = routes, append([]pdp.Route(nil), routes...)
			row(first.Routes, "any").Limit = 4
			row(next.Routes, "any").Limit = 4
			row(next.Routes, "json").Path = "/other"
			tt.change(row(next.Routes, "any"))
			next.Revision = "revision-2"
			var changed atomic.Bool
			w.config.Tables = tablesFunc(func() *pdp.Tables {
				if changed.Load() {
					return next
				}
				return first
			})
			decide := w.config.Decider
			w.config.Decider = deciderFunc(func(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
				if !changed.Swap(true) {
					return pdp.Decision{}, pdp.ErrRevisionChanged
				}
				return decide.Decide(ctx, r)
			})
		})
		if a := w.send(request("POST", "/any", "abc", "Content-Type: image/png", "Content-Length: 3")); len(a) != 1 || a[0].status != tt.status {
			t.Errorf("%s: got %+v, want %d", name, a, tt.status)
		}
	}
}

// Another proxy shows a body whole, or it is refused.
func TestAnotherProxyShowsBodiesOfAllClasses(t *testing.T) {
	w := archived(t, nil)
	for _, class := range []string{"text", "any"} {
		for state, allow := range map[pep.BodyState]bool{pep.BodyWhole: true, pep.BodyCut: false, pep.BodyUnseen: false} {
			c := w.proxy.Check(t.Context(), &pep.Question{
				Method: "POST", Target: "/" + class, Host: "pep.test", Client: netip.MustParseAddr("127.0.0.1"),
				Header: http.Header{"Authorization": {"Bearer " + w.tokens.good()}, "Content-Type": {"text/plain"}},
				Body:   pep.Body{State: state, Bytes: []byte("abc")},
			})
			if c.Allow != allow {
				t.Errorf("%s, state %d: allowed %t, want %t: %+v", class, state, c.Allow, allow, c.Problem)
			}
		}
	}
	w.journal.events = nil // they were forwarded by another
}

package pep_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
)

// dial opens a connection to the enforcement point and writes to it.
func (w *world) dial(raw string) (*net.TCPConn, *bufio.Reader) {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	w.write(conn, raw)
	return conn.(*net.TCPConn), bufio.NewReader(conn)
}

func (w *world) write(to io.Writer, raw string) {
	w.t.Helper()
	if _, err := io.WriteString(to, strings.ReplaceAll(raw, "{token}", w.tokens.good())); err != nil {
		w.t.Fatal(err)
	}
}

// status reads the status of an answer.
func status(t testing.TB, in *bufio.Reader) int {
	t.Helper()
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}

func TestAStreamArrivesAsItWasSent(t *testing.T) {
	w, r := receiving(t, func(_ *world, routes []pdp.Route) { row(routes, "stream").Required = true })
	address := w.listenTLS()
	random := rand.NewChaCha8([32]byte{1})
	for _, size := range []int{1, 4096, 32 << 10, 300_000, 1<<20 + 1} {
		body := make([]byte, size)
		_, _ = random.Read(body)
		raw := request("POST", "/stream", string(body), "Content-Length: "+strconv.Itoa(size), "Content-Type: application/dicom")
		inChunks := request("POST", "/stream", string(chunked(body, 10_000)), "Transfer-Encoding: chunked")
		for _, raw := range []string{raw, inChunks} {
			if a := w.send(raw); len(a) != 1 || a[0].status != 200 {
				t.Fatalf("%d bytes: got %+v", size, a)
			}
		}
		for _, h2 := range []bool{true, false} {
			for _, from := range []io.Reader{bytes.NewReader(body), io.MultiReader(bytes.NewReader(body))} { // the second has no length
				to := &http.Transport{ForceAttemptHTTP2: h2, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
				req, _ := http.NewRequest("POST", "https://"+address+"/stream", from)
				req.Header.Set("Authorization", "Bearer "+w.tokens.good())
				res, err := to.RoundTrip(req)
				if err != nil || res.StatusCode != 200 || h2 != (res.ProtoMajor == 2) {
					t.Fatalf("%d bytes, HTTP/2 %t: got %+v, %v", size, h2, res, err)
				}
				_ = res.Body.Close()
				to.CloseIdleConnections()
			}
		}
	}
	if n := len(r.uploads()); n != 30 {
		t.Errorf("%d uploads arrived, want 30", n)
	}
	if a := w.send(request("POST", "/stream", "", "Content-Length: 0")); len(a) != 1 || a[0].status != 400 || !strings.Contains(a[0].body, "body_missing") {
		t.Errorf("without a body: got %+v", a)
	}
	for line, status := range map[string]int{"Content-Range: bytes 0-1/4": 400, "Content-Encoding: gzip": 415} {
		if a := w.send(request("POST", "/stream", "ab", "Content-Length: 2", line)); len(a) != 1 || a[0].status != status {
			t.Errorf("%s: got %+v", line, a)
		}
	}
}

// 200 MiB go through in the memory of a few buffers.
func TestAStreamIsHeldNowhere(t *testing.T) {
	const size, most = 200 << 20, 16 << 20
	var first, peak uint64
	next := int64(0)
	w, r := receiving(t, nil)
	r.took = func(got int64) {
		if got < next {
			return
		}
		next = got + 20<<20
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if first == 0 {
			first = m.HeapInuse
		}
		peak = max(peak, m.HeapInuse)
	}
	conn, in := w.dial(request("POST", "/stream", "", "Content-Length: "+strconv.Itoa(size)))
	part := bytes.Repeat([]byte("x"), 64<<10)
	for range size / len(part) {
		if _, err := conn.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if got := status(t, in); got != 200 {
		t.Fatalf("got %d", got)
	}
	if peak > first+most {
		t.Errorf("the heap grew from %d to %d bytes", first, peak)
	}
	if e := w.ended(pdp.StreamComplete); e.Bytes != size {
		t.Errorf("it ended as %+v", e)
	}
}

// An upload that breaks off at any byte is reset at the application, which never sees its end.
func TestACutUploadIsNeverCompleted(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	body := bytes.Repeat([]byte("0123456789"), 7_000)
	whole := map[string][]byte{
		"Content-Length: " + strconv.Itoa(len(body)): body,
		"Transfer-Encoding: chunked":                 chunked(body, 1000),
	}
	for line, raw := range whole {
		cuts := []int{1, len(raw) - 1, len(raw) - 2}
		for range 12 {
			cuts = append(cuts, random.IntN(len(raw)))
		}
		for i, at := range cuts {
			w, r := receiving(t, nil)
			conn, _ := w.dial(request("POST", "/stream", string(raw[:at]), line))
			if at > 0 {
				until(t, "the request", func() bool { return len(r.uploads()) == 1 })
			}
			switch i % 3 {
			case 0:
				_ = conn.SetLinger(0)
				_ = conn.Close()
			case 1:
				_ = conn.Close()
			default:
				_ = conn.CloseWrite() // it would read an answer
			}
			w.ended(pdp.StreamClient)
			w.drain()
			until(t, "the end at the application", func() bool {
				all := r.uploads()
				return len(all) == 0 || len(all) == 1 && all[0].digest != ""
			})
			for _, u := range r.uploads() {
				if u.complete || !u.reset {
					t.Errorf("%s, cut at %d: the application got %+v", line, at, u)
				}
			}
		}
	}
}

func TestAStreamBeyondItsLimitIsReset(t *testing.T) {
	const limit = 100_000
	for name, tt := range map[string]struct {
		raw     string
		status  int
		reached int
	}{
		"announced":       {request("POST", "/stream", "", "Content-Length: 100001"), 413, 0},
		"in chunks":       {request("POST", "/stream", string(chunked(make([]byte, limit+1), 5000)), "Transfer-Encoding: chunked"), 413, 1},
		"of the limit":    {request("POST", "/stream", string(chunked(make([]byte, limit), 5000)), "Transfer-Encoding: chunked"), 200, 1},
		"without any end": {request("POST", "/stream", strings.Repeat("1388\r\n"+strings.Repeat("x", 5000)+"\r\n", 40), "Transfer-Encoding: chunked"), 413, 1},
	} {
		w, r := receiving(t, func(_ *world, routes []pdp.Route) { row(routes, "stream").Limit = limit })
		if a := w.send(tt.raw); len(a) != 1 || a[0].status != tt.status {
			t.Errorf("%s: got %+v, want %d", name, a, tt.status)
		}
		w.drain()
		until(t, "what reached the application", func() bool { return len(r.uploads()) >= tt.reached })
		if all := r.uploads(); len(all) != tt.reached || len(all) == 1 && all[0].complete != (tt.status == 200) {
			t.Errorf("%s: the application got %+v", name, all)
		}
		if tt.status == 413 && tt.reached == 1 {
			w.ended(pdp.StreamTooLarge)
		}
	}
}

// A client is told to go on after the decision alone, and no byte of what is denied is read.
func TestAStreamBeginsWhenItIsAllowed(t *testing.T) {
	w, r := receiving(t, nil)
	conn, in := w.dial(request("POST", "/stream", "", "Content-Length: 3", "Expect: 100-continue"))
	if got := status(t, in); got != http.StatusContinue {
		t.Fatalf("got %d", got)
	}
	if n := len(w.journal.of("decision")); n != 1 {
		t.Errorf("%d decisions were recorded before", n)
	}
	w.write(conn, "abc")
	if got := status(t, in); got != 200 {
		t.Errorf("got %d", got)
	}
	if n := len(r.uploads()); n != 1 {
		t.Errorf("%d uploads arrived", n)
	}
	w, r = receiving(t, func(w *world, _ []pdp.Route) { w.config.Decider = denied("not_your_patient") })
	_, in = w.dial(request("POST", "/stream", "", "Content-Length: 3", "Expect: 100-continue"))
	if got := status(t, in); got < 400 || len(r.uploads()) > 0 {
		t.Errorf("denied: got %d", got)
	}
}

package pep_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/signing"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/upstream"
	"github.com/wardgate/wardgate/pep/upstream/http1"
	"github.com/wardgate/wardgate/pip"
)

// An upload is one request as a receiver got it.
type upload struct {
	line, statement string
	bytes           int64
	digest          string // hex, of the bytes
	complete        bool   // the frame said that this is all
	left            bool   // the application took no more of it
	reset           bool   // the connection was, and did not end as usual
}

// A receiver is an application that takes uploads, reading HTTP by itself.
type receiver struct {
	net.Listener
	early func(conn net.Conn, got int64) bool // after so many bytes; true ends the connection
	took  func(got int64)                     // so many bytes have come

	mu  sync.Mutex
	all []*upload
}

func newReceiver(t testing.TB) *receiver {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{Listener: l}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { r.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		serving.Wait()
	})
	return r
}

// uploads are those that have ended or are under way.
func (r *receiver) uploads() []upload {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]upload, 0, len(r.all))
	for _, u := range r.all {
		list = append(list, *u)
	}
	return list
}

func (r *receiver) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReaderSize(conn, 64<<10)
	for {
		u := &upload{}
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		r.mu.Lock()
		u.line = strings.TrimSpace(line)
		r.all = append(r.all, u)
		r.mu.Unlock()
		if !r.take(conn, in, u) {
			return
		}
		if _, err := io.WriteString(conn, okAnswer); err != nil {
			return
		}
	}
}

// take reads a request behind its first line. It reports false when there is no answer.
func (r *receiver) take(conn net.Conn, in *bufio.Reader, u *upload) bool {
	length, chunked := int64(0), false
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == "\r\n" {
			break
		}
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "Content-Length":
			length, _ = strconv.ParseInt(value, 10, 64)
		case "Transfer-Encoding":
			chunked = true
		case assertion.StatementHeader:
			r.mu.Lock()
			u.statement = value
			r.mu.Unlock()
		}
	}
	sum, cut := sha256.New(), false
	body := func(n int64) error {
		buffer := make([]byte, 32<<10)
		for n > 0 {
			got, err := in.Read(buffer[:min(n, int64(len(buffer)))])
			sum.Write(buffer[:got])
			n -= int64(got)
			r.mu.Lock()
			u.bytes += int64(got)
			r.mu.Unlock()
			if r.took != nil {
				r.took(u.bytes)
			}
			if r.early != nil && r.early(conn, u.bytes) {
				cut = true
				return io.EOF
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	err := error(nil)
	if !chunked {
		err = body(length)
	}
	for size := int64(-1); chunked && size != 0 && err == nil; {
		var line string
		if line, err = in.ReadString('\n'); err != nil {
			break
		}
		if size, err = strconv.ParseInt(strings.TrimSuffix(line, "\r\n"), 16, 64); err != nil {
			break
		}
		if err = body(size); err == nil {
			end := make([]byte, 2)
			if _, err = io.ReadFull(in, end); err == nil && string(end) != "\r\n" {
				err = errors.New("no end of a chunk")
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	u.digest = hex.EncodeToString(sum.Sum(nil))
	u.left, u.complete, u.reset = cut, err == nil && !cut, errors.Is(err, syscall.ECONNRESET)
	return u.complete
}

// receiving is a world with a receiver behind rows for each class of body, which is told
// who asks.
func receiving(t testing.TB, change func(*world, []pdp.Route)) (*world, *receiver) {
	t.Helper()
	r := newReceiver(t)
	keys, err := signing.Open(t.TempDir(), signing.Config{Lead: time.Minute, Outlive: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	w := archived(t, func(w *world, routes []pdp.Route) {
		to := w.upstream(r.Addr().String(), http1.Config{})
		to.External = true
		w.config.Upstreams = map[string]pep.Upstream{"archive": to}
		w.config.Identities = map[string]*upstream.Identity{"archive": {Audience: "archive"}}
		w.config.Statements, w.config.Issuer = keys, issuedBy
		if change != nil {
			change(w, routes)
		}
	})
	t.Cleanup(func() { w.checkStreams(r) })
	return w, r
}

// checkStreams is the oracle over uploads: each that reached the application has one
// record that allowed it, as one that is not judged, and one of how it ended; what the
// application takes for whole, that record calls complete, with its bytes and digest.
func (w *world) checkStreams(r *receiver) {
	w.t.Helper()
	w.drain()
	until(w.t, "the end of all uploads at the application", func() bool {
		return !slices.ContainsFunc(r.uploads(), func(u upload) bool { return u.digest == "" })
	})
	records := map[string]int{}
	ends := map[string]entry{}
	for _, e := range w.journal.of(pip.KindStream) {
		if _, twice := ends[e.Decision]; twice {
			w.t.Errorf("%s has two ends", e.Decision)
		}
		ends[e.Decision] = e
	}
	for _, e := range w.journal.of(pip.KindDecision) {
		if e.BodyDigest == assertion.Streamed && e.Allow && e.Detail == "" {
			records[e.Decision]++
			if end, there := ends[e.Decision]; !there || end.order < e.order || end.Subject != e.Subject || end.Path != e.Path {
				w.t.Errorf("%s has the end %+v", e.Decision, end)
			}
		}
	}
	for _, u := range r.uploads() {
		s := u.states(w.t)
		end := ends[s.ID]
		switch {
		case s.BodyDigest != assertion.Streamed || records[s.ID] != 1:
			w.t.Errorf("%s: states %q and has %d records", u.line, s.BodyDigest, records[s.ID])
		case u.complete && (end.Detail != pdp.StreamComplete || end.Outcome != "success" || end.Bytes != u.bytes || end.BodyDigest != u.digest):
			w.t.Errorf("%s: %d bytes came whole, and ended as %s after %d, the same %t", u.line, u.bytes, end.Detail, end.Bytes, end.BodyDigest == u.digest)
		case !u.complete && !u.left && (end.Outcome != "failure" || end.Detail == pdp.StreamComplete || end.Bytes < u.bytes):
			w.t.Errorf("%s: %d bytes came, and no end, but ended as %s after %d", u.line, u.bytes, end.Detail, end.Bytes)
		}
	}
}

// states is the statement that came with an upload. That it is genuine is for other tests.
func (u *upload) states(t testing.TB) (s assertion.Statement) {
	t.Helper()
	parts := strings.Split(u.statement, ".")
	if len(parts) != 3 {
		t.Errorf("%s: the statement is %q", u.line, u.statement)
		return s
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil {
		t.Errorf("%s: %v", u.line, err)
	}
	return s
}

// until waits for a condition.
func until(t testing.TB, what string, true func() bool) {
	t.Helper()
	for by := time.Now().Add(time.Minute); !true(); time.Sleep(time.Millisecond) {
		if time.Now().After(by) {
			t.Fatalf("waited for a minute: %s", what)
		}
	}
}

// ended waits for the one record of how a body ended.
func (w *world) ended(how string) entry {
	w.t.Helper()
	until(w.t, "a record of the end", func() bool { return len(w.journal.of(pip.KindStream)) > 0 })
	e := w.journal.of(pip.KindStream)
	if len(e) != 1 || e[0].Detail != how {
		w.t.Errorf("%d ends, the first %s after %d bytes, want %s", len(e), e[0].Detail, e[0].Bytes, how)
	}
	return e[0]
}

// chunked writes a body in chunks of a size.
func chunked(body []byte, size int) []byte {
	var b bytes.Buffer
	for len(body) > 0 {
		n := min(size, len(body))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	b.WriteString("0\r\n\r\n")
	return b.Bytes()
}

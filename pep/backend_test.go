package pep_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// okAnswer is what the backend answers unless a test wants something else.
const okAnswer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

// received is one request as its bytes came in.
type received struct {
	line   string   // without CRLF
	header []string // lines as sent, without CRLF
	body   string
	order  int64 // on the clock that the journal shares
	at     time.Time
}

func (r received) method() string { return strings.SplitN(r.line, " ", 3)[0] }

func (r received) target() (path, query string) {
	path, query, _ = strings.Cut(strings.SplitN(r.line, " ", 3)[1], "?")
	return path, query
}

// values returns the values of a header under any spelling of its name.
func (r received) values(name string) []string {
	var all []string
	for _, line := range r.header {
		key, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(strings.ReplaceAll(key, "_", "-"), name) {
			all = append(all, strings.TrimSpace(value))
		}
	}
	return all
}

func (r received) names() []string {
	names := make([]string, 0, len(r.header))
	for _, line := range r.header {
		name, _, _ := strings.Cut(line, ":")
		names = append(names, name)
	}
	return names
}

// A backend is an application that records every request byte by byte. It
// reads HTTP by itself: what a library would straighten out stays visible.
type backend struct {
	t        testing.TB
	listener net.Listener
	clock    *atomic.Int64
	answer   func(conn net.Conn, r received) // nil answers okAnswer

	mu    sync.Mutex
	got   []received
	extra []string // bytes that were no request
}

func newBackend(t testing.TB, clock *atomic.Int64) *backend {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	b := &backend{t: t, listener: l, clock: clock}
	var serving sync.WaitGroup
	serving.Add(1)
	go func() {
		defer serving.Done()
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { b.serve(conn) })
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		serving.Wait()
	})
	return b
}

func (b *backend) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	for {
		r, err := b.read(in)
		if err != nil {
			return
		}
		b.mu.Lock()
		r.order, r.at = b.clock.Add(1), time.Now()
		b.got = append(b.got, r)
		answer := b.answer
		b.mu.Unlock()
		if answer != nil {
			answer(conn, r)
			continue
		}
		if _, err := io.WriteString(conn, okAnswer); err != nil {
			return
		}
	}
}

func (b *backend) read(in *bufio.Reader) (received, error) {
	var head bytes.Buffer
	for !bytes.HasSuffix(head.Bytes(), []byte("\r\n\r\n")) {
		c, err := in.ReadByte()
		if err != nil {
			if head.Len() > 0 {
				b.note(head.String())
			}
			return received{}, err
		}
		head.WriteByte(c)
	}
	lines := strings.Split(strings.TrimSuffix(head.String(), "\r\n\r\n"), "\r\n")
	r := received{line: lines[0], header: lines[1:]}
	if len(strings.Split(r.line, " ")) != 3 || len(r.values("Transfer-Encoding")) > 0 {
		b.note(head.String())
		return r, fmt.Errorf("not a plain request")
	}
	for _, length := range r.values("Content-Length") {
		n, err := strconv.Atoi(length)
		if err != nil {
			b.note(head.String())
			return r, err
		}
		body := make([]byte, n)
		if _, err := io.ReadFull(in, body); err != nil {
			b.note(head.String())
			return r, err
		}
		r.body = string(body)
	}
	return r, nil
}

func (b *backend) note(bytes string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.extra = append(b.extra, bytes)
}

// requests returns what has come, and bytes that were not a request.
func (b *backend) requests() (got []received, extra []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]received(nil), b.got...), append([]string(nil), b.extra...)
}

func canonicalNames(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		out = append(out, textproto.CanonicalMIMEHeaderKey(n))
	}
	return out
}

// hold makes the backend answer nothing before release is closed.
func (b *backend) hold(release <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = func(conn net.Conn, _ received) {
		<-release
		_, _ = io.WriteString(conn, okAnswer)
	}
}

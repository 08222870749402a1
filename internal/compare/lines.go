package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A request is written to the connection byte for byte, so that it may be one
// that no client library sends. Where a side differs (tokens, ids that were made
// up by it) it holds symbols, see [symbol].
type request struct {
	to     listener
	from   string // the client's address
	method string
	target string
	host   string // "" for localhost
	header []string
	body   string

	what  string // of the sequence, for the report
	alone bool   // on a connection of its own: it may spoil it
	once  bool   // uses something up, such as a code: it is not sent again

	learn func(*side, *answer) // takes what later requests need
	after func(*answer)        // of the old side's answer: what comes next
}

// symbol stands for what a side calls so.
func symbol(name string) string { return "\x01" + name + "\x02" }

// fill puts in what this side knows. What it does not know becomes a text that
// nothing is called by.
func (s *side) fill(text string) string {
	for {
		before, rest, found := strings.Cut(text, "\x01")
		if !found {
			return text
		}
		name, after, _ := strings.Cut(rest, "\x02")
		value, known := s.known[name]
		if !known {
			value = "unknown-" + strings.NewReplacer(" ", "-", "@", "-").Replace(name)
		}
		text = before + value + after
	}
}

func (s *side) bytes(r *request) []byte {
	var b bytes.Buffer
	host := r.host
	if host == "" {
		host = "localhost"
	}
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", s.fill(r.method), s.fill(r.target))
	if host != "-" {
		fmt.Fprintf(&b, "Host: %s\r\n", host)
	}
	body, framed := s.fill(r.body), false
	for _, line := range r.header {
		name, _, _ := strings.Cut(strings.ToLower(line), ":")
		framed = framed || name == "content-length" || name == "transfer-encoding"
		b.WriteString(s.fill(line) + "\r\n")
	}
	if !framed && (body != "" || r.method == http.MethodPost || r.method == http.MethodPut) {
		b.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n")
	}
	b.WriteString("\r\n" + body)
	return b.Bytes()
}

// An answer is what a client got, or why it got nothing.
type answer struct {
	status int
	header http.Header
	body   []byte
	failed string // "closed", "late": no answer came
}

// lines are the open connections of a client, one for each listener and address.
type lines struct{ open map[string]*line }

type line struct {
	conn net.Conn
	read *bufio.Reader
}

func newLines() *lines { return &lines{open: map[string]*line{}} }

func (l *lines) close() {
	for _, one := range l.open {
		one.conn.Close()
	}
	clear(l.open)
}

func dial(from, to string) (*line, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 10 * time.Second}
	conn, err := d.Dial("tcp", to)
	if err != nil {
		return nil, err
	}
	return &line{conn, bufio.NewReader(conn)}, nil
}

// send writes the request and reads its answer. A connection that was kept and
// was closed meanwhile is replaced by a new one, once.
func (s *side) send(r *request) (*answer, error) {
	key := string(r.to) + " " + r.from
	raw := s.bytes(r)
	kept := s.lines.open[key]
	if r.alone || kept == nil {
		fresh, err := dial(r.from, s.address[r.to])
		if err != nil {
			return nil, err
		}
		return s.exchange(key, fresh, r, raw)
	}
	a, err := s.exchange(key, kept, r, raw)
	if err == nil && a.failed == "closed" {
		fresh, err := dial(r.from, s.address[r.to])
		if err != nil {
			return nil, err
		}
		return s.exchange(key, fresh, r, raw)
	}
	return a, err
}

func (s *side) exchange(key string, l *line, r *request, raw []byte) (*answer, error) {
	keep := false
	defer func() {
		switch {
		case keep:
			s.lines.open[key] = l
		case s.lines.open[key] == l:
			delete(s.lines.open, key)
			l.conn.Close()
		default:
			l.conn.Close()
		}
	}()
	if err := l.conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return nil, err
	}
	if _, err := l.conn.Write(raw); err != nil && !r.alone {
		return &answer{failed: "closed"}, nil
	}
	res, err := http.ReadResponse(l.read, &http.Request{Method: r.method})
	if err != nil {
		return &answer{failed: failure(err)}, nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return &answer{status: res.StatusCode, header: res.Header, body: body, failed: "cut"}, nil
	}
	keep = !r.alone && !res.Close
	if len(res.TransferEncoding) > 0 {
		res.Header.Set("Transfer-Encoding", strings.Join(res.TransferEncoding, ","))
	}
	return &answer{status: res.StatusCode, header: res.Header, body: body}, nil
}

func failure(err error) string {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "late"
	}
	return "closed"
}

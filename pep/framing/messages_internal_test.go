package framing

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// read follows b in steps of n bytes. It returns how many heads were sound, and
// where each message with one ended.
func read(b []byte, n int) (sound int, ends []int) {
	var heads atomic.Uint64
	m := &messages{sound: &heads}
	for done := 0; done < len(b); {
		step := b[done:min(done+n, len(b))]
		if good := m.follow(step); good < len(step) {
			break
		}
		done += len(step)
		if n == 1 && m.at == inRequestLine && len(m.part) == 0 && int(heads.Load()) > len(ends) {
			ends = append(ends, done)
		}
	}
	return int(heads.Load()), ends
}

func TestMessages(t *testing.T) {
	const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	post := func(lines string, body string) string { return "POST / HTTP/1.1\r\n" + lines + "\r\n" + body }
	for _, tt := range []struct {
		name, raw string
		want      int
	}{
		{"two", get + get, 2},
		{"a length", post("Content-Length: 4\r\n", "\r\n\r\n") + get, 2},
		{"a length of nothing", post("content-length:0\r\n", "") + get, 2},
		{"blank lines between", get + "\r\n\r\n" + get, 2},
		{"chunks are the last", post("Transfer-Encoding: Chunked \r\n", "0\r\n\r\n") + get, 1},
		{"a request inside a body", post("Content-Length: 27\r\n", get), 1},
		{"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n" + get, 2},
		{"the head is cut off", get + "GET / HTTP/1.1\r\nHost: x\r\n", 1},
		{"both framings", get + post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", get), 1},
		{"both framings, the other way round", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", get), 0},
		{"chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + get, 0},
		{"chunks twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", get), 0},
		{"another coding", post("Transfer-Encoding: gzip, chunked\r\n", get), 0},
		{"no coding", post("Transfer-Encoding: identity\r\n", get), 0},
		{"a length twice", post("Content-Length: 4\r\nContent-Length: 4\r\n", get), 0},
		{"a list of lengths", post("Content-Length: 4, 4\r\n", get), 0},
		{"a signed length", post("Content-Length: +4\r\n", get), 0},
		{"no length", post("Content-Length:\r\n", get), 0},
		{"a length of 2^63", post("Content-Length: 9223372036854775808\r\n", get), 0},
		{"a folded line", post("Transfer-Encoding:\r\n chunked\r\n", get), 0},
		{"a bare line feed", post("X: a\nContent-Length: 4\r\n", get), 0},
		{"a bare carriage return", post("X: a\rContent-Length: 4\r\n", get), 0},
		{"a bare line feed ends the head", "GET / HTTP/1.1\r\nHost: x\r\n\n" + get, 0},
		{"a line without a colon", post("X\r\n", get), 0},
		{"HTTP/2's preface", preface + get, 0},
		{"another protocol", "GET / HTTP/1.x\r\n\r\n" + get, 0},
		{"a line without an end", get + strings.Repeat("x", maxLine+1), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, n := range []int{1, 7, len(tt.raw)} {
				if got, _ := read([]byte(tt.raw), n); got != tt.want {
					t.Errorf("in steps of %d: got %d, want %d", n, got, tt.want)
				}
			}
		})
	}
}

// FuzzMessages holds that net/http sees each request that was found sound, and
// sees it end at the same byte, however the bytes are cut.
func FuzzMessages(f *testing.F) {
	f.Add([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	f.Add([]byte("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))
	f.Add([]byte("POST / HTTP/1.0\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"))
	f.Fuzz(func(t *testing.T, b []byte) {
		sound, ends := read(b, 1)
		if whole, _ := read(b, len(b)+1); whole != sound {
			t.Fatalf("in one read %d heads are sound, byte by byte %d", whole, sound)
		}
		in := &counted{r: bytes.NewReader(b)}
		buffered := bufio.NewReaderSize(in, 16)
		for i := range ends {
			for {
				next, err := buffered.Peek(2)
				if err != nil || string(next) != "\r\n" {
					break
				}
				_, _ = buffered.Discard(2)
			}
			r, err := http.ReadRequest(buffered)
			if err != nil {
				return // it ends the connection
			}
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				t.Fatalf("request %d: %v", i, err)
			}
			if at := in.n - buffered.Buffered(); at != ends[i] {
				t.Fatalf("request %d ends at %d for net/http, at %d here", i, at, ends[i])
			}
		}
	})
}

type counted struct {
	r *bytes.Reader
	n int
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += n
	return n, err
}

func BenchmarkMessages(b *testing.B) {
	raw := []byte("GET /api/patients/p-1 HTTP/1.1\r\nHost: hospital.example\r\nUser-Agent: " + strings.Repeat("x", 100) +
		"\r\nAccept: application/json\r\nAuthorization: Bearer " + strings.Repeat("x", 600) + "\r\nAccept-Encoding: gzip\r\n\r\n")
	var heads atomic.Uint64
	m := &messages{sound: &heads}
	b.ReportAllocs()
	for b.Loop() {
		m.follow(raw)
	}
	if heads.Load() == 0 {
		b.Fatal("nothing was sound")
	}
}

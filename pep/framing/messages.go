package framing

import (
	"bytes"
	"strconv"
	"sync/atomic"
)

// maxLine bounds one line of a head, in bytes. net/http ends long heads before.
const maxLine = 64 << 10

// A place is where in a message a connection is.
type place uint8

const (
	inRequestLine place = iota
	inHeader
	inBody // of a known length
	atRest // chunks, of the connection's last request: net/http reads them strictly
	lost
)

// messages follows the requests of one HTTP/1 connection (RFC 9112). What other
// programs read in another way it takes for unsound, also where net/http would
// choose a reading: a length beside chunks, a length twice, chunks in HTTP/1.0,
// folded lines, bare line ends.
type messages struct {
	sound *atomic.Uint64
	at    place
	left  uint64 // bytes of the body
	part  []byte // of a line whose end has not come
	head  head
}

// A head is what a request says of its frame.
type head struct {
	flawed          bool
	old             bool // HTTP/1.0
	chunked, length bool
	size            uint64
}

// follow reads along. A head is read to its end even where it is unsound, for the
// request is answered; behind it nothing is.
func (m *messages) follow(b []byte) int {
	for done := 0; ; {
		rest := b[done:]
		if len(rest) == 0 || m.at == atRest {
			return len(b)
		}
		switch m.at {
		case inBody:
			n := min(m.left, uint64(len(rest)))
			done += int(n)
			if m.left -= n; m.left == 0 {
				m.at = inRequestLine
			}
		case lost:
			return done
		default:
			n := bytes.IndexByte(rest, '\n') + 1
			if n == 0 {
				if len(m.part)+len(rest) > maxLine {
					m.at = lost
					return done
				}
				m.part = append(m.part, rest...)
				return len(b)
			}
			done += n
			line := rest[:n]
			if len(m.part) > 0 {
				m.part = append(m.part, line...)
				line = m.part
			}
			m.line(line)
			m.part = m.part[:0]
		}
	}
}

// line takes one whole line of a head.
func (m *messages) line(line []byte) {
	text, clean := bytes.CutSuffix(line, []byte("\r\n"))
	if !clean {
		text = line[:len(line)-1]
	}
	clean = clean && bytes.IndexByte(text, '\r') < 0
	switch {
	case m.at == inHeader && len(text) == 0:
		m.head.flawed = m.head.flawed || !clean
		m.end()
	case m.at == inHeader:
		m.head.field(text, clean)
	case len(text) > 0:
		m.head = head{}
		m.head.requestLine(text, clean)
		m.at = inHeader
	}
	// An empty line before a request line is skipped (RFC 9112, section 2.2);
	// where net/http does not skip it, it ends the connection.
}

// end is the end of a head: it says where the message ends.
func (m *messages) end() {
	h := &m.head
	if h.flawed || h.chunked && (h.length || h.old) {
		m.at = lost
		return
	}
	switch m.left = h.size; {
	case h.chunked:
		m.at = atRest
	case m.left > 0:
		m.at = inBody
	default:
		m.at = inRequestLine
	}
	m.sound.Add(1)
}

func (h *head) requestLine(line []byte, clean bool) {
	const before = " HTTP/1."
	at := len(line) - len(before) - 1
	if !clean || at < 0 || string(line[at:len(line)-1]) != before {
		h.flawed = true
		return
	}
	minor := line[len(line)-1]
	h.old, h.flawed = minor == '0', minor < '0' || minor > '9'
}

func (h *head) field(line []byte, clean bool) {
	name, value, found := bytes.Cut(line, []byte(":"))
	if !clean || !found || line[0] == ' ' || line[0] == '\t' {
		h.flawed = true
		return
	}
	switch {
	case len(name) == len("Content-Length") && bytes.EqualFold(name, []byte("Content-Length")):
		size, ok := length(bytes.Trim(value, " \t"))
		h.flawed = h.flawed || h.length || !ok
		h.length, h.size = true, size
	case len(name) == len("Transfer-Encoding") && bytes.EqualFold(name, []byte("Transfer-Encoding")):
		h.flawed = h.flawed || h.chunked || !bytes.EqualFold(bytes.Trim(value, " \t"), []byte("chunked"))
		h.chunked = true
	}
}

// length reads digits, and nothing beside them.
func length(b []byte) (uint64, bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(string(b), 10, 63)
	return n, err == nil
}

package framing

import "time"

// Frames of HTTP/2 (RFC 9113, section 6).
const (
	frameData         = 0x0
	frameHeaders      = 0x1
	framePushPromise  = 0x5
	frameWindowUpdate = 0x8
	frameContinuation = 0x9

	flagEndStream = 0x1

	preface     = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	frameHeader = 9 // bytes
)

// Bounds of frames that ask nothing. net/http has none for them: each costs work,
// and an empty CONTINUATION keeps a head from ever ending.
const (
	maxContinuations = 16  // of one head; heads are bounded, and two hold any
	idleBurst        = 512 // SETTINGS, PING, PRIORITY, RST_STREAM, empty DATA, …
	idlePerSecond    = 64
)

// frames follows one HTTP/2 connection. What it lets pass net/http reads.
type frames struct {
	preface       int // bytes of it that came
	header        [frameHeader]byte
	have          int // bytes of the header that came
	left          int // bytes of the payload
	continuations int
	idle          float64 // frames that asked nothing
	at            time.Time
	over          bool // nothing more is read
}

// follow reads along, and stops behind the header of a frame that is too many.
func (f *frames) follow(b []byte) int {
	for i := 0; i < len(b); {
		switch {
		case f.over:
			return i
		case f.preface < len(preface):
			if b[i] != preface[f.preface] {
				f.over = true
				continue
			}
			f.preface++
			i++
		case f.left > 0:
			n := min(f.left, len(b)-i)
			f.left -= n
			i += n
		default:
			n := copy(f.header[f.have:], b[i:])
			f.have += n
			i += n
			if f.have < frameHeader {
				return len(b)
			}
			f.have = 0
			if f.left = int(f.header[0])<<16 | int(f.header[1])<<8 | int(f.header[2]); !f.admit() {
				f.over = true
			}
		}
	}
	return len(b)
}

// admit counts a frame, and reports whether it is one too many.
func (f *frames) admit() bool {
	kind, flags := f.header[3], f.header[4]
	switch {
	case kind == frameHeaders || kind == framePushPromise:
		f.continuations = 0
		f.idle = max(0, f.idle-1) // a request may be given up
		return true
	case kind == frameContinuation:
		f.continuations++
		return f.continuations <= maxContinuations
	case kind == frameWindowUpdate, kind == frameData && (f.left > 0 || flags&flagEndStream != 0):
		return true
	}
	now := time.Now()
	if !f.at.IsZero() {
		f.idle = max(0, f.idle-idlePerSecond*now.Sub(f.at).Seconds())
	}
	f.at = now
	f.idle++
	return f.idle <= idleBurst
}

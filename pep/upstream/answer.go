package upstream

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
)

// Buffers lend the memory through which answers are copied: it is most of what
// a request would allocate.
type Buffers struct{ pool sync.Pool }

type buffer [32 << 10]byte

// Get returns 32 KiB.
func (b *Buffers) Get() []byte {
	if lent, ok := b.pool.Get().(*buffer); ok {
		return lent[:]
	}
	return new(buffer)[:]
}

// Put takes back what Get returned.
func (b *Buffers) Put(returned []byte) { b.pool.Put((*buffer)(returned)) }

// A Final writer takes final answers only. What an application says in between
// (1xx) would reach the client before there is evidence of it, and as this
// writer cannot be hijacked no answer turns the connection into a tunnel.
//
// A client that stops reading is left: each part has to go out in time.
type Final struct{ W http.ResponseWriter }

// Patience is how long a client may take for a part of an answer, at most 32 KiB.
const Patience = 60 * time.Second

// due gives the next part its time. A writer without deadlines has none.
func (f Final) due() {
	_ = http.NewResponseController(f.W).SetWriteDeadline(time.Now().Add(Patience))
}

// Header is the client's.
func (f Final) Header() http.Header { return f.W.Header() }

// Write sends a part of the body.
func (f Final) Write(b []byte) (int, error) {
	f.due()
	return f.W.Write(b)
}

// FlushError sends what has been written.
func (f Final) FlushError() error {
	f.due()
	return http.NewResponseController(f.W).Flush()
}

// WriteHeader sends a final status, and leaves out any other.
func (f Final) WriteHeader(status int) {
	if status >= http.StatusOK {
		f.W.WriteHeader(status)
	}
}

// IsPage reports whether an answer is a page, or says of nothing what it is.
func IsPage(h http.Header) bool {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	return kind == "" || kind == "text/html" || kind == "application/xhtml+xml"
}

// Streams reports whether an answer has no end that its application knows: a
// stream of events.
func Streams(res *http.Response) bool {
	for _, value := range res.Header["Content-Type"] {
		kind, _, _ := strings.Cut(value, ";")
		if strings.EqualFold(strings.TrimSpace(kind), "text/event-stream") {
			return true
		}
	}
	return false
}

// Patients reads whose data an answer holds, however the list is spread.
func Patients(h http.Header) []string {
	var ids []string
	for _, list := range h[assertion.PatientsHeader] {
		for id := range strings.SplitSeq(list, ",") {
			if id = strings.TrimSpace(id); id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

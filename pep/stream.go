package pep

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/inflight"
)

// progress is how many bytes a body that streams has to bring in each time in which it
// may make none: one that trickles ends too.
const progress = 16 << 10

// A stream is a request's body that is forwarded as it arrives. It is read by one
// goroutine, that of the connection to the application, and ended by others.
type stream struct {
	from   io.Reader // of the client, bounded
	client *http.ResponseController
	length int64 // that it states; -1 for none
	idle   time.Duration
	ctx    context.Context // of the exchange

	reading sync.Mutex // held while something is read; of what is read:
	sum     hash.Hash
	bytes   int64
	part    int64         // since there was progress
	waited  time.Duration // for the client, since there was progress

	mu       sync.Mutex
	begun    bool
	stopped  string // how it is to end, one of pdp.Stream…; "" while it goes on
	how      string // it ended
	recorded bool
}

// openStream makes the body of r one that streams. Nothing is read of it before the
// application's connection takes it, so that a client that waits to be told to go on
// (Expect: 100-continue) is told only then.
//
// Over HTTP/1.1 the client's connection serves no further request: what is left of a body
// that ended early would be read as one.
func (p *Proxy) openStream(ctx context.Context, w http.ResponseWriter, r *http.Request, x *exchange) *http.Request {
	s := &stream{
		from:   http.MaxBytesReader(w, r.Body, x.match.Route.BytesOfABody()),
		client: http.NewResponseController(w),
		length: r.ContentLength,
		idle:   x.applications.Upstreams[x.application()].Idle,
		ctx:    ctx,
		sum:    sha256.New(),
	}
	if s.idle == 0 {
		s.idle = Idle
	}
	if r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close")
		_ = s.client.EnableFullDuplex() // an early answer does not wait for the rest; where it is not supported, it does
	}
	context.AfterFunc(ctx, s.stop)
	x.stream = s
	streaming := *r
	streaming.Body = s
	return &streaming
}

// closeStream ends the body of x with its exchange, and keeps evidence of how it ended.
func (p *Proxy) closeStream(x *exchange) {
	_ = x.stream.Close() // it has no error
	if err := p.streamEnded(x); err != nil {
		p.cfg.Log.Error("end of a body not journalled", "decision", x.id, "error", err)
	}
}

// streamEnded keeps evidence of how the body of x ended, once, when it has.
func (p *Proxy) streamEnded(x *exchange) error {
	s := x.stream
	if s == nil {
		return nil
	}
	s.mu.Lock()
	how, recorded := s.how, s.recorded
	s.recorded = how != ""
	s.mu.Unlock()
	if how == "" || recorded {
		return nil
	}
	digest := ""
	if s.bytes > 0 {
		digest = hex.EncodeToString(s.sum.Sum(nil))
	}
	t := x.trace()
	return p.journal(context.Background(), t.Ended(how, s.bytes, digest, p.cfg.Now()))
}

// flawOfStream ends the body of x, and is the code of what of its own ended the exchange,
// "" for nothing.
func (x *exchange) flawOfStream() string {
	if x.stream == nil {
		return ""
	}
	_ = x.stream.Close() // it has no error
	return x.stream.flaw()
}

var errCut = errors.New("what is streamed was cut")

// Read reads what has come from the client. Only the end of the body is io.EOF.
func (s *stream) Read(b []byte) (int, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	at := time.Now()
	if how := s.begin(at); how != "" {
		if how == pdp.StreamComplete {
			return 0, io.EOF
		}
		return 0, errCut
	}
	n, err := s.from.Read(b)
	s.waited += time.Since(at)
	s.sum.Write(b[:n])
	s.bytes += int64(n)
	if s.part += int64(n); s.part >= progress {
		s.part, s.waited = 0, 0
	}
	if err == nil && s.bytes == s.length {
		err = io.EOF // which the application knows by now, too
	}
	if err == nil {
		return n, nil
	}
	if s.end(err) == pdp.StreamComplete {
		return n, io.EOF
	}
	return n, errCut
}

// begin gives the client its time for the next bytes. It returns how the body ended, ""
// while it goes on.
func (s *stream) begin(at time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun = true
	if s.how == "" && s.stopped != "" {
		s.how = s.stopped
	}
	if s.how == "" {
		_ = s.client.SetReadDeadline(at.Add(s.idle - s.waited)) // where it is not supported, the listener bounds the whole
	}
	return s.how
}

// end notes how the body ended by what reading it came to.
func (s *stream) end(err error) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var tooLarge *http.MaxBytesError
	switch {
	case err == io.EOF:
		s.how = pdp.StreamComplete
		_ = s.client.SetReadDeadline(time.Time{}) // the application has its own time to answer
	case errors.As(err, &tooLarge):
		s.how = pdp.StreamTooLarge
	case s.stopped == pdp.StreamRevoked:
		s.how = s.stopped
	case s.waited >= s.idle && errors.Is(err, os.ErrDeadlineExceeded): // by which net/http gives up the request too
		s.how = pdp.StreamIdle
	case s.stopped != "":
		s.how = s.stopped
	default:
		s.how = pdp.StreamClient
	}
	return s.how
}

// stop ends the body unless it has ended: because its exchange is broken off, or because
// the application is done with it. Nothing more is read.
func (s *stream) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch cause := context.Cause(s.ctx); {
	case s.how != "" || s.stopped != "":
		return
	case cause == nil:
		s.stopped = pdp.StreamApplication
	case errors.Is(cause, inflight.ErrRevoked):
		s.stopped = pdp.StreamRevoked
	default:
		s.stopped = pdp.StreamClient
	}
	_ = s.client.SetReadDeadline(time.Unix(1, 0)) // as in begin
}

// Close ends the body: the application takes no more of it. When it returns nothing of it
// is read any more.
func (s *stream) Close() error {
	s.stop()
	s.reading.Lock()
	defer s.reading.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.how == "" {
		s.how = s.stopped
	}
	return nil
}

var errBegun = errors.New("a part of the body has been read")

// unbegun is the body once more, while nothing of it has been read: it is sent once.
func (s *stream) unbegun() (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun {
		return nil, errBegun
	}
	return arrival{s}, nil
}

// flaw is the code of what of the body's own ended the exchange, "" for nothing.
func (s *stream) flaw() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.how {
	case pdp.StreamTooLarge:
		return code.BodyTooLarge
	case pdp.StreamIdle:
		return code.BodyTooSlow
	case pdp.StreamClient:
		return code.BodyUnreadable
	default:
		return ""
	}
}

// An arrival is a stream as a connection to the application has it. To close it ends
// nothing: another connection may get it while nothing was read.
type arrival struct{ *stream }

// Close leaves the stream to its exchange.
func (arrival) Close() error { return nil }

// Arriving says that to read it takes as long as the client likes.
func (arrival) Arriving() {}

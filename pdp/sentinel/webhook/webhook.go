// Package webhook passes the sentinel's alerts on to the hospital's own tools:
// signed, in order of arrival, with a bounded queue, and again when no tool
// answered. It never delays a verdict.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/wardgate/wardgate/pdp/sentinel"
)

// The headers of a call. The signature is the hexadecimal HMAC-SHA-256, under
// the shared secret, of the timestamp, a full stop and the body's bytes.
const (
	HeaderID        = "Wardgate-Alert"     // the same for each attempt
	HeaderTimestamp = "Wardgate-Timestamp" // Unix seconds, of the attempt
	HeaderSignature = "Wardgate-Signature" // "v1=" and the signature
)

const (
	queueLength = 256
	attempts    = 6
	callTimeout = 5 * time.Second
	maxPause    = time.Minute
	minSecret   = 16
)

// Config is where alerts go. URL and Secret are required.
type Config struct {
	URL    string
	Secret []byte
	Client *http.Client                          // one that follows no redirect when nil
	Pause  time.Duration                         // before the second attempt, then doubled; a second when 0
	Lost   func(a sentinel.Alert, reason string) // hears of what was given up
	Log    *slog.Logger
	Now    func() time.Time
}

// A Queue holds alerts until they are delivered. Notify and Run may be called in
// parallel.
type Queue struct {
	cfg    Config
	alerts chan sentinel.Alert
}

// ErrFull says that an alert found no room.
var ErrFull = errors.New("the queue of the webhook is full")

// New returns an empty queue.
func New(cfg Config) (*Queue, error) {
	if cfg.URL == "" || len(cfg.Secret) < minSecret || cfg.Log == nil || cfg.Lost == nil {
		return nil, fmt.Errorf("webhook: a URL, a secret of at least %d bytes, a log and whom to tell of losses are required", minSecret)
	}
	if cfg.Client == nil {
		cfg.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if cfg.Pause == 0 {
		cfg.Pause = time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Queue{cfg: cfg, alerts: make(chan sentinel.Alert, queueLength)}, nil
}

// Notify queues an alert, or drops it when there is no room.
func (q *Queue) Notify(a sentinel.Alert) error {
	select {
	case q.alerts <- a:
		return nil
	default:
		q.cfg.Lost(a, "queue_full")
		return ErrFull
	}
}

// Run delivers until the context ends. What is left then is given up.
func (q *Queue) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			q.giveUp()
			return
		case a := <-q.alerts:
			q.deliver(ctx, a)
		}
	}
}

func (q *Queue) giveUp() {
	for {
		select {
		case a := <-q.alerts:
			q.cfg.Lost(a, "stopped")
		default:
			return
		}
	}
}

func (q *Queue) deliver(ctx context.Context, a sentinel.Alert) {
	body, err := json.Marshal(a)
	if err != nil {
		q.cfg.Lost(a, "not_encoded")
		return
	}
	pause := q.cfg.Pause
	for i := range attempts {
		err = q.call(ctx, a.ID, body)
		if err == nil {
			return
		}
		if i == attempts-1 {
			break
		}
		select {
		case <-ctx.Done():
			q.cfg.Lost(a, "stopped")
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, maxPause)
	}
	q.cfg.Log.Warn("alert not delivered", "alert", a.ID, "error", err)
	q.cfg.Lost(a, "not_delivered")
}

func (q *Queue) call(ctx context.Context, id string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, q.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("the webhook's URL cannot be called")
	}
	timestamp := strconv.FormatInt(q.cfg.Now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(HeaderID, id)
	r.Header.Set(HeaderTimestamp, timestamp)
	r.Header.Set(HeaderSignature, Sign(q.cfg.Secret, timestamp, body))
	res, err := q.cfg.Client.Do(r)
	if err != nil {
		return errors.New("the webhook does not answer") // the error would name the URL, which may hold a token
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Errorf("the webhook answers %d", res.StatusCode)
	}
	return nil
}

// Sign is the signature of a body at a time.
func Sign(secret []byte, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(timestamp))
	mac.Write([]byte{'.'})
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp/sentinel"
	"github.com/wardgate/wardgate/pdp/sentinel/webhook"
)

const secret = "0123456789abcdef"

// receiver is the hospital's tool. It fails as often as it is told to.
type receiver struct {
	t     *testing.T
	mu    sync.Mutex
	fails int
	got   []sentinel.Alert
	done  chan struct{}
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, _ := io.ReadAll(q.Body)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(q.Header.Get("Wardgate-Timestamp") + "." + string(body)))
	if want := "v1=" + hex.EncodeToString(mac.Sum(nil)); q.Header.Get("Wardgate-Signature") != want {
		r.t.Errorf("got signature %q, want %q", q.Header.Get("Wardgate-Signature"), want)
	}
	if r.fails > 0 {
		r.fails--
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	var a sentinel.Alert
	if err := json.Unmarshal(body, &a); err != nil || a.ID != q.Header.Get("Wardgate-Alert") {
		r.t.Errorf("got %s under %q (%v)", body, q.Header.Get("Wardgate-Alert"), err)
	}
	r.got = append(r.got, a)
	close(r.done)
}

func TestAlertIsSignedAndSentAgain(t *testing.T) {
	r := &receiver{t: t, fails: 2, done: make(chan struct{})}
	server := httptest.NewServer(r)
	defer server.Close()
	q, err := webhook.New(webhook.Config{
		URL: server.URL, Secret: []byte(secret), Pause: time.Millisecond, Log: slog.New(slog.DiscardHandler),
		Lost: func(a sentinel.Alert, reason string) {
			if reason != "stopped" { // the test may end before the answer is read
				t.Errorf("lost %s: %s", a.ID, reason)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { q.Run(ctx) })
	defer run.Wait()
	defer stop()
	if err := q.Notify(sentinel.Alert{ID: "a-1", Verdict: "spraying", Address: "192.0.2.7"}); err != nil {
		t.Fatal(err)
	}
	<-r.done
	if len(r.got) != 1 || r.got[0].Verdict != "spraying" {
		t.Errorf("got %+v, want the alert once", r.got)
	}
}

func TestWhatFindsNoRoomOrNobodyIsTold(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }))
	defer server.Close()
	lost := make(chan string, 1000)
	q, err := webhook.New(webhook.Config{
		URL: server.URL, Secret: []byte(secret), Pause: time.Nanosecond, Log: slog.New(slog.DiscardHandler),
		Lost: func(_ sentinel.Alert, reason string) { lost <- reason },
	})
	if err != nil {
		t.Fatal(err)
	}
	full := 0
	for range 300 {
		if q.Notify(sentinel.Alert{ID: "a"}) != nil {
			full++
		}
	}
	if full != 300-256 || <-lost != "queue_full" {
		t.Errorf("got %d alerts without room, want 44", full)
	}
	for range full - 1 {
		<-lost
	}
	go q.Run(t.Context())
	if got := <-lost; got != "not_delivered" {
		t.Errorf("got %q, want not_delivered", got)
	}
}

func TestAShortSecretIsRefused(t *testing.T) {
	if _, err := webhook.New(webhook.Config{URL: "http://x", Secret: []byte("short"), Log: slog.Default(), Lost: func(sentinel.Alert, string) {}}); err == nil {
		t.Error("got a queue under a short secret")
	}
}

package redisfeed_test

import (
	"context"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/wardgate/wardgate/pip/revocation/redisfeed"
)

// embedded is a Redis in this process. Its keys expire only when it is told
// how much time has passed.
func embedded(t testing.TB) *server {
	t.Helper()
	m := miniredis.NewMiniRedis()
	if err := m.StartAddr("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return &server{
		config: redisfeed.Config{Addresses: []string{m.Addr()}},
		flush:  m.FlushAll,
		restart: func() {
			m.Close()
			m.FlushAll()
			if err := m.Restart(); err != nil {
				t.Error(err)
			}
		},
		pass: m.FastForward,
		del:  func(key string) { m.Del(key) },
		set:  func(key, field string) { m.HSet(key, field, "garbled") },
	}
}

func TestEmbeddedRedis(t *testing.T) { suite(t, func(t *testing.T) *server { return embedded(t) }) }

// A mirror that was stopped writes nothing more, and says what failed.
func TestMirrorCountsFailures(t *testing.T) {
	s := embedded(t)
	b := newBook()
	b.setGone(true)
	m, _ := mirror(t, s, b)
	eventually(t, "a failure", func() bool { return m.Failures() > 0 })
	b.setGone(false)
	m.Kick()
	inStep(t, connect(t, s.config), b)
}

func TestWatchEndsWithItsContext(t *testing.T) {
	s := embedded(t)
	r := connect(t, s.config)
	ctx, cancel := context.WithCancel(t.Context())
	rang, done := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(done)
		_ = r.Watch(ctx, func() {
			select {
			case rang <- struct{}{}:
			default:
			}
		})
	}()
	select {
	case <-rang:
	case <-time.After(time.Minute):
		t.Fatal("it never rang for its beginning")
	}
	cancel()
	<-done
}

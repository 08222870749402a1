package mailqueue_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/mailqueue"
	"github.com/wardgate/wardgate/pip/identity/smtp"
	"github.com/wardgate/wardgate/pip/identity/smtp/smtptest"
	"github.com/wardgate/wardgate/pip/identity/sqlstore"
	"github.com/wardgate/wardgate/pip/identity/vault"
)

const to = "doctor@hospital.test"

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

type world struct {
	t    *testing.T
	dir  string // of its keys
	db   sqldbtest.Database
	logs lockedBuffer
}

func newWorld(t *testing.T) *world {
	return &world{t: t, dir: t.TempDir(), db: sqldbtest.New(t)}
}

// A process is one queue over the world's files.
type process struct {
	*mailqueue.Queue
	store *sqlstore.Store
	stop  func()
}

// open opens a queue in front of a server, and does not run it.
func (w *world) open(s *smtptest.Server) *process {
	w.t.Helper()
	store, err := sqlstore.New(w.t.Context(), w.db())
	if err != nil {
		w.t.Fatal(err)
	}
	return &process{store: store, Queue: w.queue(s, store)}
}

// queue is one over a store, sealed with the keys of the world.
func (w *world) queue(s *smtptest.Server, store mailqueue.Store) *mailqueue.Queue {
	w.t.Helper()
	vault, err := vault.Open(filepath.Join(w.dir, "keys"))
	if err != nil {
		w.t.Fatal(err)
	}
	carrier, err := smtp.New(smtp.Config{Host: "127.0.0.1", Port: s.Port(), TLS: smtp.StartTLS, From: "wardgate@hospital.test", Roots: s.Roots})
	if err != nil {
		w.t.Fatal(err)
	}
	return mailqueue.New(store, vault, carrier, slog.New(slog.NewTextHandler(&w.logs, nil)), mailqueue.Config{
		FirstRetry: 20 * time.Millisecond, Poll: 20 * time.Millisecond,
	})
}

// start opens a queue in front of a server, and runs it.
func (w *world) start(s *smtptest.Server) *process {
	w.t.Helper()
	p := w.open(s)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { p.Run(ctx) })
	p.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		p.store.Close()
	})
	w.t.Cleanup(p.stop)
	return p
}

func (p *process) send(t *testing.T, text string, life time.Duration) {
	t.Helper()
	if err := p.Send(t.Context(), identity.Message{To: to, Subject: "Your Wardgate code", Text: text, Life: life}); err != nil {
		t.Fatal(err)
	}
}

// left is how many mails are still in the queue.
func (p *process) left(t *testing.T) int {
	t.Helper()
	due, err := p.store.DueMails(t.Context(), time.Now().Add(time.Minute), 1000)
	if err != nil {
		t.Fatal(err)
	}
	return len(due)
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// down returns a server that has stopped; its address is free again.
func down(t *testing.T) *smtptest.Server {
	t.Helper()
	s := smtptest.Start(t, smtptest.Options{})
	s.Stop()
	return s
}

// again listens where the server was, as the same server.
func again(t *testing.T, s *smtptest.Server) *smtptest.Server {
	t.Helper()
	if c, err := net.Dial("tcp", s.Address()); err == nil {
		c.Close()
		t.Fatal("the server is not down")
	}
	return s.Restart(t)
}

func TestMailWaitsForTheServer(t *testing.T) {
	w := newWorld(t)
	s := down(t)
	p := w.start(s)
	p.send(t, "Your code is 482913", time.Minute)
	eventually(t, "a failed attempt", func() bool { return strings.Contains(w.logs.String(), "mail not delivered") })
	up := again(t, s)
	eventually(t, "delivery", func() bool { return len(up.Mails()) == 1 && p.left(t) == 0 })
	if !strings.Contains(up.Mails()[0], "482913") {
		t.Error("another mail came")
	}
	for _, secret := range []string{"482913", to} {
		if strings.Contains(w.logs.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestMailSurvivesARestart(t *testing.T) {
	w := newWorld(t)
	s := down(t)
	first := w.start(s)
	for range 3 {
		first.send(t, "Your code is 482913", time.Minute)
	}
	first.stop()
	for _, name := range []string{"identity.db", "identity.db-wal"} {
		content, err := os.ReadFile(filepath.Join(w.dir, name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte("482913")) || bytes.Contains(content, []byte(to)) {
			t.Errorf("%s holds a mail in the clear", name)
		}
	}
	up := again(t, s)
	second := w.start(s)
	eventually(t, "delivery", func() bool { return len(up.Mails()) == 3 && second.left(t) == 0 })
}

// halting is a store whose process is told to stop while it leases a mail. It
// does as a database does that carried out what was no longer waited for.
type halting struct {
	mailqueue.Store
	halt func()
}

func (h halting) LeaseMail(ctx context.Context, p identity.Parcel, until time.Time) (bool, error) {
	leased, err := h.Store.LeaseMail(ctx, p, until)
	h.halt()
	return leased && ctx.Err() == nil, errors.Join(err, ctx.Err())
}

// What is leased by a process that stops is not left to lie until the lease ends.
func TestAStopLeavesNoMailLeased(t *testing.T) {
	w := newWorld(t)
	s := smtptest.Start(t, smtptest.Options{})
	first := w.open(s)
	first.send(t, "Your code is 482913", time.Minute)
	defer first.store.Close()
	ctx, cancel := context.WithCancel(t.Context())
	w.queue(s, halting{first.store, cancel}).Run(ctx)
	if due, err := first.store.DueMails(t.Context(), time.Now(), 10); err != nil || len(s.Mails())+len(due) != 1 {
		t.Errorf("%d mails were delivered, and %d can be (%v): want one of either", len(s.Mails()), len(due), err)
	}
}

// Two processes share one queue, and each mail goes out once.
func TestTwoProcessesDeliverOnce(t *testing.T) {
	w := newWorld(t)
	s := smtptest.Start(t, smtptest.Options{})
	one, two := w.start(s), w.start(s)
	for i := range 20 {
		p := one
		if i%2 == 1 {
			p = two
		}
		p.send(t, "Your code is 482913", time.Minute)
	}
	eventually(t, "delivery", func() bool { return len(s.Mails()) >= 20 && one.left(t) == 0 })
	if n := len(s.Mails()); n != 20 {
		t.Errorf("%d mails, want 20", n)
	}
}

func TestExpiredAndRefusedAndVoidMailIsDropped(t *testing.T) {
	w := newWorld(t)
	s := smtptest.Start(t, smtptest.Options{Refuse: "550 5.1.1 no such user"})
	p := w.start(s)
	p.send(t, "to nobody", time.Minute)
	eventually(t, "giving up", func() bool { return strings.Contains(w.logs.String(), "mail given up") && p.left(t) == 0 })
	s.Stop()
	p.send(t, "Your code is 482913", 100*time.Millisecond)
	eventually(t, "dropping", func() bool { return strings.Contains(w.logs.String(), "dropped") && p.left(t) == 0 })
	up := again(t, s)
	if err := p.Send(t.Context(), identity.Message{To: to, Void: true}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "voiding", func() bool { return p.left(t) == 0 })
	if n := len(up.Mails()); n != 0 {
		t.Errorf("%d mails, want none", n)
	}
}
